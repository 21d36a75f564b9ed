# shellcheck shell=bash
# Messages and bounded waiting. stdout belongs to the answer of a command, so all this is stderr.

say() {
	printf 'stack: %s\n' "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# wait_until SECONDS COMMAND...: runs it every 50 ms until it succeeds; 1 when time is up.
wait_until() {
	local seconds=$1 end
	shift
	end=$((${EPOCHREALTIME/[^0-9]/} + seconds * 1000000))
	until "$@"; do
		((${EPOCHREALTIME/[^0-9]/} < end)) || return 1
		sleep 0.05
	done
}

# write_file MODE PATH: stdin becomes PATH in one step, so nobody reads half of it.
write_file() {
	local mode=$1 path=$2
	install -m "$mode" /dev/stdin "$path.new"
	mv -f "$path.new" "$path"
}
