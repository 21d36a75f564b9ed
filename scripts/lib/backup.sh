# shellcheck shell=bash
# shellcheck disable=SC2154 # what a file uses of scripts/stack is named below
# Where backups are, and how pgBackRest is asked: as the user that PostgreSQL runs as. Uses:
# stack_dir; number_setting; scripts/lib/{say,users,postgres,backup_place}.sh.
#
# In SCRIBE_BACKUP_DIR are
#   database/        pgBackRest's repository: backups of the database, and its log as it is written
#   files/now/       the bytes of files, as they were at the last copy
#   files/gone/TIME  those that were there before it and are not any more
#   secrets/TIME.age the stack's keys, sealed
#   whole            a line for each backup that came to its end: when it began, pgBackRest's name
#   forgotten        who was forgotten (scripts/lib/forgotten.sh)
#   scribe-backups   says that this is the place (scripts/lib/backup_place.sh)

backup_days=14     # how long a point in time can be gone back to, where SCRIBE_BACKUP_DAYS is not set
backup_age_max_h=50 # one a day, and one that may fail
archive_age_max_min=10 # a piece of the log is archived within seconds

backups_are_wanted() {
	[[ -n ${SCRIBE_BACKUP_DIR-} ]]
}

# What is in it goes into settings of PostgreSQL and of pgBackRest.
check_backup_settings() {
	local fault=''
	backups_are_wanted || return 0
	[[ $SCRIBE_BACKUP_DIR =~ ^/[A-Za-z0-9_./-]+$ ]] ||
		refuse "SCRIBE_BACKUP_DIR: '$SCRIBE_BACKUP_DIR' is not an absolute path of letters, digits and _./-"
	number_setting SCRIBE_BACKUP_DAYS "$backup_days" >/dev/null
	[[ ${SCRIBE_BACKUP_RECIPIENT-} =~ ^(age1[a-z0-9]+|ssh-[a-z0-9]+\ [A-Za-z0-9+/=]+( .*)?)$ ]] ||
		refuse "SCRIBE_BACKUP_RECIPIENT: give the public key (age1..., or of ssh) that the stack's keys" \
			"are sealed for; age-keygen makes one, and the other half belongs on another machine"
	was_made_here || fault=$(backup_place_fault)
	[[ -z $fault ]] || refuse "$fault"
}

no_backup_place() {
	echo "$SCRIBE_BACKUP_DIR is not the folder that it was: is its disk mounted?"
}

# Has this stack begun its backups in that folder?
was_made_here() {
	[[ $(cat "$stack_dir/backups.made" 2>/dev/null) == "$SCRIBE_BACKUP_DIR" ]]
}

# What is wrong with a folder that is there already, in words; nothing if it will do. It may be
# somebody else's: its mode and its owner stay as they are.
backup_place_fault() {
	local dir=$SCRIBE_BACKUP_DIR fault='' mode
	[[ -e $dir ]] || return 0
	if [[ ! -d $dir ]]; then
		fault='is no folder'
	# Those that were made before there was a mark are known by what pgBackRest has there.
	elif ! backup_place_is_there "$dir" && [[ ! -d $dir/database/archive/scribe ]]; then
		mode=$(stat -L -c %a "$dir")
		if ((8#$mode & 8#022)); then
			fault="can be written by others (its mode is $mode)"
		elif [[ -n $(find "$dir/" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit) ]]; then
			fault='holds other things'
		fi
	fi
	if [[ -n $fault ]]; then
		echo "SCRIBE_BACKUP_DIR: '$dir' $fault; give a folder of its own, which is made if it is not there"
	elif ! (as_pg_user test -x "$dir"); then
		echo "SCRIBE_BACKUP_DIR: the user $(pg_user) can not reach '$dir'; with mode 711 it can"
	fi
}

# The folder itself only, not those above it, and once: where a disk is not mounted nothing is made.
make_backup_place() {
	local dir=$SCRIBE_BACKUP_DIR made=$stack_dir/backups.made fault
	if ! backup_place_is_there "$dir" && was_made_here; then
		echo "$(no_backup_place) (To begin anew there: rm $made)"
		return 1
	fi
	fault=$(backup_place_fault)
	if [[ -n $fault ]]; then
		echo "$fault"
		return 1
	fi
	(
		umask 077
		[[ -d $dir ]] || mkdir -m 711 "$dir" || exit 1
		: >>"$dir/$backup_mark" || exit 1 # from here on it is ours, also half made
		mkdir -p "$dir/files/now" "$dir/files/gone" "$dir/secrets" || exit 1
		[[ -d $dir/database ]] || mkdir "$dir/database" || exit 1
		((EUID)) || chown postgres: "$dir/database"
	) && echo "$dir" | write_file 600 "$made"
}

# write_backrest_conf FILE DATA SOCKETS: for the cluster in DATA, whose socket is in SOCKETS.
write_backrest_conf() {
	write_file 644 "$1" <<-END
		[global]
		repo1-path=$SCRIBE_BACKUP_DIR/database
		repo1-retention-full-type=time
		repo1-retention-full=$(number_setting SCRIBE_BACKUP_DAYS "$backup_days")
		repo1-bundle=y
		compress-type=zst
		start-fast=y
		process-max=2
		lock-path=$3/lock
		log-level-console=off
		log-level-file=off
		log-level-stderr=warn

		[scribe]
		pg1-path=$2
		pg1-socket-path=$3
		pg1-user=postgres
		pg1-database=postgres
	END
}

# backrest CONF COMMAND...
backrest() {
	as_pg_user pgbackrest --config="$1" --stanza=scribe "${@:2}"
}

# What PostgreSQL does with each piece of its log. Archiving is always on, since that could be changed
# by a restart only; where no backups are made the piece is thrown away.
pg_archive() {
	local command=/bin/true seconds=0 file=$stack_dir/pg/archive.conf
	if backups_are_wanted; then
		write_backrest_conf "$run/pgbackrest.conf" "$(readlink -f "$stack_dir/pg")" "$run/pg"
		command="/usr/bin/pgbackrest --config=$run/pgbackrest.conf --stanza=scribe archive-push \"%p\""
		seconds=60
	fi
	write_file 644 "$file" <<-END
		archive_mode = on
		archive_command = '$command'
		# What a lost disk takes along is at most so much.
		archive_timeout = $seconds
	END
	((EUID)) || chown postgres: "$file"
}

# A stack whose backups can not be made serves all the same; scripts/stack status tells.
begin_backups() {
	local why
	backups_are_wanted || return 0
	why=$(make_backup_place 2>&1 && backrest "$run/pgbackrest.conf" stanza-create 2>&1) ||
		say "there are no backups: $why"
}

archive_waits() {
	echo "$1 wait, and the disk has $(df -h --output=avail "$stack_dir/pg/" | tail -n 1 | tr -d ' ')" \
		"left; see scripts/stack logs postgresql"
}

# What is wrong with them, in words; "healthy" if nothing is.
backup_state() {
	local mode since waiting oldest newest age_h
	if ! backup_place_is_there "$SCRIBE_BACKUP_DIR"; then
		no_backup_place
		return
	fi
	if ! pg_ready; then
		echo 'not known without the database'
		return
	fi
	IFS='|' read -r mode since waiting oldest < <(
		as_pg_user psql -XAtqw -d "$(pg_url postgres postgres)" <<-'END'
			select current_setting('archive_mode'),
				case when last_failed_time > coalesce(last_archived_time, '-infinity')
					then to_char(last_failed_time at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') end,
				pg_size_pretty(count(name) * 16777216),
				coalesce(floor(extract(epoch from now() - min(modification)) / 60), 0)
				from pg_stat_archiver left join pg_ls_archive_statusdir() on name like '%.ready'
				group by last_failed_time, last_archived_time;
		END
	) || true
	newest=$(tail -n 1 "$SCRIBE_BACKUP_DIR/whole" 2>/dev/null | cut -d ' ' -f 1) || true
	age_h=$((($(date +%s) - $(date -d "${newest:-1970-01-01}" +%s)) / 3600))
	if [[ -z $mode ]]; then
		echo 'can not be asked for'
	elif [[ $mode != on ]]; then
		echo 'no log is kept until scripts/stack down and up'
	elif [[ -n $since ]]; then
		echo "the log can not be archived (last tried $since): $(archive_waits "$waiting")"
	elif ((oldest >= archive_age_max_min)); then
		echo "the log has waited $oldest minutes to be archived: $(archive_waits "$waiting")"
	elif [[ -z $newest ]]; then
		echo 'none was made yet; run scripts/backup'
	elif ((age_h > backup_age_max_h)); then
		echo "the last whole one is $age_h hours old"
	else
		echo healthy
	fi
}
