# shellcheck shell=bash
# shellcheck disable=SC2154 # what a file uses of scripts/stack is named below
# Where settings come from: the environment, then scribe.env, then the stage's file, then what is
# generated here. Uses: root stack_dir port bin all_functions known.

# split_list VALUE: its items into the array $items, separated by commas, blanks or both, as
# cfg_next_item() of the programs does. An item is never taken for a pattern of file names.
split_list() {
	local IFS=$', \t\n\r\v\f' words word
	read -rd '' -a words <<<"$1" || true
	items=()
	for word in "${words[@]}"; do
		[[ -z $word ]] || items+=("$word")
	done
}

# What the file that was loaded last says, whatever the environment does.
declare -A in_settings_file=()

# KEY=VALUE lines, the value bare or in quotes, as the programs read them; the environment wins.
load_settings_file() {
	local file=$1 line key value number=0
	in_settings_file=()
	[[ -e $file ]] || return 0
	[[ -r $file && ! -d $file ]] || die "$PWD/$file can not be read"
	while IFS= read -r line || [[ -n $line ]]; do
		number=$((number + 1))
		[[ $line =~ ^[[:space:]]*(#|$) ]] && continue
		[[ $line =~ ^[[:space:]]*([A-Z][A-Z0-9_]*)[[:space:]]*=[[:space:]]*(.*[^[:space:]])?[[:space:]]*$ ]] ||
			refuse_line "$file" "$number" || continue
		key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
		[[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]] && value=${BASH_REMATCH[1]}
		in_settings_file[$key]=$value
		[[ -n ${!key+set} ]] || export "$key=$value"
	done <"$file"
}

refuse_line() {
	refuse "$1:$2: expected KEY=VALUE"
	return 1
}

# All that fills what the environment lacks: scribe.env, then what is usual at the stage it may name.
load_settings() {
	load_settings_file scribe.env
	[[ -z ${SCRIBE_STAGE-} ]] || load_stage
}

# Its file is the project's own: who may misspell a name in it are we, whom a test tells.
load_stage() {
	local file=$root/scripts/stages/$SCRIBE_STAGE.env
	local -A in_settings_file
	if [[ $SCRIBE_STAGE =~ ^[a-z]+$ && -r $file ]]; then
		load_settings_file "$file"
	else
		refuse "SCRIBE_STAGE: '$SCRIBE_STAGE' is none of development, staging, production"
	fi
}

random_hex() {
	od -An -vN"$1" -tx1 /dev/urandom | tr -d ' \n'
}

# What only a host itself can make, and must keep.
own_secrets=(SCRIBE_ANON_KEY SCRIBE_JWT_SECRET SCRIBE_DATA_KEY)

# The keys nobody gave are made once and kept, so that sessions and sealed data outlive a restart.
# New ones wait in $new_secrets until it is sure that they are used.
generate_secrets() {
	local file=$stack_dir/secrets.env name file_name value
	new_secrets=''
	for name in "${own_secrets[@]}"; do
		file_name=${name}_FILE
		[[ -z ${!name+set} && -z ${!file_name+set} ]] || continue
		value=$(sed -n "s/^$name=//p" "$file" 2>/dev/null) || true
		if [[ -z $value ]]; then
			value=$(random_hex 32)
			new_secrets+="$name=$value"$'\n'
		fi
		export "$name=$value"
	done
}

# Passphrases become keys once, here: the programs take none.
stretch_keys() {
	local tool=${bin%/bin}/libexec/stretch_key name file_name value
	for name in SCRIBE_DATA_KEY SCRIBE_DATA_KEY_FORMER; do
		file_name=${name}_FILE
		[[ ${!name-} == passphrase:* || ${!file_name-} ]] || continue
		[[ -x $tool ]] || die "$tool is missing; run make"
		value=$("$tool" "$name" 2>&1) || { refuse "$value" && continue; }
		[[ -z $value ]] || export "$name=$value"
	done
}

# The vectors of the examples by which programs tell what a visitor does: made once for a model, and
# kept beside it. Without them words tell.
make_act_vectors() {
	local tool=${bin%/bin}/libexec/act_vectors
	[[ -x $tool ]] || die "$tool is missing; run make"
	timeout 300 "$tool" || say "the examples of what visitors do have no vectors; words tell"
}

keep_secrets() {
	local file=$stack_dir/secrets.env
	{
		[[ ! -e $file ]] || cat "$file"
		printf %s "$new_secrets"
	} | write_file 600 "$file"
}

# Browsers send Origin even to their own origin, so the stack's own names are always listed.
list_own_origins() {
	local own="http://localhost:$port,http://127.0.0.1:$port"
	if [[ -n ${SCRIBE_PUBLIC_URL-} ]]; then
		if [[ $SCRIBE_PUBLIC_URL =~ ^https?://[^/?#]+ ]]; then
			own+=",${BASH_REMATCH[0]}"
		else
			refuse "SCRIBE_PUBLIC_URL: expected http(s)://name, not '$SCRIBE_PUBLIC_URL'"
		fi
	fi
	# Links in mails lead here where there is no public name.
	export SCRIBE_OWN_URL="http://127.0.0.1:$port"
	export SCRIBE_ALLOWED_ORIGINS="${SCRIBE_ALLOWED_ORIGINS:+$SCRIBE_ALLOWED_ORIGINS,}$own"
}

# print_exports [NAME...]: of the exported variables, or those named, what is kept, for a shell to
# read.
print_exports() {
	local name names=("$@")
	(($#)) || mapfile -t names < <(compgen -e)
	for name in "${names[@]}"; do
		! is_kept "$name" || printf 'export %s=%q\n' "$name" "${!name}"
	done
}

# Settings, and what the system's libraries read. What else its caller's environment holds (the keys
# of other systems) is no business of a stack's, whose files outlive that.
is_kept() {
	case $1 in
	STACK_DIR | PORT | FLAVOUR | BUILD | PG_BIN | NGINX_BIN) ;;
	PATH | HOME | USER | LOGNAME | LANG | LANGUAGE | LC_* | TZ | TMPDIR) ;;
	PG[A-Z]* | SSL_CERT_* | OPENSSL_* | LD_LIBRARY_PATH | LOCALDOMAIN | RES_OPTIONS) ;;
	MALLOC_* | GLIBC_TUNABLES | OMP_* | *SAN_OPTIONS) ;;
	*) is_setting "$1" ;;
	esac
}

# remember_environment GIVEN: what is kept of the environment given to `up`, and settings given to
# `reload`, before scribe.env and this script add to it: the next `reload` begins from it again.
remember_environment() {
	write_file 600 "$stack_dir/env.up" <<<"$1"
}

# For `reload`, the environment of `up`, except for the settings that its own environment gives, and
# which programs are meant.
recall_environment() {
	local given=() line name
	while IFS= read -r name; do
		if is_setting "$name" || [[ $name == BUILD || $name == FLAVOUR ]]; then given+=("$name"); fi
	done < <(compgen -e)
	line=$( ((${#given[@]} == 0)) || print_exports "${given[@]}")
	# shellcheck source=/dev/null
	. "$stack_dir/env.up"
	eval "$line"
}

# What programs read, a secret also from the file that NAME_FILE names, or scripts/stack.
is_setting() {
	case $1 in
	SCRIBE_STACK_UNIT) return 1 ;;
	SCRIBE_* | RATE_* | UPSTREAM_* | TLS_* | METRICS_PORT) return 0 ;;
	esac
	[[ $known == *" $1 "* || $known == *" ${1%_FILE} "* ]]
}

# Names that only the stack itself reads.
stack_settings() {
	local name
	echo STACK_DIR PORT FLAVOUR BUILD NGINX_BIN PG_BIN DATABASE_URL_FILE SCRIBE_CACHE SCRIBE_LISTEN \
		SCRIBE_TLS_CERT SCRIBE_TLS_KEY SCRIBE_TLS_LISTEN TLS_PORT TLS_REDIRECT_PORT \
		METRICS_PORT SCRIBE_PROMETHEUS_PORT SCRIBE_ALERTMANAGER_PORT SCRIBE_ALERTMANAGER_FILE \
		SCRIBE_SCRAPE_S \
		SCRIBE_TRUSTED_PROXIES SCRIBE_CONNECTIONS_PER_CLIENT SCRIBE_NGINX_WORKERS \
		SCRIBE_STAGE SCRIBE_PAGES SCRIBE_CONSOLE SCRIBE_LEAD_PANEL SCRIBE_UI_DIR \
		SCRIBE_FUNCTIONS SCRIBE_USER SCRIBE_DRAIN_S SCRIBE_START_S SCRIBE_MIGRATE_S \
		SCRIBE_BACKUP_DIR SCRIBE_BACKUP_RECIPIENT SCRIBE_BACKUP_DAYS
	for name in "${all_functions[@]}"; do echo "RATE_${name^^} UPSTREAM_${name^^}"; done
}

# nearest_name NAME KNOWN: the one among KNOWN that fewest letters make of it; nothing if none is
# near.
nearest_name() {
	tr -s ' ' '\n' <<<"$2" | awk -v name="$1" '
		function distance(a, b, i, j, la, lb, d, cost, least) {
			la = length(a); lb = length(b)
			for (j = 0; j <= lb; j++) d[0, j] = j
			for (i = 1; i <= la; i++) {
				d[i, 0] = i
				for (j = 1; j <= lb; j++) {
					cost = substr(a, i, 1) != substr(b, j, 1)
					least = d[i - 1, j - 1] + cost
					if (d[i - 1, j] + 1 < least) least = d[i - 1, j] + 1
					if (d[i, j - 1] + 1 < least) least = d[i, j - 1] + 1
					d[i, j] = least
				}
			}
			return d[la, lb]
		}
		BEGIN { best = int(length(name) / 4) + 1 }
		NF { n = distance(name, $1); if (n < best) { best = n; found = $1 } }
		END { print found }'
}

# is_ours NAME: nothing but a setting begins or ends so.
is_ours() {
	case $1 in
	GROQ_* | OPENAI_* | ELEVENLABS_* | RESEND_* | SLACK_* | *_PROVIDERS) return 0 ;;
	esac
	is_setting "$1"
}

# A misspelt setting of scribe.env would be passed over without a word. Others may be meant for
# what the programs are linked with (TZ, PGSSLMODE): these are passed on, and told.
check_names() {
	local names name near
	((${#in_settings_file[@]})) || return 0
	names="$known$(stack_settings | tr '\n' ' ') "
	for name in "${!in_settings_file[@]}"; do
		[[ $names != *" $name "* && $names != *" ${name%_FILE} "* ]] || continue
		near=$(nearest_name "$name" "$names")
		if [[ -n $near ]]; then
			refuse "scribe.env: there is no setting $name; is $near meant?"
		elif is_ours "$name"; then
			refuse "scribe.env: there is no setting $name"
		elif is_kept "$name"; then
			say "scribe.env: $name is no setting of scribe; it is passed on all the same"
		else
			say "scribe.env: $name is no setting of scribe; it is not passed on"
		fi
	done
}

# in_force NAME: a setting as it was at the last `up` or `reload`, out of its file where it is in one.
in_force() (
	unset "$1" "${1}_FILE"
	# shellcheck source=/dev/null
	. "$stack_dir/env.sh"
	file=${1}_FILE
	if [[ -n ${!file-} ]]; then cat "${!file}"; else printf %s "${!1-}"; fi
)
