# shellcheck shell=bash
# shellcheck disable=SC2154 # what a file uses of scripts/stack is named below
# A private PostgreSQL: reached by its unix socket only, by peer authentication only.
# Uses: stack_dir stack_id run sup log root; told; scripts/lib/{users,backup}.sh.

pg_bin=${PG_BIN:-/usr/lib/postgresql/15/bin}

# PostgreSQL refuses to run as root; then it runs as the user that Debian's package made.
pg_user() {
	if ((EUID)); then id -un; else echo postgres; fi
}

as_pg_user() {
	if ((EUID)); then "$@"; else (cd / && as_user postgres "$@"); fi
}

# Where the data is. A directory that the postgres user cannot reach (a clone in /root) gets its
# data under /var/lib/postgresql instead; $STACK_DIR/pg then is a symbolic link.
pg_place() {
	local place=$stack_dir/pg
	[[ -e $place/PG_VERSION || -L $place ]] && return
	((EUID)) && return
	as_pg_user test -x "$stack_dir" && return
	ln -s "/var/lib/postgresql/scribe-$stack_id" "$place"
	say "the postgres user cannot reach $stack_dir; the data is in $(readlink "$place")"
}

# Made beside its place and moved there, so that an interrupted initdb is begun anew.
pg_init() {
	local data
	data=$(readlink -m "$stack_dir/pg")
	[[ -e $data/PG_VERSION ]] && return
	[[ -x $pg_bin/initdb ]] || die "$pg_bin/initdb is missing: run make setup"
	say "making a new database cluster"
	rm -rf "$data.new"
	mkdir -m 700 "$data.new"
	((EUID)) || chown postgres: "$data.new"
	as_pg_user "$pg_bin/initdb" -D "$data.new" --username=postgres --auth=reject \
		--locale=C.UTF-8 --encoding=UTF8 --data-checksums >"$log/initdb.log" 2>&1 ||
		die "initdb failed: $(tail -n 3 "$log/initdb.log")"
	echo "include_if_exists = 'scribe.conf'" >>"$data.new/postgresql.conf"
	mv "$data.new" "$data"
}

# What the database takes on disk, as far as a quarter of the machine's memory goes (as PostgreSQL's
# manual advises), within bounds: buffers that are never used make a start slow, too.
pg_buffers_mb() {
	local mb quarter
	mb=$(du -sm "$stack_dir/pg/base" | cut -f 1)
	quarter=$(awk '/^MemTotal:/ {print int($2 / 4096)}' /proc/meminfo)
	((mb > 2048)) || mb=2048
	((mb < 8192)) || mb=8192
	((mb < quarter)) || mb=$quarter
	((mb > 128)) || mb=128
	echo "$mb"
}

# The group whose members may use the socket; none where there is but one user. Root may anyway.
pg_group() {
	local group
	((EUID == 0)) || return 0
	group=$(id -gn "$(program_user)")
	[[ $group == root ]] || echo "$group"
}

# Who may connect as whom: the programs as scribe_app and, for people who sign in, as scribe_rest,
# who runs the stack as scribe_owner too, and the user that PostgreSQL runs as as its superuser.
# Root is no superuser.
pg_identify() {
	local user data=${1:-$stack_dir/pg}
	user=$(pg_user)
	{
		printf 'scribe %s postgres\n' "$user"
		printf 'scribe %s %s\n' "$(id -un)" scribe_owner "$(id -un)" scribe_app \
			"$(id -un)" scribe_rest
		printf 'scribe %s %s\n' "$(program_user)" scribe_app "$(program_user)" scribe_rest
	} >"$data/pg_ident.conf"
}

# What may be other for a database that runs: an older version may have started it, and backups may
# have been turned on.
pg_configure_again() {
	pg_identify
	pg_archive
	begin_backups
	as_pg_user psql -XAtqc 'select pg_reload_conf()' "$(pg_url postgres postgres)" >/dev/null
}

pg_configure() {
	local data=$stack_dir/pg group
	group=$(pg_group)
	mkdir -p "$run/pg"
	((EUID)) || chown postgres: "$run/pg"
	chmod 711 "$run/pg"
	echo "local all all peer map=scribe" >"$data/pg_hba.conf"
	pg_identify
	pg_archive
	cat >"$data/scribe.conf" <<-END
		# Written by scripts/stack at every start.
		listen_addresses = ''
		unix_socket_directories = '$run/pg'
		unix_socket_group = '$group'
		unix_socket_permissions = $([[ -n $group ]] && echo 0660 || echo 0600)
		max_connections = 200
		shared_buffers = $(pg_buffers_mb)MB
		max_wal_size = 1GB
		wal_compression = on
		include_if_exists = 'archive.conf'
		# A statement whose program was killed ends, and with it its locks.
		client_connection_check_interval = 1s
		# A failed statement would bring what people said into the log.
		log_min_error_statement = panic
		log_error_verbosity = terse
		log_statement = none
		log_parameter_max_length_on_error = 0
		log_line_prefix = '%m [%p] %q%u '
		log_timezone = 'UTC'
		timezone = 'UTC'
	END
	((EUID)) || chown postgres: "$data/scribe.conf"
	pg_forget_stale_pid
}

# After a power cut the pid in postmaster.pid may belong to somebody else, and PostgreSQL would
# refuse to start for as long as that process lives.
pg_forget_stale_pid() {
	local pid_file=$stack_dir/pg/postmaster.pid pid
	[[ -e $pid_file ]] || return 0
	pid=$(head -n 1 "$pid_file")
	look_for_processes
	[[ " ${pids_of[postgresql]-}" == *" $pid "* ]] || rm -f "$pid_file"
}

pg_url() {
	local user=$1 database=$2
	printf 'postgresql:///%s?host=%s&user=%s' "$database" "$(jq -rn --arg s "$run/pg" '$s|@uri')" \
		"$user"
}

pg_ready() {
	"$pg_bin/pg_isready" -q -h "$run/pg" -U scribe_app -d postgres
}

pg_migrate() {
	local url found
	url=$(pg_url postgres postgres)
	found=$(as_pg_user psql -XAtqc "select 1 from pg_database where datname = 'scribe'" "$url")
	[[ -n $found ]] || as_pg_user psql -Xqc "create database scribe" "$url"
	if [[ ! -x $root/scripts/migrate ]]; then
		die "scripts/migrate is missing"
	fi
	env -u MIGRATE_DATABASE_URL STACK_DIR="$stack_dir" timeout "${SCRIBE_MIGRATE_S:-1800}" \
		"$root/scripts/migrate" deploy >"$log/migrate.log" 2>&1 ||
		die "the migrations failed:
$(tail -n 20 "$log/migrate.log")"
}

# pg_retain URL: how long things are kept is for the owner to say. What is not set is as the programs
# have it then.
pg_retain() {
	local url=$1 line name
	while IFS= read -r line; do
		name=${line%%=*}
		[[ -n ${!name-} ]] || local -x "$line"
	done < <(told '.settings[] | select(.name | startswith("RETENTION_")) | "\(.name)=\(.default)"')
	DATABASE_URL=$url "$root/scripts/retention" set
}

# Debian's default is smart shutdown at TERM, which waits for every client; fast is INT.
write_postgres_unit() {
	local dir=$sup/postgresql/a drop='' group groups
	group=$(pg_group)
	if ((EUID == 0)); then
		# It gives its socket to a group that it must be in.
		groups=$(id -G postgres)${group:+ $(getent group "$group" | cut -d : -f 3)}
		drop="setpriv --reuid=postgres --regid=postgres --groups=${groups// /,} -- "
	fi
	mkdir -p "$dir/control"
	write_file 755 "$dir/run" <<-END
		#!/bin/bash
		set -eu
		umask 027
		exec >>${log@Q}/postgresql.log 2>&1
		echo \$\$ >${run@Q}/postgresql.pid
		cd /
		exec $drop$pg_bin/postgres -D $(printf %q "$(readlink -f "$stack_dir/pg")")
	END
	write_file 755 "$dir/control/t" <<-'END'
		#!/bin/sh
		exec kill -INT "$(cat supervise/pid)"
	END
}

# The database as the programs need it, made anew where there is none.
pg_start() {
	pg_place
	pg_init
	pg_configure
	write_postgres_unit
	start_units postgresql
	wait_until 30 pg_ready || die "PostgreSQL does not answer"
	begin_backups
	pg_migrate
}
