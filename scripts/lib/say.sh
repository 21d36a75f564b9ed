# shellcheck shell=bash
# Messages, times and bounded waiting. stdout belongs to the answer of a command, so messages are
# stderr's, in the name of the script that was called.

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# Who sets ten things wrong is told of ten: from collect_refusals to settle_refusals a refusal is told,
# once, and what follows goes on with something that stands for what was refused.
collect_refusals() {
	local file
	[[ -z ${refusals-} ]] || return 0
	file=$(mktemp)
	exec {refusals}<>"$file"
	rm "$file"
}

# refuse WORDS...: elsewhere it is die. What runs in a subshell can do it, too.
refuse() {
	[[ -n ${refusals-} ]] || die "$@"
	! grep -qxF -e "$*" "/dev/fd/$refusals" || return 0
	say "$*"
	printf '%s\n' "$*" >&"$refusals"
}

settle_refusals() {
	[[ ! -s /dev/fd/$refusals ]] || exit 1
	exec {refusals}>&-
	refusals=''
}

# moment OPTION TEXT: the time in it as date(1) reads it, in UTC where it names no zone; PostgreSQL
# and pgBackRest read what it prints.
moment() {
	[[ $2 == *[![:space:]]* ]] && date -u -d "$2" '+%F %T.%6N+00' 2>/dev/null ||
		die "$1: '$2' is not a time; date(1) tells what is ('2026-11-01 12:00', '5 minutes ago')"
}

# take_moment OPTION [TEXT]: of --from sets $from, of --to $to.
take_moment() {
	local time
	(($# > 1)) || die "$1 needs a time"
	time=$(moment "$1" "$2")
	printf -v "${1#--}" %s "$time"
}

# wait_until SECONDS COMMAND...: runs it until it succeeds; 1 when time is up. The pauses grow: a
# look takes as long as the first of them, and what waits looks along with what it waits for.
wait_until() {
	local seconds=$1 end pauses=(0.05 0.05 0.1 0.1 0.2) n=0
	shift
	end=$((${EPOCHREALTIME/[^0-9]/} + seconds * 1000000))
	until "$@"; do
		((${EPOCHREALTIME/[^0-9]/} < end)) || return 1
		sleep "${pauses[n < 4 ? n++ : 4]}"
	done
}

# write_file MODE PATH: stdin becomes PATH in one step, so nobody reads half of it.
write_file() {
	local mode=$1 path=$2 text
	IFS= read -rd '' text || true
	# An earlier writer's may have other rights.
	[[ ! -e $path.new ]] || rm -f "$path.new"
	(umask 077 && printf %s "$text" >"$path.new")
	((mode == 600)) || chmod "$mode" "$path.new"
	mv -f "$path.new" "$path"
}

