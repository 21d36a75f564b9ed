# shellcheck shell=bash
# Is the folder of backups there? Where its disk is not mounted there may be an empty one in its place,
# on another disk, and what is written there is no backup. Uses: nothing.
#
# Whoever makes it (scripts/lib/backup.sh) leaves a mark in it, once, and a word of it in STACK_DIR: what
# was made and has no mark any more is not mounted, and nobody makes it anew.

backup_mark=scribe-backups

backup_place_is_there() {
	[[ -e $1/$backup_mark ]]
}
