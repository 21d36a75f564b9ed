# shellcheck shell=bash
# shellcheck disable=SC2154 # what a file uses of its caller is named below
# A version of the project in a tree of its own. Uses: root; die say; along().

# version_id NAME: of a tag, branch or commit of this clone; nothing and 1 if there is none.
version_id() {
	git -C "$root" rev-parse --verify --quiet --short=12 --end-of-options "$1^{commit}"
}

# make_tree ID TREE FROM BUILD FLAVOUR: that commit in TREE, built, unless it is there already. Of the
# tree FROM, whose builds are in BUILD, it takes over what is the same. TREE is there as a whole or not.
make_tree() {
	local id=$1 tree=$2 from=$3 build=$4 flavour=$5 new
	[[ ! -d $tree ]] || return 0
	# What others that were killed have left.
	rm -rf "${tree%/*}"/.new-*
	mkdir -p "${tree%/*}"
	new=$(mktemp -d "${tree%/*}/.new-XXXXXX")
	if take_sources && take_build && build_tree; then
		mv "$new" "$tree"
	else
		rm -rf "$new"
		return 1
	fi
}

# A file that is the same keeps the time it has there, all others are new: make sees to the rest.
take_sources() {
	local list=$new.list
	chmod 755 "$new"
	mkdir "$new/.archive" &&
		git -C "$root" archive "$id" | tar -x -C "$new/.archive" || return 1
	(cd "$new/.archive" && find . -mindepth 1 ! -type d) >"$list"
	rsync -a --ignore-missing-args --files-from="$list" "$from/" "$new/" &&
		rsync -rlp --checksum "$new/.archive/" "$new/" || return 1
	rm -rf "$new/.archive" "$list"
}

# Objects of before, where they are made as before. Of what is a source no more nothing may stay, also
# in what was linked of it.
take_build() {
	local object
	if [[ $build != "$from/build" || ! -d $build/$flavour ]] || ! cmp -s "$from/Makefile" "$new/Makefile" ||
		! diff -qr "$from/scripts/parts" "$new/scripts/parts" >/dev/null; then
		return 0
	fi
	mkdir "$new/build"
	rsync -a --exclude=/{unit,fuzz,integration,bench,lint} "$build/$flavour/" "$new/build/$flavour/" || return 1
	while IFS= read -r object; do
		[[ ! -e $new/${object%.o}.c ]] || continue
		(cd "$new/build/$flavour" && rm -rf "$object" libcommon.a bin libexec programs.json)
	done < <(cd "$new/build/$flavour" && find . -name '*.o')
}

# Its parts that are optional are so here, too.
build_tree() {
	along "$new/scripts/setup" || (($? == 2)) || return 1
	along env -u MAKEFLAGS -u MAKELEVEL nice make -s -C "$new" "-j$(nproc)" FLAVOUR="$flavour" BUILD=build all
}
