# shellcheck shell=bash
# Who the parts of a stack are where root starts it: a user for each. Whoever is not root has one
# only: himself.

nginx_user=scribe-nginx
stack_users=(scribe scribe-decoder "$nginx_user")

program_user() {
	if ((EUID)); then id -un; else echo "${SCRIBE_USER:-scribe}"; fi
}

# as_user NAME COMMAND...: of a new process of root's, in place of it.
as_user() {
	local name=$1
	shift
	exec setpriv --reuid="$name" --regid="$(id -g "$name")" --init-groups -- "$@"
}

# all_reach DIRECTORY: those who have something there.
all_reach() {
	local user
	((EUID == 0)) || return 0
	for user in "$nginx_user" "$(program_user)" postgres; do
		(as_user "$user" test -x "$1") || return 1
	done
}

users_are_there() {
	getent passwd "${stack_users[@]}" >/dev/null
}

# Those that are missing. Several may try at the same time.
make_users() {
	((EUID == 0)) && ! users_are_there || return 0
	(
		flock -w 120 8 || exit 1
		PATH=$PATH:/usr/sbin:/sbin
		for name in "${stack_users[@]}"; do
			! getent passwd "$name" >/dev/null || continue
			if getent group "$name" >/dev/null; then group=(-g "$name"); else group=(-U); fi
			useradd --system "${group[@]}" --no-create-home --home-dir /nonexistent \
				--shell /usr/sbin/nologin "$name" || exit 1
		done
	) 8>/run/scribe-users.lock
}
