# shellcheck shell=bash
# What a tool that opens contact data needs: the database as its owner, the key, and who asks.
# Uses: root; die; scripts/lib/database.sh.

# operator_tool NAME ARGUMENT...: runs the tool.
operator_tool() {
	local tool=${BUILD:-$root/build}/${FLAVOUR:-release}/libexec/$1
	shift
	[[ -x $tool ]] || die "$tool is missing; run make"
	DATABASE_URL=$(owner_database_url) || exit 1
	export DATABASE_URL
	operator_key SCRIBE_DATA_KEY
	operator_key SCRIBE_DATA_KEY_FORMER
	operator_key SCRIBE_OPEN_UNBOUND
	SCRIBE_OPERATOR=operator:${SUDO_USER:-$(id -un)} "$tool" "$@"
}

# The key the stack runs with, where the environment does not give one.
operator_key() {
	local name=$1 file_name=${1}_FILE file line
	[[ -z ${!name+set} && -z ${!file_name+set} ]] || return 0
	for file in "${STACK_DIR:-$root/var/stack}"/{env.sh,secrets.env}; do
		line=$(grep -E "^(export )?${name}(_FILE)?=" "$file" 2>/dev/null) || continue
		# shellcheck source=/dev/null
		. <(sed 's/^\(export \)\{0,1\}/export /' <<<"$line")
		return
	done
}
