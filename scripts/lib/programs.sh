# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what a file uses of its caller is named below
# What the programs say of themselves and of the settings they are given. Uses: bin run
# functions; runs_here; die say.

# What the programs tell of themselves, which no setting changes, and $known: the names of their
# settings, each between blanks. Asking takes a while: once is enough.
ask_programs() {
	local name text
	programs_json=''
	for name in "${functions[@]}"; do
		text=$(timeout 10 "$bin/$name" --show-config 2>/dev/null) ||
			die "$bin/$name --show-config does not tell its limits"
		programs_json+=$text
	done
	known=" $(told '.settings[].name' | sort -u | tr '\n' ' ') "
}

# told FILTER: what jq finds in that, a line for each.
told() {
	jq -er "$1" <<<"$programs_json"
}

# The settings of now are those that count, whatever scribe.env holds by then (SCRIBE_STACK_UNIT);
# and a check leaves no file. A problem that several programs have is told once.
check_programs() {
	local name line lines=() refused=()
	declare -A whose=()
	for name in "${functions[@]}"; do
		runs_here "$name" || continue
		line=$(env -u SCRIBE_BREAKER_FILE -u SCRIBE_METRICS_FILE SCRIBE_STACK_UNIT=check \
			timeout 60 "$bin/$name" --check-config 2>&1 >/dev/null) && continue
		refused+=("$name")
		while IFS= read -r line; do
			[[ $line != "$name: "*' in its settings; it does not start' ]] || continue
			[[ -n ${whose[x$line]-} ]] || lines+=("$line")
			whose[x$line]+=" $name"
		done <<<"$line"
	done
	((${#refused[@]})) || return 0
	for line in "${lines[@]}"; do say "$line [${whose[x$line]# }]"; done
	die "settings not accepted by: ${refused[*]}"
}

# look_at_health NAME...: how each program says it is, in $healths; "host": all of this host.
look_at_health() {
	local name paths=() states i=0
	for name; do paths+=("http://localhost/readyz/$name"); done
	mapfile -t states < <(
		curl -s -m 5 --unix-socket "$run/inside/operate.sock" -w '\n' "${paths[@]/%\/host}" |
			jq -Rr 'try (fromjson | if .status == "ok" then "healthy" else "not ready: " +
				([.amiss | to_entries[] | "\(.key): \(.value)"] | join("; ")) end)
				catch "does not answer"'
	)
	for name; do healths[$name]=${states[i++]:-does not answer}; done
}
