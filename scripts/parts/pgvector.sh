# shellcheck shell=bash
# pgvector for PostgreSQL: Debian's package where there is one, else Debian's
# source package built here. The source entry lives in a private apt directory
# only, so the machine's own apt never learns of the newer release.

pg_config=/usr/lib/postgresql/$postgres_version/bin/pg_config
pgvector_control=/usr/share/postgresql/$postgres_version/extension/vector.control

pgvector_check() {
	[[ -s /usr/lib/postgresql/$postgres_version/lib/vector.so ]] &&
		grep -qs "^default_version = '0\.[89]\|^default_version = '[1-9]" "$pgvector_control"
}

pgvector_make() {
	local work
	if [[ $EUID -ne 0 ]]; then
		give_up "pgvector: missing, and only root may install it. Run" \
			"    sudo $root/scripts/setup --system"
	fi
	[[ -x $pg_config ]] || give_up "pgvector: needs the Debian packages first"
	if pgvector_from_package; then return 0; fi
	say "pgvector: building $pgvector_version from Debian's source package"
	work=$(mktemp -d)
	# shellcheck disable=SC2064 # the directory of now is meant
	trap "rm -rf '$work'" EXIT
	chmod 755 "$work"
	if ! pgvector_fetch "$work" >"$work/log" 2>&1 || ! pgvector_build "$work" >>"$work/log" 2>&1; then
		tail -n 12 "$work/log" >&2
		give_up "pgvector: source package $pgvector_source could not be fetched or built." \
			"Without it the database has no vector search and no migration can run." \
			"Put its upstream archive (sha256 $pgvector_sha256)" \
			"at $cache/downloads/pgvector.tar.gz and run setup again."
	fi
}

# Only a version with iterative index scans will do; Debian 12's backports or
# the PostgreSQL project's own repository may have one.
pgvector_from_package() {
	local package=postgresql-$postgres_version-pgvector candidate
	candidate=$(apt-cache policy "$package" 2>/dev/null | sed -n 's/^ *Candidate: //p')
	dpkg --compare-versions "${candidate:-0}" ge 0.8 2>/dev/null || return 1
	say "pgvector: installing $package"
	missing=("$package")
	trap services_may_start EXIT
	services_stay_down
	apt_install "$package"
	pgvector_check
}

# Leaves the unpacked source in WORK/src.
pgvector_fetch() {
	local work=$1 archive=$cache/downloads/pgvector.tar.gz
	if [[ ! -f $archive ]]; then
		pgvector_download "$work" || return 1
		archive=$(echo "$work"/pgvector_*.orig.tar.*)
	fi
	if [[ $(sha256_of "$archive") != "$pgvector_sha256" ]]; then
		echo "$archive does not have the pinned checksum"
		return 1
	fi
	mkdir "$work/src" && tar -xf "$archive" -C "$work/src" --strip-components=1
}

# The mirror is the one this machine takes its own packages from.
pgvector_download() {
	local work=$1 uri keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	uri=$(apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' 'Label: Debian' 'Component: main' | head -n 1)
	[[ -n $uri && -f $keyring ]] || return 1
	# An old keyring does not know the newer release's keys.
	apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends debian-archive-keyring || true
	echo "deb-src [signed-by=$keyring] $uri $pgvector_suite main" >"$work/sources.list"
	mkdir -p "$work/lists/partial" "$work/cache"
	local apt=(apt-get -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o Acquire::Retries=3
		-o Acquire::Languages=none -o APT::Sandbox::User=root)
	"${apt[@]}" update || return 1
	(cd "$work" && "${apt[@]}" source --download-only --only-source "$pgvector_source")
}

# Built for any x86-64 or ARM machine (pgvector picks faster code at run time).
# Files go in one by one under a temporary name, the control file last: an
# interrupted installation does not pass pgvector_check.
pgvector_build() {
	local work=$1 file
	make -s -C "$work/src" -j"$(nproc)" with_llvm=no OPTFLAGS= "PG_CONFIG=$pg_config" || return 1
	make -s -C "$work/src" install with_llvm=no "PG_CONFIG=$pg_config" "DESTDIR=$work/stage" || return 1
	while IFS= read -r file; do
		install -D -m "$(stat -c %a "$work/stage$file")" "$work/stage$file" "$file.new" || return 1
		mv -f "$file.new" "$file" || return 1
	done < <(cd "$work/stage" && find . -type f ! -name vector.control -printf '/%P\n' && echo "$pgvector_control")
}
