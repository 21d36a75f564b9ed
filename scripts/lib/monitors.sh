# shellcheck shell=bash
# shellcheck disable=SC2154 # what a file uses of scripts/stack is named below
# Debian's Prometheus and Alertmanager beside the stack, for `up --with-metrics`: the one asks the stack
# for its numbers and knows the rules of scripts/ops, the other tells whom they wake. Both listen on
# 127.0.0.1 only, and neither knows a setting of the programs.
# Uses: root stack_dir stack_id sup log with_metrics; say, settings, users, units.

monitors=(prometheus alertmanager)
monitors_user=prometheus

monitors_are_wanted() {
	[[ -n ${with_metrics-} || -d $sup/prometheus ]]
}

is_monitor() {
	[[ " ${monitors[*]} " == *" $1 "* ]]
}

# Their settings, and what they need of the stack's.
compose_monitors() {
	local tool
	monitors_are_wanted || return 0
	for tool in prometheus prometheus-alertmanager; do
		command -v "$tool" >/dev/null || die "--with-metrics: $tool is missing; run make setup"
	done
	((EUID)) || id -u "$monitors_user" >/dev/null 2>&1 ||
		die "--with-metrics: there is no user '$monitors_user'; Debian's package makes it"
	[[ ! ${METRICS_PORT-} =~ ^0*$ ]] || METRICS_PORT=9110
	METRICS_PORT=$(port_setting METRICS_PORT 9110)
	prometheus_port=$(port_setting SCRIBE_PROMETHEUS_PORT 9090)
	alertmanager_port=$(port_setting SCRIBE_ALERTMANAGER_PORT 9093)
	scrape_s=$(number_setting SCRIBE_SCRAPE_S 15)
	if ((scrape_s == 0)); then
		refuse "SCRIBE_SCRAPE_S: '$scrape_s' is not a number of seconds"
		scrape_s=15
	fi
	choose_alertmanager_file
	[[ " ${functions[*]} " == *' metrics '* ]] ||
		refuse "SCRIBE_FUNCTIONS: --with-metrics needs 'metrics' among them"
	export METRICS_PORT
}

# relative_paths FILE: the paths in Alertmanager's file that are not absolute, as written, a line each:
# templates, and settings whose names end with _file.
relative_paths() {
	sed -E 's/(^|[[:space:]])#.*//' "$1" | awk -v 'quotes=["\047[:space:]]' '
		function check(path) {
			gsub("^" quotes "+|" quotes "+$", "", path)
			if (path !~ /^(\/|$)/) print path
		}
		/^[^[:space:]\]-]/ { is_list = /^templates[[:space:]]*:/; sub(/^templates[[:space:]]*:/, "") }
		is_list { sub(/^[[:space:]]*-/, ""); gsub(/[][]/, ""); n = split($0, item, ",") }
		is_list { for (i = 1; i <= n; i++) check(item[i]); next }
		{
			while (match($0, /(^|[{,]|- )[[:space:]]*["\047]?[a-z_]+_file["\047]?[[:space:]]*:[[:space:]]+/)) {
				$0 = substr($0, RSTART + RLENGTH)
				split($0, item, /[,}]/)
				check(item[1])
			}
		}'
}

choose_alertmanager_file() {
	local usual=$root/scripts/ops/alertmanager.yml path
	alertmanager_file=${SCRIBE_ALERTMANAGER_FILE:-$usual}
	if [[ ! -f $alertmanager_file || ! -r $alertmanager_file ]]; then
		refuse "SCRIBE_ALERTMANAGER_FILE: '$alertmanager_file' is not a file that can be read"
		alertmanager_file=$usual
	fi
	# It is read in another place.
	while IFS= read -r path; do
		refuse "SCRIBE_ALERTMANAGER_FILE: '$path' in it is no absolute path"
	done < <(relative_paths "$alertmanager_file")
}

# Each its own, and nobody else's: what runs listens on those that it has already.
check_monitor_ports() {
	local name taken=" $port " had=' '
	local -A of=([METRICS_PORT]=$METRICS_PORT [SCRIBE_PROMETHEUS_PORT]=$prometheus_port
		[SCRIBE_ALERTMANAGER_PORT]=$alertmanager_port)
	[[ ! -d $sup/prometheus ]] || had+="$(xargs <"$stack_dir/monitors/ports") "
	for name in METRICS_PORT SCRIBE_PROMETHEUS_PORT SCRIBE_ALERTMANAGER_PORT; do
		if [[ $taken == *" ${of[$name]} "* ]]; then
			refuse "$name: port ${of[$name]} is that of another part of this stack"
		elif [[ $had != *" ${of[$name]} "* ]] && port_answers 127.0.0.1 "${of[$name]}"; then
			refuse "$name: port ${of[$name]} of 127.0.0.1 is in use$(port_owner "${of[$name]}")"
		fi
		taken+="${of[$name]} "
	done
}

# Where they keep what they know; elsewhere if their user can not get there, as with PostgreSQL's data.
monitors_place() {
	local place=$stack_dir/monitors
	monitors_are_wanted && [[ ! -e $place ]] || return 0
	if ((EUID)) || (as_user "$monitors_user" test -x "$stack_dir"); then
		mkdir -m 755 "$place"
		return
	fi
	mkdir -p -m 755 "/var/lib/prometheus/scribe-$stack_id"
	ln -s "/var/lib/prometheus/scribe-$stack_id" "$place"
	say "the $monitors_user user cannot reach $stack_dir; numbers are kept in $(readlink "$place")"
}

# What they are to read from now on, beside what they read: the files of scripts/ops, with the ports and
# the pace of this stack. It may still be refused.
render_monitors() {
	local ops=$root/scripts/ops next=$stack_dir/monitors/next name said
	monitors_are_wanted || return 0
	check_monitor_ports
	monitors_place
	rm -rf "$next"
	mkdir -m 755 "$next"
	# A line that has its port keeps it (t), whichever that is.
	sed -e "s/127\.0\.0\.1:9110/127.0.0.1:$METRICS_PORT/;t" \
		-e "s/127\.0\.0\.1:9093/127.0.0.1:$alertmanager_port/" \
		-e "s/_interval: 15s/_interval: ${scrape_s}s/" "$ops/prometheus.yml" |
		write_file 644 "$next/prometheus.yml"
	for name in rules.yml alerts.yml; do write_file 644 "$next/$name" <"$ops/$name"; done
	# It may hold the password of a mailbox.
	write_file 640 "$next/alertmanager.yml" <"$alertmanager_file"
	((EUID)) || chgrp "$monitors_user" "$next/alertmanager.yml"
	said=$(promtool check config "$next/prometheus.yml" 2>&1) ||
		refuse "Prometheus would not start: $said"
	said=$(amtool check-config "$next/alertmanager.yml" 2>&1) ||
		refuse "SCRIBE_ALERTMANAGER_FILE: Alertmanager would not start: $said"
}

switch_monitors() {
	local place
	place=$(readlink -f "$stack_dir/monitors")
	mv -f "$place/next"/* "$place"
	rmdir "$place/next"
	printf '%s\n' "$prometheus_port" "$alertmanager_port" "$METRICS_PORT" | write_file 644 "$place/ports"
}

# write_monitor_unit NAME WORD...: runs WORD... from now on.
write_monitor_unit() {
	local name=$1 dir=$sup/$1/a drop=''
	shift
	((EUID)) || drop="setpriv --reuid=$monitors_user --regid=$monitors_user --init-groups -- "
	mkdir -p "$dir"
	write_file 755 "$dir/run" <<-END
		#!/bin/bash
		set -eu
		umask 027
		exec >>${log@Q}/$name.log 2>&1
		cd ${stack_dir@Q}/monitors/$name
		exec $drop${*@Q}
	END
}

write_monitor_units() {
	local place name
	place=$(readlink -f "$stack_dir/monitors")
	for name in "${monitors[@]}"; do
		mkdir -p -m 750 "$place/$name"
		((EUID)) || chown "$monitors_user:" "$place/$name"
	done
	write_monitor_unit prometheus prometheus --config.file="$place/prometheus.yml" \
		--storage.tsdb.path="$place/prometheus" --storage.tsdb.retention.time=30d \
		--web.listen-address="127.0.0.1:$prometheus_port" --log.level=warn \
		--web.cors.origin="http://127\.0\.0\.1:$prometheus_port" # no page of others reads it
	write_monitor_unit alertmanager prometheus-alertmanager \
		--config.file="$place/alertmanager.yml" --storage.path="$place/alertmanager" \
		--web.listen-address="127.0.0.1:$alertmanager_port" --cluster.listen-address= --log.level=warn
}

monitor_url() {
	local port=$prometheus_port
	[[ $1 == prometheus ]] || port=$alertmanager_port
	echo "http://127.0.0.1:$port"
}

monitor_answers() {
	curl -sf -m 2 -o /dev/null "$(monitor_url "$1")/-/ready"
}

start_monitors() {
	local name
	monitors_are_wanted || return 0
	switch_monitors
	write_monitor_units
	start_units "${monitors[@]}"
	await_monitors
	for name in "${monitors[@]}"; do say "$name: $(monitor_url "$name")"; done
}

# After a reload: what they read is as new as the programs, and what they know stays. One that does not
# come back keeps the rest from nothing; await_monitors tells.
renew_monitors() {
	local name
	local -A ran=()
	monitors_are_wanted || return 0
	for name in "${monitors[@]}"; do ran[$name]=$(<"$sup/$name/a/run"); done
	switch_monitors
	write_monitor_units
	for name in "${monitors[@]}"; do
		if [[ $(<"$sup/$name/a/run") == "${ran[$name]}" ]]; then
			sv hup "$sup/$name/a" >/dev/null || true
		else
			sv restart "$sup/$name/a" >/dev/null || true
		fi
	done
}

await_monitors() {
	monitors_are_wanted || return 0
	for failed in "${monitors[@]}"; do
		wait_until "$(seconds_left)" monitor_answers "$failed" ||
			die "$failed does not answer: scripts/stack logs $failed"
	done
	failed=''
}

# state_of_monitor NAME: as it is now, at the port it was started with.
state_of_monitor() {
	local ports prometheus_port alertmanager_port
	mapfile -t ports <"$stack_dir/monitors/ports"
	prometheus_port=${ports[0]} alertmanager_port=${ports[1]}
	if monitor_answers "$1"; then echo healthy; else echo 'does not answer'; fi
}
