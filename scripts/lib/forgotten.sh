# shellcheck shell=bash
# Who was forgotten, told outside of the database: one that is restored to a time before learns of it
# again (scripts/restore). Uses: root; scripts/lib/backup_place.sh.
#
# A line is "begun TIME HASH" before the database forgets and "done TIME HASH" after it has, both on
# the disk before anything else happens. HASH is the SHA-256 of the visitor's id in small letters: an
# id is a secret, and the list is not to keep what is to be forgotten.

# forgotten_file: in the backups' folder if there is one, else in STACK_DIR.
forgotten_file() {
	local stack=${STACK_DIR:-$root/var/stack} line dir=${SCRIBE_BACKUP_DIR-}
	if [[ -z $dir ]] && line=$(grep '^export SCRIBE_BACKUP_DIR=' "$stack/env.sh" 2>/dev/null); then
		dir=$(eval "$line" && echo "$SCRIBE_BACKUP_DIR")
	fi
	echo "${dir:-$stack}/forgotten"
}

forgotten_hash() {
	printf %s "${1,,}" | sha256sum | cut -d ' ' -f 1
}

# forgotten_note WORD ID: fails, and says why, when that is not surely on the disk.
forgotten_note() {
	local file
	file=$(forgotten_file)
	if [[ ${file%/*} != "${STACK_DIR:-$root/var/stack}" ]] && ! backup_place_is_there "${file%/*}"; then
		echo "${file%/*} is not the folder of backups: is its disk mounted?" >&2
		return 1
	fi
	(
		umask 077
		mkdir -p "${file%/*}" &&
			# What a write that failed left of a line stays a line of its own.
			if [[ -s $file && -n $(tail -c 1 "$file") ]]; then echo >>"$file"; fi &&
			echo "$1 $(date -u +%FT%T.%6NZ) $(forgotten_hash "$2")" >>"$file" &&
			sync "$file" "${file%/*}"
	)
}

# forgotten_since TIME: the hashes of those whom a database of that time may still know.
forgotten_since() {
	local file
	file=$(forgotten_file)
	[[ -e $file ]] || return 0
	awk -v point="$1" '
		$1 == "begun" { waits[$3] = 1 }
		$1 == "done" && $2 "" <= point "" { delete waits[$3] }
		END { for (hash in waits) print hash }' "$file"
}
