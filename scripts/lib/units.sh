# shellcheck shell=bash
# shellcheck disable=SC2154 # what a file uses of scripts/stack is named below
# shellcheck disable=SC2046,SC2086 # lists of pids are split on purpose
# A unit is one supervised part of the stack: postgresql, nginx, or a function. Supervision is
# runit's. Uses: stack_dir stack_id run sup log bin work_dir print_exports().
#
# The listening socket of a function belongs to its supervisor: spawn-fcgi binds it and becomes
# runsvdir, whose children inherit it as descriptor 0. So it stays while programs come and go,
# and what arrives meanwhile waits in its backlog. Each function has two slots, a and b, one of
# them in use: a reload starts the program in the other slot on the same socket and only then
# asks the old one to finish, so nobody waits for somebody else's long request to end or for a
# model to load.
#
# Which process is ours is never taken from a pid file, since pids are used again. A process is
# of a unit if it carries the unit's mark in its environment; nginx and PostgreSQL overwrite
# theirs with their titles and are known by program and working directory.

unit_mark() {
	printf 'SCRIBE_STACK_UNIT=%s:%s' "$stack_id" "$1"
}

# Of each unit all living processes, supervisors included, as of the last look.
declare -A pids_of=()

look_for_processes() {
	local file unit pid
	pids_of=()
	# Processes come and go: that some file could not be read is no failure.
	while IFS=: read -rd '' file _ unit; do
		pid=${file//[^0-9]/}
		[[ $pid == "$$" || $pid == "$BASHPID" ]] || pids_of[$unit]+="$pid "
	done < <(grep -szoxH -- "$(unit_mark '[a-z_]*')" /proc/[0-9]*/environ)
	for pid in $(pids_at nginx "$sup/nginx/a"); do pids_of[nginx]+="$pid "; done
	for pid in $(pids_at postgres "$stack_dir/pg/"); do pids_of[postgresql]+="$pid "; done
}

# pids_at COMMAND DIRECTORY: who runs COMMAND with that working directory.
pids_at() {
	local pid
	for pid in $(pgrep -x "$1"); do
		[[ ! /proc/$pid/cwd -ef $2 ]] || echo "$pid"
	done
}

# of_kind COMMAND PID...: those among the pids that run COMMAND.
of_kind() {
	local kind=$1 pid name
	shift
	for pid; do
		{ read -r name <"/proc/$pid/comm"; } 2>/dev/null && [[ $name == "$kind" ]] && echo "$pid"
	done
	return 0
}

# The slot whose program should run.
unit_slot() {
	if [[ -e $sup/$1/a/down ]]; then echo b; else echo a; fi
}

# unit_pid NAME: the pid of its program, if that ran at the last look. runsv keeps the file. In some
# containers not even root may look into processes of others: there the program is known by its
# parent, which is root's.
unit_pid() {
	local pid parent
	{ read -r pid <"$sup/$1/$(unit_slot "$1")/supervise/pid"; } 2>/dev/null || return 1
	[[ -n $pid ]] || return 1
	parent=$(parent_of "$pid") || return 1
	[[ " ${pids_of[$1]-}" == *" $pid "* || " ${pids_of[$1]-}" == *" $parent "* ]] && echo "$pid"
}

parent_of() {
	local line
	{ read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
	read -r _ line _ <<<"${line##*) }"
	echo "$line"
}

unit_is_supervised() {
	[[ -n $(of_kind runsvdir ${pids_of[$1]-}) ]]
}

# make_unit_model: what the units of all programs begin as, with the settings of now.
make_unit_model() {
	local dir=$stack_dir/unit
	rm -rf "$dir"
	mkdir -p "$dir/a"
	print_exports | write_file 600 "$dir/a/env.sh"
	print_run_script | write_file 755 "$dir/a/run"
	cp -a "$dir/a" "$dir/b"
	: >"$dir/b/down"
}

write_program_unit() {
	cp -a "$stack_dir/unit" "$sup/$1"
}

# write_slot NAME SLOT: what runs there at its next start, with the settings of now. Each slot has its
# own, so that a program that is started again runs with what it had, also while a reload is under way
# and after one that did not come into force.
write_slot() {
	cp -a "$stack_dir/unit/a/." "$sup/$1/$2/"
}

# Programs whose work is mostly for later. What somebody waits for gets the processor first.
patient_units='save_memory summarize_session'
patient_nice=10

# The run script of every program, which knows its own by the directory. Where each session of
# processes has a share of the processor of its own, niceness counts only within it, and that of the
# session beside others.
print_run_script() {
	cat <<-END
		#!/bin/bash
		set -eu
		umask 027
		name=\${PWD%/*}
		name=\${name##*/}
		exec >>${log@Q}/\$name.log 2>&1
		. ./env.sh
		export $(unit_mark "\$name")
		# One that is to take over has not yet.
		[[ -e down ]] || echo \$\$ >${run@Q}/\$name.pid
		cd ${work_dir@Q}
		# As many threads as it needs, whatever others of its user have.
		((EUID)) || ulimit -u unlimited 2>/dev/null || true
		[[ " $patient_units " == *" \$name "* ]] || exec ${bin@Q}/\$name
		{ echo $patient_nice >/proc/self/autogroup; } 2>/dev/null || true
		exec nice -n $patient_nice ${bin@Q}/\$name
	END
}

# start_units NAME...: in one session, for niceness counts only within one where each has a share of the
# processor of its own: what one program does for somebody who waits goes before what another does
# for a crowd.
start_units() {
	local name
	{
		declare -p sup run log nginx_user stack_id
		declare -f unit_mark start_unit
		for name; do echo "start_unit ${name@Q}"; done
	} | setsid bash 9>&-
}

start_unit() {
	local name=$1 hold=()
	if [[ -e $sup/$name/b ]]; then
		hold=(spawn-fcgi -n -s "$run/$name.sock" -b 4096 -M 0600)
		((EUID)) || hold+=(-M 0660 -G "$nginx_user")
		hold+=(--)
	fi
	# runsvdir begins with a pause of a second where the directory was changed in this very one.
	touch -d '1 minute ago' "$sup/$name"
	# The caller's pipes must not live on in a supervisor.
	env -i "PATH=$PATH" "$(unit_mark "$name")" \
		"${hold[@]}" "$(command -v runsvdir)" "$sup/$name" \
		</dev/null >>"$log/supervisor.log" 2>&1 &
}

# start_program_units NAME...: the patient ones apart, whose session has a smaller share.
start_program_units() {
	local name patient=() others=()
	for name; do
		if [[ " $patient_units " == *" $name "* ]]; then patient+=("$name"); else others+=("$name"); fi
	done
	((!${#patient[@]})) || start_units "${patient[@]}"
	((!${#others[@]})) || start_units "${others[@]}"
}

# ask_unit_to_stop NAME: through its supervisor if that lives. runsvdir passes HUP on as an order
# to stop to its runsv, these tell the program and leave when it has left.
ask_unit_to_stop() {
	local name=$1 all=${pids_of[$1]-} some
	some=$(of_kind runsvdir $all)
	if [[ -n $some ]]; then
		signal HUP $some
		return
	fi
	some=$(of_kind runsv $all)
	if [[ -n $some ]]; then
		signal TERM $some
		return
	fi
	case $name in
	nginx) signal QUIT $all ;;
	postgresql)
		# The others leave with the postmaster, which is the one that its file names.
		some=$(head -n 1 "$stack_dir/pg/postmaster.pid" 2>/dev/null) || some=
		[[ " $all" != *" $some "* ]] || signal INT "$some"
		;;
	*) signal TERM $all ;;
	esac
}

# signal NAME PID...: a process that has just left is no failure.
signal() {
	local name=$1 pid
	shift
	for pid; do
		[[ -z $pid ]] || kill -s "$name" "$pid" 2>/dev/null || true
	done
}

# stop_units SECONDS NAME...: together, and not gently any more when the time is up.
stop_units() {
	local seconds=$1 name
	shift
	units_are_gone "$@" && return
	for name; do ask_unit_to_stop "$name"; done
	wait_until "$seconds" units_are_gone "$@" && return
	# A dead supervisor leaves programs that have not been asked yet.
	for name; do ask_unit_to_stop "$name"; done
	wait_until 1 units_are_gone "$@" && return
	for name; do
		[[ -n ${pids_of[$name]-} ]] || continue
		say "$name did not finish within $seconds s and is killed"
		wait_until 5 unit_is_killed "$name" || die "$name can not be killed"
	done
}

units_are_gone() {
	local name
	look_for_processes
	for name; do
		[[ -z ${pids_of[$name]-} ]] || return 1
	done
}

unit_is_killed() {
	signal KILL ${pids_of[$1]-}
	units_are_gone "$1"
}

# The three steps of a reload: the other slot starts, takes over, and the old one finishes.

other_slot() {
	if [[ $(unit_slot "$1") == a ]]; then echo b; else echo a; fi
}

# start_other_slot NAME: the program as it is now, with the settings of now.
start_other_slot() {
	local name=$1 slot
	slot=$(other_slot "$name")
	# A reload that was killed may have left one there.
	slot_is_stopped "$name" "$slot" || sv force-stop "$sup/$name/$slot" >/dev/null || true
	# Stacks that an older version started have one script for both slots.
	[[ ! -L $sup/$name/b/run ]] || write_file 755 "$sup/$name/b/run" <"$sup/$name/a/run"
	write_slot "$name" "$slot"
	sv up "$sup/$name/$slot" >/dev/null
}

# stop_other_slot NAME: takes start_other_slot back.
stop_other_slot() {
	local name=$1
	sv force-stop "$sup/$name/$(other_slot "$name")" >/dev/null || true
}

# slot_is_ready NAME SLOT BYTES: its program runs and has said that it serves, in what its log has
# gained since it was BYTES long; or it has lasted five seconds, and did not fail at its start.
slot_is_ready() {
	local state
	state=$(sv status "$sup/$1/$2") || return 1
	[[ $state =~ ^run:.*\(pid\ ([0-9]+)\)\ ([0-9]+)s ]] || return 1
	# Not in a pipe: where much is logged, tail fails because grep has seen enough.
	((BASH_REMATCH[2] >= 5)) || grep -q '"serving"' < <(tail -c "+$(($3 + 1))" "$log/$1.log")
}

# slot_is_settled NAME SLOT BYTES: ready, or hopeless because it was started ever again.
slot_is_settled() {
	slot_is_ready "$@" || was_started_often "$1" "$2"
}

# was_started_often NAME SLOT: the fourth start or end is seen. runsv writes its file of the pid at each,
# and a program that ends at once is hardly ever met alive. The caller has declared -A starts.
was_started_often() {
	local name=$1 time times
	time=$(stat -c %.9Y "$sup/$name/$2/supervise/pid" 2>/dev/null) || return 1
	[[ " ${starts[$name]-} " == *" $time "* ]] || starts[$name]+=" $time"
	read -ra times <<<"${starts[$name]}"
	((${#times[@]} > 3))
}

slot_is_stopped() {
	[[ $(sv status "$sup/$1/$2") == down:* ]]
}

# switch_slot NAME: makes the other slot the one in use and asks the old one, which becomes the
# other one, to finish.
switch_slot() {
	local name=$1 old new
	old=$(unit_slot "$name")
	new=$(other_slot "$name")
	touch "$sup/$name/$old/down"
	rm -f "$sup/$name/$new/down"
	sv down "$sup/$name/$old" >/dev/null
	cp "$sup/$name/$new/supervise/pid" "$run/$name.pid"
}
