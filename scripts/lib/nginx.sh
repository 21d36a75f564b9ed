# shellcheck shell=bash
# shellcheck disable=SC2154 # what a file uses of scripts/stack is named below
# Renders nginx/ into $stack_dir/nginx. Every number that a program knows comes from what it tells
# of itself, so the two can not disagree. Uses: root stack_dir run log sup port functions all_functions
# told().

nginx_bin=${NGINX_BIN:-/usr/sbin/nginx}
# It only carries, which is quick, but for who sends as much as it can carry: what answers goes before.
nginx_nice=5

# render TEMPLATE NAME=VALUE...: the template with each @NAME@ replaced, on stdout.
render() {
	local text pair
	IFS= read -rd '' text <"$root/nginx/$1" || true
	shift
	for pair; do
		text=${text//@"${pair%%=*}"@/"${pair#*=}"}
	done
	printf %s "$text"
}

# A setting that is a whole number of at least 0; $3 is its default.
number_setting() {
	local name=$1 value=${!1-}
	value=${value:-$2}
	if [[ ! $value =~ ^[0-9]{1,9}$ ]]; then
		refuse "$name: expected a number, not '$value'"
		value=$2
	fi
	echo "$((10#$value))"
}

# port_setting NAME DEFAULT: the same of a port; 0 is one only where it is the default.
port_setting() {
	local number
	number=$(number_setting "$@")
	if ((number > 65535 || number == 0 && $2 != 0)); then
		refuse "$1: '${!1}' is not a port"
		number=$2
	fi
	echo "$number"
}

# Sets $servers to the `server` lines of a function: its own socket, or what UPSTREAM_<NAME> lists
# ("local" and host:port).
find_servers() {
	local name=$1 setting word items line
	servers=''
	setting=UPSTREAM_${name^^}
	split_list "${!setting-}"
	((${#items[@]})) || items=(local)
	for word in "${items[@]}"; do
		if [[ $word =~ ^[][A-Za-z0-9.:-]+:[0-9]+$ ]]; then
			printf -v line '\tserver %s max_fails=3 fail_timeout=5s;\n' "$word"
		else
			[[ $word == local ]] || refuse "$setting: expected host:port or local, not '$word'"
			printf -v line '\tserver unix:%s/%s.sock;\n' "$run" "$name"
		fi
		servers+=$line
	done
}

# Does this function run here at all?
runs_here() {
	local servers
	find_servers "$1"
	[[ $servers == *"unix:"* ]]
}

render_function() {
	local out=$1 name=$2 rate=$3 body_max=$4 deadline_ms=$5 factor=$6 own_clients=$7
	local path=$8 has_path_info=$9 protocol=${10} for_operators=${11} place=$name.location health=function_health
	local servers match clients zones='' limits='' retry_after=1 maps='' info='""' bounds=''
	local -a matches=()
	rate=$(number_setting "RATE_${name^^}" "$rate")
	rate=$((rate * factor)) # a program that counts for itself is only kept from the worst
	find_servers "$name"
	clients=$(number_setting SCRIBE_CONNECTIONS_PER_CLIENT 64)
	# Below the number of threads, whatever is set: the rest is for others.
	clients=$((clients > own_clients ? own_clients : clients))
	if ((rate > 0)); then
		zones="limit_req_zone \$scribe_limit_key zone=rate_$name:10m rate=${rate}r/m;"
		limits=$'\t'"limit_req zone=rate_$name;"
		# nginx lets one more through than its burst: together that makes `rate` at once.
		((rate == 1)) || limits=$'\t'"limit_req zone=rate_$name burst=$((rate - 1)) nodelay;"
		retry_after=$(((60 + rate - 1) / rate))
	fi
	if ((rate > 0 && clients > 0)); then
		zones+=$'\n'"limit_conn_zone \$scribe_limit_key zone=connections_$name:10m;"
		limits+=$'\n\t'"limit_conn connections_$name $clients;"
	fi
	for path in "$path" $(aliases_of "$name"); do
		[[ $path =~ ^(/[a-z0-9_]+)+$ ]] || die "$name: '$path' is no path"
		matches+=("= $path")
	done
	if [[ $has_path_info == true ]]; then
		# Decoded, as the program wants it; there may be line ends in it.
		maps="map \$uri \$path_info_$name { default ''; '~(?s)^$path(?<behind_$name>/.*)\z' \$behind_$name; }"
		info="\$path_info_$name"
		matches=("^~ $path/")
		bounds=$'\tif ($scribe_query_too_long) {\n\t\treturn 414;\n\t}'
	fi
	render snippets/function_http.conf NAME="$name" ZONES="$zones" MAPS="$maps" \
		SERVERS="$servers" >"$out/$name.http.conf"
	[[ $protocol != websocket ]] || health=function_websocket_health
	{
		render "snippets/$health.conf" NAME="$name" PATH="/livez/$name" ASKED=/livez PROGRAMS=''
		render_readiness "$health" "$name" "/$name"
	} >"$out/$name.health.conf"
	asked_for_host+=("$health $name")
	if [[ $protocol == websocket ]]; then
		render snippets/function_websocket.conf PATH="$path" NAME="$name" LIMITS="$limits" \
			RETRY_AFTER="$retry_after" BODY_MAX="$body_max" \
			TIMEOUT_MS=$((deadline_ms + 2000)) >"$out/$name.location.conf"
		return
	fi
	# What it does is for who runs the system; how it is, anybody may ask.
	[[ $for_operators != true ]] || place=$name.operate
	{
		for match in "${matches[@]}"; do
			render snippets/function_location.conf MATCH="$match" NAME="$name" LIMITS="$limits" \
				PATH_INFO="$info" BOUNDS="$bounds" RETRY_AFTER="$retry_after" BODY_MAX="$body_max" \
				TIMEOUT_MS=$((deadline_ms + 2000))
		done
	} >"$out/$place.conf"
}

# render_readiness SNIPPET NAME PATH [PROGRAMS]: where is asked whether it can serve. Who watched before
# life was another question asks /healthz.
render_readiness() {
	local what
	for what in /readyz /healthz; do
		render "snippets/$1.conf" NAME="$2" PATH="$what$3" ASKED=/readyz PROGRAMS="${4-}"
	done
}

# Of the host tells the program of its numbers, else one of those that are here.
render_host_health() {
	local name health running=() teller=''
	while read -r health name; do
		runs_here "$name" || continue
		running+=("$name")
		[[ -n $teller && $name != metrics ]] || teller="$health $name"
	done < <(printf '%s\n' "${asked_for_host[@]}")
	read -r health name <<<"${teller:-nginx_health -}"
	{
		render snippets/nginx_health.conf PATH=/livez
		render_readiness "$health" "$name" '' "${running[*]}"
	} >"$1/host.health.conf"
}

aliases_of() {
	[[ $1 != speech_to_text ]] || echo /functions/v1/speech_to_text_groq
}

render_functions() {
	local out=$1 limits line asked_for_host=()
	mapfile -t limits < <(told '"\(.name) \(.rate_per_minute) \(.body_max) \(.deadline_ms) \(.rate_factor) \(.connections_per_client) \(.path) \(.has_path_info) \(.protocol) \(.for_operators)"')
	((${#limits[@]} == ${#all_functions[@]})) || die "not every program tells its limits; run make"
	for line in "${limits[@]}"; do
		[[ " ${functions[*]} " == *" ${line%% *} "* ]] || continue
		# shellcheck disable=SC2086
		render_function "$out" $line
	done
	render_host_health "$out"
}

# Is this on where nobody says, which it is not on a stack with a public name?
private_setting() {
	local otherwise=1
	[[ -z ${SCRIBE_PUBLIC_URL-} ]] || otherwise=0
	number_setting "$1" "$otherwise"
}

# Files of nginx/www: those of the console are for who works with it.
is_of_console() {
	[[ $1 == console.html || $1 == console.css || $1 == console_*.js ]]
}

# The address and the key that the pages in a directory use, which of them there are, and what they
# show. Every browser gets this key: it opens nothing by itself.
write_config() {
	local key=${SCRIBE_ANON_KEY-} pages='["talk"]' lead_panel
	[[ -z ${SCRIBE_ANON_KEY_FILE-} ]] || key=$(<"$SCRIBE_ANON_KEY_FILE")
	[[ ! -e $1/console.html ]] || pages='["talk", "console"]'
	lead_panel=$(private_setting SCRIBE_LEAD_PANEL)
	jq -nc --arg key "$key" --argjson pages "$pages" --argjson lead_panel "$lead_panel" \
		'{url: "/", key: $key, pages: $pages, lead_panel: ($lead_panel > 0)}' >"$1/config.json"
}

# publish_dir OUT PREFIX: what is in OUT/www/next, in a directory named after what is in it: what is
# served stays what it is until nginx has changed over. Prints its name.
publish_dir() {
	local out=$1 id
	chmod -R u=rwX,go=rX "$out/www"
	id=$2$(cd "$out/www/next" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum |
		head -c 16)
	mv "$out/www/next" "$out/www/$id"
	echo "$id"
}

# Sets $path, which leads to a file, and its $type.
describe_page() {
	case $1 in
	index.html) path=/ ;;
	console.html) path=/console ;;
	*) path=/$1 ;;
	esac
	case $1 in
	*.html) type='text/html; charset=utf-8' ;;
	*.css) type='text/css; charset=utf-8' ;;
	*.js) type='text/javascript; charset=utf-8' ;;
	*.svg) type=image/svg+xml ;;
	*.json) type=application/json ;;
	esac
}

# Makes the pages of nginx/www ready.
render_pages() {
	local out=$1 console file name types='html css js svg json' id path type
	local -a pages=()
	console=$(private_setting SCRIBE_CONSOLE)
	mkdir -p "$out/www/next"
	for file in "$root"/nginx/www/*; do
		name=${file##*/}
		[[ " $types " == *" ${file##*.} "* ]] || continue
		((console)) || ! is_of_console "$name" || continue
		pages+=("$file")
	done
	cp -p "${pages[@]}" "$out/www/next/"
	write_config "$out/www/next"
	id=$(publish_dir "$out" '')
	for file in "$out/www/$id"/*; do
		name=${file##*/}
		describe_page "$name"
		render snippets/page.conf PATH="$path" DIR="$run/www/$id" FILE="$name" TYPE="$type" \
			>"$out/pages/$name.conf"
	done
}

# Makes a frontend's build ready; names that begin with a dot are nobody's business.
render_ui() {
	local out=$1 dir id
	dir=$(cd "$work_dir" && readlink -m "$SCRIBE_UI_DIR")
	if [[ ! -r $dir/index.html ]]; then
		refuse "SCRIBE_UI_DIR: there is no index.html in '$SCRIBE_UI_DIR'; build the frontend first"
		return
	fi
	mkdir -p "$out/www/next"
	cp -rL "$dir/." "$out/www/next/"
	find "$out/www/next" -mindepth 1 -name '.*' -prune -exec rm -rf {} +
	id=$(publish_dir "$out" ui-)
	render snippets/page_ui.conf DIR="$run/www/$id" >"$out/pages/_all.conf"
}

# What is served beside the functions, to the last name.
render_site() {
	local out=$1 pages
	pages=$(number_setting SCRIBE_PAGES 1)
	mkdir -p "$out/pages"
	if [[ -n ${SCRIBE_UI_DIR-} ]]; then
		render_ui "$out"
		return
	fi
	cp "$root/nginx/snippets/page_none.conf" "$out/pages/_all.conf"
	((pages == 0)) || render_pages "$out"
}

# Where the workers of nginx may read, whoever they are; those of before are kept until next time.
publish_pages() {
	local dir
	for dir in "$run"/www/*; do
		[[ -e $stack_dir/nginx.old/www/${dir##*/} ]] || rm -rf "$dir"
	done
	[[ -d $stack_dir/nginx/www ]] || return 0
	mkdir -p "$run/www"
	chmod 711 "$run/www"
	cp -rp "$stack_dir/nginx/www/." "$run/www/"
}

# The list of origins as lines of a map. Regular expressions: those mind the case.
origin_lines() {
	local origin items name='[A-Za-z0-9._-]+' ipv6='\[[0-9A-Fa-f:]+\]'
	split_list "$SCRIBE_ALLOWED_ORIGINS"
	for origin in "${items[@]}"; do
		if [[ ! $origin =~ ^[A-Za-z][A-Za-z0-9+.-]*://($name|$ipv6)(:[0-9]+)?$ ]]; then
			refuse "SCRIBE_ALLOWED_ORIGINS: '$origin' is not an origin (scheme://name[:port])"
			continue
		fi
		origin=$(printf %s "$origin" | sed "s/[][+.]/\\\\&/g")
		printf "\t\"~^%s$\" \$http_origin;\n" "$origin"
	done | sort -u
}

render_trusted_proxies() {
	local address items
	split_list "${SCRIBE_TRUSTED_PROXIES-}"
	((${#items[@]})) || return 0
	for address in "${items[@]}"; do
		if [[ $address =~ ^[0-9A-Fa-f.:/]+$ ]]; then
			echo "set_real_ip_from $address;"
		else
			refuse "SCRIBE_TRUSTED_PROXIES: '$address' is not an address or a network"
		fi
	done
	echo 'real_ip_header X-Forwarded-For;'
	echo 'real_ip_recursive on;'
}

certificate_is_usable() {
	local file
	for file in "$SCRIBE_TLS_CERT" "$SCRIBE_TLS_KEY"; do
		if [[ ! -r $file ]]; then
			refuse "SCRIBE_TLS_CERT, SCRIBE_TLS_KEY: '$file' can not be read"
			return 1
		elif [[ $(realpath "$file") == *[\"\\\$]* ]]; then
			refuse "SCRIBE_TLS_CERT, SCRIBE_TLS_KEY: no quotes, \\ or \$ in '$file', please"
			return 1
		fi
	done
}

render_tls() {
	local out=$1 to redirect_port tls_port
	local where="TLS_LISTEN=${SCRIBE_TLS_LISTEN:-0.0.0.0}"
	tls_port=$(number_setting TLS_PORT 8443)
	certificate_is_usable || return 0
	render snippets/tls.conf "$where" TLS_PORT="$tls_port" \
		TLS_CERT="$(realpath "$SCRIBE_TLS_CERT")" \
		TLS_KEY="$(realpath "$SCRIBE_TLS_KEY")" >"$out/tls.conf"
	[[ -n ${TLS_REDIRECT_PORT-} ]] || return 0
	redirect_port=$(number_setting TLS_REDIRECT_PORT 80)
	# Not to the name in the request: whoever sends it would choose where the answer leads.
	if [[ ! ${SCRIBE_PUBLIC_URL-} =~ ^https://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?(/|$) ]]; then
		refuse "TLS_REDIRECT_PORT: SCRIBE_PUBLIC_URL must say where to (https://name[:port])"
		return
	fi
	to=${BASH_REMATCH[0]%/}
	render snippets/tls_redirect.conf "$where" TLS_REDIRECT_TO="$to" \
		TLS_REDIRECT_PORT="$redirect_port" >"$out/tls_redirect.conf"
}

# What only who runs the system can reach; and, where METRICS_PORT says so, /metrics alone for a
# Prometheus of this machine, which knows no sockets.
render_operate() {
	local out=$1 metrics_port
	metrics_port=$(port_setting METRICS_PORT 0)
	render conf.d/operate.conf RUN="$run" >"$out/operate.conf"
	if ((metrics_port == port)); then
		refuse "METRICS_PORT: port $port is that of another part of this stack"
		return
	fi
	((metrics_port == 0)) || render snippets/operate_port.conf METRICS_PORT="$metrics_port" \
		>"$out/operate_port.conf"
}

# Two descriptors for each of 16384 connections and as many to spare. Only root may go beyond
# the limit it was given.
descriptor_limit() {
	local hard
	hard=$(ulimit -Hn)
	if ((EUID == 0)) || [[ $hard == unlimited || $hard -gt 65536 ]]; then hard=65536; fi
	echo "$hard"
}

# A test writes the file of nginx's pid, too. Where nginx is never root, and may have put anything in
# that place, the test is not root either.
test_nginx() {
	if [[ -z ${nginx_alone-} ]]; then
		"$nginx_bin" -t -q -p "$1" -c "$1/nginx.conf" -e stderr
		return
	fi
	chgrp -R "$nginx_user" "$1"
	(as_user "$nginx_user" "$nginx_bin" -t -q -p "$1" -c "$1/nginx.conf" -e stderr)
}

# Is there somebody here to hear of what nginx answered itself?
tells_failures() {
	[[ " ${functions[*]} " == *' metrics '* ]] && runs_here metrics
}

# The program that hears of it makes its socket there; nobody else comes in.
make_told_place() {
	local dir=${SCRIBE_NGINX_SOCKET%/*}
	mkdir -p "$dir"
	chmod 750 "$dir"
	((EUID)) || chown "$(program_user):$nginx_user" "$dir"
}

# Renders everything into a directory beside the one in use and tests it there; switch_nginx
# makes it the one in use.
render_nginx() {
	local next=$stack_dir/nginx.next user_line='' trusted='' failures='' nofile snippet origins drain_s
	local -a whole=()
	nofile=$(descriptor_limit)
	origins=$(origin_lines)
	drain_s=$(number_setting SCRIBE_DRAIN_S 30)
	((EUID)) || user_line="user $nginx_user;"
	rm -rf "$next"
	mkdir -p "$next/conf.d" "$next/snippets" "$next/functions"
	for snippet in "$root"/nginx/snippets/*.conf; do
		case ${snippet##*/} in
		function_*.conf | tls*.conf | cors.conf | realip.conf | page.conf | page_none.conf | page_ui.conf | \
			storage.conf | operate_port.conf) ;;
		*) whole+=("$snippet") ;;
		esac
	done
	cp "${whole[@]}" "$next/snippets/"
	trusted=$(render_trusted_proxies)
	render snippets/realip.conf TRUSTED="$trusted" >"$next/snippets/realip.conf"
	render snippets/cors.conf ORIGINS="$origins" >"$next/snippets/cors.conf"
	! tells_failures ||
		failures=$'\t'"access_log syslog:server=unix:$SCRIBE_NGINX_SOCKET,nohostname,tag=scribe failure if=\$scribe_is_own_failure;"
	render nginx.conf USER_LINE="$user_line" WORKERS="${SCRIBE_NGINX_WORKERS:-auto}" RUN="$run" \
		LOG="$log" NOFILE="$nofile" CONNECTIONS="$((nofile < 32768 ? nofile / 2 : 16384))" \
		DRAIN_S="$drain_s" TELL_FAILURES="$failures" >"$next/nginx.conf"
	render_operate "$next/conf.d"
	render conf.d/api.conf LISTEN="$listen" PORT="$port" RUN="$run" >"$next/conf.d/api.conf"
	[[ -z ${SCRIBE_TLS_CERT-} || -z ${SCRIBE_TLS_KEY-} ]] || render_tls "$next/conf.d"
	render_functions "$next/functions"
	# Among them, for it is one more place of the same server.
	render snippets/storage.conf DIR="$STORAGE_DIR" >"$next/functions/storage_files.location.conf"
	render_site "$next"
	mkdir -p "$run/nginx-tmp" "$run/inside"
	chmod 711 "$run/nginx-tmp"
	chmod 700 "$run/inside"
	make_told_place
	test_nginx "$next" >"$log/nginx-test.log" 2>&1 ||
		refuse "nginx does not accept its configuration:
$(cat "$log/nginx-test.log")"
}

switch_nginx() {
	rm -rf "$stack_dir/nginx.old"
	[[ ! -d $stack_dir/nginx ]] || mv "$stack_dir/nginx" "$stack_dir/nginx.old"
	mv "$stack_dir/nginx.next" "$stack_dir/nginx"
	publish_pages
}

write_nginx_unit() {
	local dir=$sup/nginx/a drop=''
	((EUID)) || drop="setpriv --reuid=$nginx_user --regid=$nginx_user --init-groups -- "
	mkdir -p "$dir/log" "$dir/control"
	write_file 755 "$dir/run" <<-END
		#!/bin/bash
		# A master that was killed leaves workers, which keep the port until they are told.
		set -u
		umask 027
		exec 2>&1
		stack_id=${stack_id@Q} stack_dir=${stack_dir@Q}
		sup=${sup@Q}
		. ${root@Q}/scripts/lib/say.sh
		. ${root@Q}/scripts/lib/units.sh
		signal QUIT \$(pids_at nginx "\$PWD")
		rm -f ${run@Q}/inside/{nginx,operate}.sock
		conf=${stack_dir@Q}/nginx
		exec nice -n $nginx_nice $nginx_bin -p "\$conf" -c "\$conf/nginx.conf" -e stderr
	END
	write_file 755 "$dir/log/run" <<-END
		#!/bin/sh
		# Query strings may carry anything: they stay out of the log.
		umask 027
		exec >>${log@Q}/nginx.log
		exec ${drop}sed -u -E 's/\?[^ "]*/?-/g'
	END
	write_file 755 "$dir/control/t" <<-'END'
		#!/bin/sh
		exec kill -QUIT "$(cat supervise/pid)"
	END
}

nginx_workers() {
	local master=$1
	ps -o pid= --ppid "$master"
}

is_leaving() {
	[[ ! -e /proc/$1 ]] || grep -qs 'shutting down' "/proc/$1/cmdline"
}

# New workers are there, and each old one has left or is leaving.
workers_have_changed() {
	local master=$1 pid new=
	shift
	for pid in $(nginx_workers "$master"); do
		if [[ " $* " == *" $pid "* ]]; then
			is_leaving "$pid" || return 1
		else
			new=1
		fi
	done
	[[ -n $new ]]
}

# What a test of the configuration can not tell: whether an address is still free.
nginx_has_decided() {
	workers_have_changed "${@:2}" ||
		tail -c "+$(($1 + 1))" "$log/nginx.log" | grep -q 'still could not bind'
}

# reload_nginx [NAME...]: what render_nginx made comes into force, or all stays as it was. With the
# configuration it has already, nginx goes on as it is, unless it is among the names or may have new
# certificates: its old workers close idle connections, and a client that is just sending on one of
# those sees its request fail.
reload_nginx() {
	local master workers old=$stack_dir/nginx.old size
	look_for_processes
	master=$(unit_pid nginx) || die "nginx does not run"
	workers=$(nginx_workers "$master")
	switch_nginx
	if [[ " $* " != *" nginx "* && -z ${SCRIBE_TLS_CERT-} ]]; then
		! diff -qr "$old" "$stack_dir/nginx" >/dev/null || return 0
	fi
	size=$(stat -c %s "$log/nginx.log")
	sv hup "$sup/nginx/a" >/dev/null
	# shellcheck disable=SC2086
	wait_until 20 nginx_has_decided "$size" "$master" $workers || true
	# shellcheck disable=SC2086
	workers_have_changed "$master" $workers && return
	rm -rf "$stack_dir/nginx"
	mv "$old" "$stack_dir/nginx"
	die "nginx goes on with its old configuration: $(tail -n 5 "$log/nginx.log")"
}
