# shellcheck shell=bash
# A version of the project in a tree of its own. Uses: root; die say.

# make_tree ID TREE FROM BUILD FLAVOUR: that commit, built. What it shares with the tree FROM, whose
# builds are in BUILD, is not compiled again: files that are the same keep their times, all others
# are new, and make sees to the rest. One that was interrupted is begun anew.
make_tree() {
	local id=$1 tree=$2 from=$3 build=$4 flavour=$5
	[[ ! -e $tree/.built ]] || return 0
	rm -rf "$tree" "$tree.new"
	mkdir -p "$tree.new"
	git -C "$root" archive "$id" | tar -x -C "$tree.new" || return 1
	if cmp -s "$tree.new/Makefile" "$from/Makefile" && [[ -d $build/$flavour ]]; then
		mkdir -p "$tree/build"
		rsync -a --exclude=/.git --exclude=/build --exclude=/var --exclude=node_modules \
			"$from/" "$tree/" &&
			cp -a "$build/$flavour" "$tree/build/" &&
			rsync -rlp --checksum --delete --exclude=/build "$tree.new/" "$tree/" || return 1
		rm -rf "$tree.new"
	else
		mv "$tree.new" "$tree"
	fi
	"$tree/scripts/setup" --system && nice make -s -C "$tree" "-j$(nproc)" FLAVOUR="$flavour" \
		BUILD=build all || return 1
	touch "$tree/.built"
}
