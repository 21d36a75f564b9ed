# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what a file uses of its caller is named below
# What the programs say of themselves, of the settings they are given, and how they are. Uses: bin run
# functions; runs_here; die say.

# Sets $known: the names of all settings of the programs, each between blanks.
learn_settings() {
	known=" $(told '.settings[].name' | sort -u | tr '\n' ' ') "
}

# told FILTER: what jq finds in what the programs tell of themselves, which no setting changes; a
# line for each. `make` asks them.
told() {
	jq -er "$1" "${bin%/bin}/programs.json"
}

# In a process of its own. The settings of now are those that count, whatever scribe.env holds by then
# (SCRIBE_STACK_UNIT); and a check leaves no file.
check_program() {
	unset SCRIBE_BREAKER_FILE SCRIBE_METRICS_FILE
	export SCRIBE_STACK_UNIT=check
	exec timeout 60 "$bin/$1" --check-config
}

# A problem that several programs have is told once.
check_programs() {
	local name line lines=() refused=()
	declare -A whose=()
	for name in "${functions[@]}"; do
		runs_here "$name" || continue
		line=$(check_program "$name" 2>&1 >/dev/null) && continue
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

# Who is healthy, as of the last look.
declare -A healthy=()

# look_at_health NAME...: asks this stack's own nginx, whoever else may listen on the port, for all of
# them at once: programs whether they are ready, nginx whether it lives, and "host" for all of it.
look_at_health() {
	local name code url
	local -A asked=()
	local -a questions=()
	healthy=()
	for name; do
		url=$(health_url "$name")
		asked[$url]=$name
		questions+=(-o /dev/null "$url")
	done
	while read -r code url; do
		[[ $code != 200 ]] || healthy[${asked[$url]}]=1
	done < <(ask_inside --no-progress-meter --parallel --parallel-max 64 -w '%{http_code} %{url}\n' \
		"${questions[@]}")
}

health_url() {
	case $1 in
	nginx) echo http://localhost/livez ;;
	host) echo http://localhost/readyz ;;
	*) echo "http://localhost/readyz/$1" ;;
	esac
}

# Where who runs the system is told more than others.
ask_inside() {
	curl -s -m 5 --unix-socket "$run/inside/operate.sock" "$@"
}

# state_of NAME: as of the last look, in its own words where it is not healthy.
state_of() {
	if [[ -n ${healthy[$1]-} ]]; then
		echo healthy
	else
		ask_inside "$(health_url "$1")" |
			jq -Rsr 'try (fromjson | if .status == "ok" then "healthy" else "not ready: " +
				([.amiss | to_entries[] | "\(.key): \(.value)"] | join("; ")) end)
				catch "does not answer"'
	fi
}
