# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what a file uses of scripts/scribe, and is for it, is named below
# A machine on which scribe is installed: from /etc/scribe to what its units start with.
# Uses: root etc state run log bin functions; scripts/lib/{say,settings,users,nginx,storage,
# programs,postgres}.sh.

socket_dir=/run/postgresql

# credential NAME: the file that holds a secret; nothing and 1 if there is none. The operator's come
# first, as in scribe@.service.
credential() {
	local dir
	for dir in "$etc/credentials" "$state/keys"; do
		[[ -s $dir/$1 ]] || continue
		echo "$dir/$1"
		return
	done
	return 1
}

is_given() {
	[[ -n ${!1-} ]] || credential "$1" >/dev/null
}

# For what is started from here; units are given the files themselves.
lend_credentials() {
	local file name file_name
	lent=()
	for file in "$etc/credentials"/* "$state/keys"/*; do
		name=${file##*/} file_name=${file##*/}_FILE
		[[ -s $file && $name =~ ^[A-Z][A-Z0-9_]*$ && -z ${!name-} && -z ${!file_name-} ]] || continue
		export "$file_name=$file"
		lent+=("$file_name")
	done
}

# scribe.env and what it leaves to this machine.
load_host_settings() {
	local name
	cd "$etc" || die "$etc is missing"
	load_settings
	for name in "${!in_settings_file[@]}"; do
		[[ $name != *_FILE ]] ||
			refuse "$name: a program could not read it; copy it to $etc/credentials/${name%_FILE}"
	done
	export STORAGE_DIR=${STORAGE_DIR:-$state/storage} SCRIBE_CACHE=${SCRIBE_CACHE:-/var/cache/scribe}
	export SCRIBE_BREAKER_FILE=${SCRIBE_BREAKER_FILE:-$run/programs/breakers}
	export SCRIBE_METRICS_FILE=${SCRIBE_METRICS_FILE:-$run/programs/metrics}
	export SCRIBE_NGINX_SOCKET=$run/told/nginx
	export SCRIBE_DISK_DIRS=${SCRIBE_DISK_DIRS-$STORAGE_DIR $log$(database_disk)}
	export SCRIBE_USER=scribe
	listen=${SCRIBE_LISTEN:-127.0.0.1}
	[[ $listen =~ ^[0-9.]+$|^\[[0-9A-Fa-f:]+\]$ ]] ||
		refuse "SCRIBE_LISTEN: '$listen' is not an address"
	port=$(number_setting PORT 8080)
}

# Where this machine's PostgreSQL has its data, unless another database is named.
database_disk() {
	! owns_database || [[ ! -d /var/lib/postgresql ]] || echo ' /var/lib/postgresql'
}

# ---- the keys and the database ----

make_keys() {
	local name
	for name in "${own_secrets[@]}"; do
		is_given "$name" || random_hex 32 | write_file 600 "$state/keys/$name"
	done
}

as_postgres() {
	(cd / && as_user postgres env HOME=/var/lib/postgresql "$@")
}

superuser_url() {
	printf 'postgresql:///%s?host=%s&port=%s&user=postgres' "$1" "$socket_dir" "${PGPORT:-5432}"
}

ask_superuser() {
	as_postgres psql -XAtq -v ON_ERROR_STOP=1 "${@:2}" -f - "$(superuser_url "$1")"
}

# Only loopback is between: nothing to encrypt.
role_url() {
	printf 'postgresql://%s:%s@127.0.0.1:%s/scribe?sslmode=disable' "$1" "$2" "${PGPORT:-5432}"
}

# What keep_role wrote, and nothing else: it becomes a line for psql.
password_in() {
	[[ -s $1 && $(<"$1") =~ ^postgresql://[^:]+:([0-9a-f]+)@ ]] && echo "${BASH_REMATCH[1]}"
}

# gets_in URL: in a shell of its own, for hide_password exports the password.
gets_in() (
	hide_password "$1"
	PGCONNECT_TIMEOUT=5 psql -XAtqw -c 'select 1' "$url" </dev/null >/dev/null 2>&1
)

# keep_role ROLE FILE: a URL in FILE by which that role gets in. Its password is made once: what
# runs has it, so a server that only does not answer just now must not change it.
keep_role() {
	local role=$1 file=$2 password url
	password=$(password_in "$file") || password=$(random_hex 24)
	url=$(role_url "$role" "$password")
	# Not on a command line, which everybody can read.
	gets_in "$url" || ask_superuser scribe -v "role=$role" <<<"\\set password $password
		alter role :\"role\" password :'password';"
	[[ -s $file && $(<"$file") == "$url" ]] || write_file 600 "$file" < <(printf %s "$url")
}

owns_database() {
	[[ -z ${DATABASE_URL-} && ! -s $etc/credentials/DATABASE_URL ]]
}

# This machine's PostgreSQL, unless another database is named, which is its owner's to migrate.
prepare_database() {
	owns_database || return 0
	id -u postgres >/dev/null 2>&1 || die "no PostgreSQL here: install postgresql, or give DATABASE_URL"
	wait_until 60 pg_isready -q -h "$socket_dir" -p "${PGPORT:-5432}" ||
		die "PostgreSQL does not answer at $socket_dir, port ${PGPORT:-5432}"
	[[ -n $(ask_superuser postgres <<<"select 1 from pg_database where datname = 'scribe'") ]] ||
		ask_superuser postgres <<<"create database scribe encoding 'UTF8' template template0"
	as_postgres timeout "${SCRIBE_MIGRATE_S:-1800}" "$root/scripts/migrate" deploy \
		"$(superuser_url scribe)" >&2 || die "the migrations failed"
	keep_role scribe_owner "$state/owner_url"
	keep_role scribe_app "$state/keys/DATABASE_URL"
	keep_role scribe_rest "$state/keys/REST_DATABASE_URL"
}

# ---- what the units start with ----

# A certificate's key is root's; nginx is not, and has a copy in memory.
lend_certificate() {
	local name
	[[ -n ${SCRIBE_TLS_CERT-} && -n ${SCRIBE_TLS_KEY-} ]] || return 0
	install -d -m 750 -g "$nginx_user" "$run/tls"
	for name in SCRIBE_TLS_CERT SCRIBE_TLS_KEY; do
		[[ -r ${!name} ]] || die "$name: '${!name}' can not be read"
		write_file 640 "$run/tls/$name" <"${!name}"
		chgrp "$nginx_user" "$run/tls/$name"
		export "$name=$run/tls/$name"
	done
}

# For EnvironmentFile=. What is a file for the programs' units is one of theirs.
print_environment() {
	local name value
	while IFS= read -r name; do
		[[ " ${lent[*]} " != *" $name "* ]] || continue
		is_kept "$name" || continue
		case $name in
		PATH | HOME | USER | LOGNAME | TMPDIR | SCRIBE_TLS_*) continue ;;
		esac
		value=${!name//\\/\\\\}
		value=${value//\"/\\\"} value=${value//\$/\\\$} value=${value//\`/\\\`}
		printf '%s="%s"\n' "$name" "$value"
	done < <(compgen -e)
}

# The package's models, with what is made of them beside them.
link_models() {
	local from=/usr/share/scribe/models file name
	(
		umask 022
		while IFS= read -r file; do
			name=$SCRIBE_CACHE/models/${file#"$from"/}
			mkdir -p "${name%/*}"
			[[ -e $name ]] || ln -sf "$file" "$name"
		done < <(find "$from" -type f 2>/dev/null)
		make_act_vectors
	)
}

# All that may be refused, before anything that counts is changed.
consider() {
	collect_refusals
	lend_credentials
	learn_settings
	check_names
	lend_certificate
	list_own_origins
	stretch_keys
	render_nginx
	check_programs
	settle_refusals
}

# Everything is nginx's to read and root's to change.
hand_over_nginx() {
	chgrp -R "$nginx_user" "$state/nginx"
	chown "$nginx_user:" "$run/inside" "$run/nginx-tmp"
}
