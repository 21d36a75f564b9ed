# shellcheck shell=bash
# Debian packages: one dpkg query tells what is missing, one apt-get run
# installs it without starting a service or creating a database cluster.

debian_packages=(
	# building
	gcc g++ make ccache cmake pkg-config git ca-certificates libc6-dev
	libfcgi-dev libpq-dev libcurl4-openssl-dev libcjson-dev libsodium-dev libjwt-dev
	libmp3lame-dev flite1-dev libavformat-dev libavcodec-dev libswresample-dev libavutil-dev
	libseccomp-dev libutf8proc-dev libwebsockets-dev
	# running
	nginx "postgresql-$postgres_version" "postgresql-server-dev-$postgres_version"
	spawn-fcgi multiwatch runit sqitch libdbd-pg-perl curl jq procps
	# keeping
	pgbackrest rsync age
	# checking
	libcmocka-dev clang clang-tidy clang-format cppcheck libclang-rt-14-dev valgrind libc6-dbg
	systemd groff-base logrotate shellcheck "postgresql-$postgres_version-pgtap" wrk chromium fonts-liberation
	prometheus prometheus-alertmanager
)
# The stack starts its own of these.
with_service=(nginx prometheus prometheus-alertmanager)
# What makes packages, and a Debian to try them in.
packaging_packages=(dpkg-dev debhelper fakeroot lintian debootstrap systemd-container)
policy_file=/usr/sbin/policy-rc.d
policy_mark='written by scribe setup, removed when it ends'
cluster_file=/etc/postgresql-common/createcluster.d/scribe-setup.conf
apt_log=/var/log/scribe-setup.log

packages_check() {
	packages_missing
	[[ ${#missing[@]} -eq 0 ]]
}

packaging_check() {
	debian_packages=("${packaging_packages[@]}")
	packages_check
}

packaging_make() { packages_make --packaging; }

# Fills the array `missing`. Node.js may come from elsewhere than Debian.
packages_missing() {
	local package state
	local -A installed=()
	while read -r package state; do
		[[ $state == installed ]] && installed[$package]=1
	done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${debian_packages[@]}" 2>/dev/null)
	missing=()
	for package in "${debian_packages[@]}"; do
		[[ -n ${installed[$package]-} ]] || missing+=("$package")
	done
	node_is_usable || missing+=(nodejs)
	command -v npm >/dev/null || missing+=(npm)
}

node_is_usable() {
	local version
	version=$(node --version 2>/dev/null) || return 1
	version=${version#v}
	[[ ${version%%.*} -ge $node_major_min ]]
}

packages_make() {
	local name fresh=()
	if [[ $EUID -ne 0 ]]; then
		give_up "Debian packages: ${#missing[@]} missing, and only root may install them. Run" \
			"    sudo $root/scripts/setup ${1:---system}" \
			"which does this without starting a service:" \
			"    apt-get install --no-install-recommends ${missing[*]}"
	fi
	say "Debian packages: installing ${#missing[@]} (log: $apt_log)"
	for name in "${with_service[@]}"; do
		[[ " ${missing[*]} " != *" $name "* ]] || fresh+=("$name.service")
	done
	trap services_may_start EXIT
	services_stay_down
	apt_install "${missing[@]}"
	# A fresh nginx would take port 80 at the next start of the machine.
	if ((${#fresh[@]})) && command -v systemctl >/dev/null; then
		systemctl disable "${fresh[@]}" >>"$apt_log" 2>&1 || say "could not disable ${fresh[*]}"
	fi
	packages_missing
	if [[ ${#missing[@]} -ne 0 ]]; then
		give_up "Debian packages: still missing after the installation: ${missing[*]}"
	fi
}

# Keeps packages from starting services and PostgreSQL from creating its "main"
# cluster on the default port. A policy that is already there stays as it is.
services_stay_down() {
	mkdir -p "$(dirname "$cluster_file")"
	printf '# %s\ncreate_main_cluster = false\n' "$policy_mark" >"$cluster_file"
	if [[ ! -e $policy_file ]]; then
		printf '#!/bin/sh\n# %s\nexit 101\n' "$policy_mark" >"$policy_file.new"
		chmod 755 "$policy_file.new"
		mv "$policy_file.new" "$policy_file"
	fi
}

services_may_start() {
	if grep -qs "$policy_mark" "$policy_file"; then rm -f "$policy_file"; fi
	rm -f "$cluster_file"
}

# A killed setup may have left its policy behind; the cluster file, written
# first and removed last, tells. Runs first in every setup.
services_recover() {
	[[ $EUID -eq 0 && -e $cluster_file ]] || return 0
	(lock_system && services_may_start)
}

# The first try may fail only because the package lists are old or absent.
apt_install() {
	local attempt
	for attempt in 1 2; do
		if apt_run dpkg --configure -a &&
			apt_run apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
				install -y --no-install-recommends "$@"; then
			return 0
		fi
		[[ $attempt -eq 2 ]] && break
		say "Debian packages: refreshing the package lists"
		apt_run apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 update || true
	done
	tail -n 12 "$apt_log" >&2
	give_up "Debian packages: apt-get failed (whole output in $apt_log); missing: ${missing[*]}"
}

apt_run() {
	DEBIAN_FRONTEND=noninteractive "$@" >>"$apt_log" 2>&1 </dev/null
}
