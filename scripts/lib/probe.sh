# shellcheck shell=bash
# shellcheck disable=SC2154 # what a file uses of its caller is named below
# A visitor who says one sentence, as scripts/deploy has one to see whether a version works. Comes by a
# socket that only who runs the stack can reach: in no log of who called, and with rates of its own.
# Uses: stack_dir work anon_key; say; scripts/lib/database.sh.

# ask FUNCTION FILE CURL-OPTION...: of the stack in $asked; the body is in FILE. What does not answer
# in a minute does not.
ask() {
	exec curl -sSN -m 60 --unix-socket "$(readlink -f "$asked/run")/inside/nginx.sock" \
		-H "apikey: $anon_key" "${@:3}" --data-binary "@$2" "http://localhost/functions/v1/$1"
}

ask_json() { (ask "$@" -f -H 'Content-Type: application/json'); }

# A session of its own for each turn; its id is written down before it is used.
begin_session() {
	echo '{}' >"$work/body"
	ask_json create_session "$work/body" >"$work/session" 2>"$work/why" &&
		jq -er .session_id "$work/session" >>"$stack_dir/test-sessions"
}

# The visitor's voice is our own, made once.
make_voice() {
	[[ ! -s $work/said.wav ]] || return 0
	jq -c '{session_id, session_secret, text: "Hello, this is a test call.", format: "wav"}' \
		"$work/session" >"$work/body"
	ask_json text_to_speech "$work/body" >"$work/answer" 2>"$work/why" || return 1
	jq -er .audio_base64 "$work/answer" | base64 -d >"$work/said.wav"
}

# probe_turn STACK_DIR: sets $first_ms, after how many milliseconds the first sound was there. Fails
# where anything does not work, with a word about it in $work/why.
probe_turn() {
	local asked=$1 line event='' from
	first_ms=''
	begin_session && make_voice || return 1
	: >"$work/why"
	from=${EPOCHREALTIME/[^0-9]/}
	while IFS= read -r line; do
		case $line in
		'event: '*) event=${line#event: } ;;
		'{'*) echo "${line:0:300}" >"$work/why" ;;
		'data: '*) [[ $event != error ]] || echo "${line:6:300}" >"$work/why" ;;
		esac
		[[ -n $first_ms || $event != audio ]] ||
			first_ms=$(((${EPOCHREALTIME/[^0-9]/} - from) / 1000))
	done < <(ask agent_reply "$work/said.wav" -H 'Content-Type: audio/wav' \
		-H 'Accept: text/event-stream' -H "X-Session-Id: $(jq -r .session_id "$work/session")" \
		-H "X-Session-Secret: $(jq -r .session_secret "$work/session")" 2>>"$work/why")
	[[ -s $work/why ]] || echo "the answer ends with '$event'" >"$work/why"
	[[ $event == "done" && -n $first_ms ]]
}

# Removes all sessions that such visitors had, where the database is the stack's own.
probe_forget() {
	local url id left=''
	[[ -s $stack_dir/test-sessions ]] && url=$(private_database_url scribe_owner) || return 0
	while read -r id; do
		# A job may have hold of some of it.
		wait_until 5 remove_session || left+="$id"$'\n'
	done <"$stack_dir/test-sessions"
	printf %s "$left" >"$stack_dir/test-sessions"
}

remove_session() {
	[[ $id =~ ^[0-9a-f-]{36}$ ]] &&
		psql -XAtqw -d "$url" -c "select remove_session('$id', null)" >/dev/null 2>&1 </dev/null
}
