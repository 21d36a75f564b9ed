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
	refuse "settings not accepted by: ${refused[*]}"
}

# How nginx, each program and "host", all of it, were at the last look: "healthy", else what is amiss
# behind "degraded", where it serves all the same, or "not ready". Who did not answer is not there.
# Briefs are the same without what the database says, which is told once, of the host.
declare -A states=() briefs=()

# look_at_health NAME...: asks this stack's own nginx, whoever else may listen on the port, for all of
# them at once, where who runs the system is told more than others.
look_at_health() {
	local name state brief dir
	local -a questions=()
	states=() briefs=()
	dir=$(mktemp -d)
	for name; do questions+=(-o "$dir/$name" "$(health_url "$name")"); done
	# At once: else one waits whether the connection of another, who may never answer, is to be shared.
	curl -s --no-progress-meter -m 5 --parallel --parallel-immediate --parallel-max 64 \
		--unix-socket "$run/inside/operate.sock" "${questions[@]}" || true
	while IFS=$'\t' read -r name state brief; do
		states[$name]=$state briefs[$name]=$brief
	done < <(find "$dir" -type f -size +0 -exec jq -r '
		def told: to_entries
			| map(": \(.key): \(.value)" | gsub("\\s+"; " ") | sub("[: ]+$"; "")) | join("");
		(input_filename | sub(".*/"; "")) as $name
		| if .status == "ok" then [$name, "healthy", "healthy"]
		else .amiss
			# Without a database nobody knows of its migrations.
			| if .database then del(.migrations) else . end
			| (if all(keys[]; IN("disk", "models")) then "degraded" else "not ready" end) as $how
			| [$name, $how + told, $how + (if .database then .database = "" else . end | told)]
		end | @tsv' {} +)
	rm -rf "$dir"
}

health_url() {
	case $1 in
	nginx) echo http://localhost/livez ;;
	host) echo http://localhost/readyz ;;
	*) echo "http://localhost/readyz/$1" ;;
	esac
}

state_of() { echo "${states[$1]:-does not answer}"; }
# brief_of NAME: for who sees the host's line, too.
brief_of() {
	if [[ $1 != host && ${states[host]-} == *': database: '* ]]; then
		echo "${briefs[$1]:-does not answer}"
	else
		state_of "$1"
	fi
}
is_healthy() { [[ ${states[$1]-} == healthy ]]; }
serves() { [[ ${states[$1]-} =~ ^(healthy|degraded) ]]; }
