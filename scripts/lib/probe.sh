# shellcheck shell=bash
# A visitor who speaks: one spoken turn from the outside, as scripts/deploy takes it to see whether a
# version works. Uses: work anon_key; die.

# call URL FUNCTION BODY ANSWER [HEADER...]: fails, with why on stderr, unless that is 200.
call() {
	local url=$1 name=$2 body=$3 answer=$4 status header headers=()
	shift 4
	for header in "apikey: $anon_key" "$@"; do headers+=(-H "$header"); done
	status=$(curl -sS -m 60 -o "$answer" -w '%{http_code}' "${headers[@]}" \
		--data-binary "@$body" "$url/functions/v1/$name") || return 1
	[[ $status == 200 ]] && return
	printf '%s answers %s: %s\n' "$name" "$status" "$(head -c 300 "$answer")" >&2
	return 1
}

# probe_begin URL: a session, which probe_end removes. The visitor's voice is our own, made once.
probe_begin() {
	local said='Hello, we are looking for help with search in our shop.'
	echo '{}' >"$work/body"
	call "$1" create_session "$work/body" "$work/session" 'Content-Type: application/json' || return 1
	jq -r .session_id "$work/session" >>"$work/sessions"
	[[ ! -s $work/said.wav ]] || return 0
	jq -c --arg said "$said" '{session_id, session_secret, text: $said, format: "wav"}' \
		"$work/session" >"$work/body"
	call "$1" text_to_speech "$work/body" "$work/answer" 'Content-Type: application/json' &&
		jq -r .audio_base64 "$work/answer" | base64 -d >"$work/said.wav"
}

# probe_turn URL: prints after how many milliseconds the answer's first sound was there.
probe_turn() {
	call "$1" agent_reply "$work/said.wav" "$work/answer" 'Content-Type: audio/wav' \
		"X-Session-Id: $(jq -r .session_id "$work/session")" \
		"X-Session-Secret: $(jq -r .session_secret "$work/session")" || return 1
	jq -er 'select((.heard.text | length) > 0 and (.text | length) > 0 and
		(.audio_base64 | length) > 1000) | .timings.first_audio_ms' "$work/answer" && return
	echo 'agent_reply heard nothing, or gave no text or no sound' >&2
	return 1
}

# Nothing of it is remembered, where the database is the stack's own.
probe_end() {
	local url id
	[[ -s $work/sessions ]] && url=$(private_database_url scribe_owner) || return 0
	while read -r id; do
		psql -XAtqw -d "$url" -v "id=$id" -f - <<<"select remove_session(:'id', null)" >/dev/null ||
			say "the session $id of a test turn is left"
	done <"$work/sessions"
}
