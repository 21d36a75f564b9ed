# shellcheck shell=bash
# Which database an operator's command means, and how it is given to psql. Uses: root; die.

# The socket of the private database of the stack in STACK_DIR (default var/stack).
private_socket() {
	local stack=${STACK_DIR:-$root/var/stack} socket
	for socket in "$stack"/{run/pg,run,pg}/.s.PGSQL.*[0-9]; do
		[[ -S $socket ]] || continue
		# The physical path: a link may stand for one too long for a socket.
		echo "$(cd "${socket%/*}" && pwd -P)/${socket##*/}"
		return
	done
	return 1
}

# private_database_url USER
private_database_url() {
	local socket
	socket=$(private_socket) || return 1
	echo "postgresql:///scribe?host=${socket%/*}&port=${socket##*.}&user=$1"
}

# owner_database_url: of the database that an operator's command is about, for its owner.
owner_database_url() {
	if [[ -z ${DATABASE_URL-} ]]; then
		private_database_url scribe_owner ||
			die "no DATABASE_URL, and no database is running in ${STACK_DIR:-$root/var/stack}"
	else
		echo "$DATABASE_URL"
	fi
}

decode() {
	local text=${1//\\/\\\\}
	printf '%b' "${text//%/\\x}"
}

# hide_password URL: sets $url, without the password, which moves to PGPASSWORD: everybody on the
# machine can read a command line.
hide_password() {
	local authority secret='' parameter
	url=$1
	if [[ $url != postgres*://* ]]; then
		hide_in_words
		return
	fi
	authority=${url#*://}
	authority=${authority%%[/?]*}
	if [[ ${authority%@*} == *:* && $authority == *@* ]]; then
		secret=${authority%@*}
		url=${url/"$authority"/"${secret%%:*}@${authority##*@}"}
		secret=$(decode "${secret#*:}")
	fi
	while [[ $url =~ [?\&](password=([^\&]*)) ]]; do
		parameter=${BASH_REMATCH[1]} secret=$(decode "${BASH_REMATCH[2]}")
		url=${url/"$parameter"/}
		url=${url//&&/&} url=${url/\?&/\?} url=${url%[&?]}
	done
	refuse_other_secrets
	[[ -z $secret ]] || export PGPASSWORD=$secret
}

# The same of "host=... password=...": bare, or in single quotes with \ before ' and \.
hide_in_words() {
	local secret bare="[^[:space:]']([^[:space:]\\\\]|\\\\.)*" quoted="'([^'\\\\]|\\\\.)*'"
	while [[ " $url" =~ [[:space:]](password[[:space:]]*=[[:space:]]*($quoted|$bare)) ]]; do
		secret=${BASH_REMATCH[2]}
		url=${url/"${BASH_REMATCH[1]}"/}
		[[ $secret != \'* ]] || secret=${secret:1:-1}
		# shellcheck disable=SC2001 # it keeps what is behind the backslash
		PGPASSWORD=$(sed 's/\\\(.\)/\1/g' <<<"$secret")
		export PGPASSWORD
	done
	refuse_other_secrets
}

# There is no variable for it.
refuse_other_secrets() {
	[[ $url != *sslpassword* ]] || die "sslpassword in a URL would be on a command line; give a key without"
}
