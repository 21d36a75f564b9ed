# shellcheck shell=bash
# The official clients the integration tests speak through, from npm by the
# lock file (exact versions and checksums). No package's install script runs.
# They live in the cache under the lock file's hash; tests/node_modules is a
# link, so that clones share them and a changed lock file gets its own set.

clients_lock=$root/tests/package-lock.json
clients_link=$root/tests/node_modules

test_clients_check() {
	local dir
	dir=$(clients_dir)
	[[ $(readlink "$clients_link") == "$dir/node_modules" ]] && clients_complete "$dir"
}

clients_dir() {
	local hash
	hash=$(sha256_of "$clients_lock")
	printf '%s/npm/%s' "$cache" "${hash:0:16}"
}

# The list was written from the finished installation: every package's own
# description must still be there, as large as it was.
clients_complete() {
	[[ -s $1/.installed ]] || return 1
	(cd "$1" && clients_list | cmp -s - .installed)
}

clients_list() {
	find node_modules -mindepth 2 -name package.json -not -path '*/node_modules/*/*/*/*' \
		-printf '%p %s\n' | LC_ALL=C sort
}

test_clients_make() {
	local dir work=$cache/tmp/clients
	dir=$(clients_dir)
	if ! clients_complete "$dir"; then
		say "test clients: installing from npm (log: $cache/log/npm.log)"
		clients_install "$work" >"$cache/log/npm.log" 2>&1 || clients_missing
		mkdir -p "$cache/npm"
		rm -rf "$dir"
		mv "$work" "$dir"
	fi
	if [[ -e $clients_link && ! -L $clients_link ]]; then
		give_up "test clients: $clients_link is a directory, not setup's link." \
			"The integration tests may run other versions than the pinned ones." \
			"Remove it and run setup again."
	fi
	ln -sfn "$dir/node_modules" "$clients_link.$BASHPID"
	mv -fT "$clients_link.$BASHPID" "$clients_link"
}

clients_install() {
	local work=$1
	mkdir -p "$work" || return 1
	cp "$root/tests/package.json" "$clients_lock" "$work/" || return 1
	(
		cd "$work" && timeout 900 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
			--fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000
	) || return 1
	(cd "$work" && clients_list >.installed)
}

clients_missing() {
	tail -n 5 "$cache/log/npm.log" >&2
	give_up "test clients: npm could not install them (whole output in $cache/log/npm.log)." \
		"The programs build and run without them; the integration tests do not." \
		"A cache filled on another machine will do: copy its" \
		"$(clients_dir) here and run setup again."
}
