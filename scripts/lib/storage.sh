# shellcheck shell=bash
# shellcheck disable=SC2154 # what a file uses of scripts/stack is named below
# Where the bytes of files are: the programs write there, nginx reads, nobody else. Uses: stack_dir
# stack_id; die say; scripts/lib/users.sh.

# Sets STORAGE_DIR where nobody has: in $STACK_DIR, or elsewhere if not all can reach that. Makes
# nothing yet.
choose_storage() {
	local own=$stack_dir/storage
	if [[ -z ${STORAGE_DIR-} ]]; then
		STORAGE_DIR=$own
		[[ -e $own || -L $own ]] || all_reach "$stack_dir" ||
			STORAGE_DIR=/var/lib/scribe/storage-$stack_id
		STORAGE_DIR=$(readlink -m "$STORAGE_DIR")
	fi
	export STORAGE_DIR
	if [[ $STORAGE_DIR != /* || $STORAGE_DIR == *[\"\\\$@]* || $STORAGE_DIR == *$'\n'* ]]; then
		refuse "STORAGE_DIR: '$STORAGE_DIR' is not an absolute path without quotes, \\, @ and \$"
		STORAGE_DIR=$own
	fi
}

# Bytes may be in a bucket alone, then: the disk has what was used of late.
has_bucket() {
	[[ -n ${STORAGE_S3_URL-}${STORAGE_S3_URL_FILE-} ]]
}

# One that is there is its owner's to arrange.
make_storage() {
	local own=$stack_dir/storage
	[[ ! -d $STORAGE_DIR ]] || return 0
	(umask 022 && mkdir -p "${STORAGE_DIR%/*}" && mkdir -m 700 "$STORAGE_DIR") ||
		die "STORAGE_DIR: $STORAGE_DIR can not be made"
	((EUID)) || chown "$(program_user):$nginx_user" "$STORAGE_DIR"
	# What is made in it is of nginx's group, too.
	chmod 2750 "$STORAGE_DIR"
	[[ $STORAGE_DIR != "/var/lib/scribe/storage-$stack_id" ]] || {
		ln -s "$STORAGE_DIR" "$own"
		say "not all programs can reach $stack_dir; files are in $STORAGE_DIR"
	}
}
