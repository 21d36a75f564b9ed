# shellcheck shell=bash
# shellcheck disable=SC2154 # root is of scripts/setup
# The users that a stack's parts become where root starts it. Nobody else needs them.

# shellcheck source=scripts/lib/users.sh
. "$root/scripts/lib/users.sh"

users_check() {
	((EUID)) || users_are_there
}

users_make() {
	make_users || give_up "users: ${stack_users[*]} can not all be made; useradd says why above"
}
