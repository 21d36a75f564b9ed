/* turns.c -- beginning and ending a turn, one statement each. */
#include "turns.h"

#include "../base/json_out.h"
#include "../io/db.h"
#include "session_sql.h"
#include "sessions.h"

#include <unistd.h>

#define BEGIN_TRIES    20
#define JOIN_WINDOW_MS 2000 /* browsers re-send a POST when a kept connection drops */
#define JOIN_POLL_US   25000

/* What the newest turn of the session means for this message:
 *   again   another request changed the session after this statement's snapshot was
 *           taken: the locked row is newer than what the rest would read
 *   join    the same message is running, or was answered within the window
 *   quiet   an unasked follow-up, and the visitor is being answered or has had enough of them
 *   begin   everything else; an unanswered turn with the same message is adopted,
 *           another running one is superseded
 * $5 message $6 its hash $7 turn id $8 mode $9 deadline ms $10 join window ms
 * $11 is proactive $12 proactive max $13 history rows */
static const char begin_sql[] = SESSION_CHECK_CTE
	", last as (select t.* from turns t, checked c where t.session_id = c.id and t.turn = c.turn),"
	" decided as (select c.*, l.turn_id as last_turn_id, case"
	"   when c.version <> (select s.xmin from sessions s where s.id = c.id) then 'again'"
	"   when l.message_hash = $6::bytea and (l.state = 'running' and l.ends_by > now()"
	"    or l.state = 'done' and l.finished_at > now() - $10::int * interval '1 ms') then 'join'"
	"   when $11::bool and (c.proactive_count >= $12::int"
	"    or coalesce(l.state = 'running' and l.ends_by > now(), false)) then 'quiet'"
	"   else 'begin' end as action,"
	"  case when l.message_hash = $6::bytea and l.state in ('running', 'abandoned')"
	"   then l.visitor_utterance_id end as adopted"
	"  from checked c left join last l on true where c.verdict = 'ok'),"
	" closed as (update turns t set answer = null,"
	"   state = case when t.state = 'running' then 'superseded' else t.state end,"
	"   finished_at = coalesce(t.finished_at, now())"
	"  from decided d where d.action = 'begin' and t.session_id = d.id and t.turn = d.turn),"
	" said as (insert into utterances (session_id, speaker, text, turn)"
	"  select d.id, 'visitor', $5, d.turn + 1 from decided d"
	"   where d.action = 'begin' and not $11::bool and d.adopted is null returning id),"
	" begun as (insert into turns (session_id, turn, turn_id, message_hash, ends_by,"
	"   visitor_utterance_id)"
	"  select d.id, d.turn + 1, coalesce($7, gen_random_uuid()::text), $6::bytea,"
	"   now() + $9::int * interval '1 ms', coalesce(d.adopted, (select id from said))"
	"  from decided d where d.action = 'begin' returning turn, turn_id),"
	" changed as (insert into events (session_id, kind, payload)"
	"  select d.id, 'mode_change', jsonb_build_object('from', d.current_mode, 'to', $8::text)"
	"  from decided d where d.action = 'begin' and $8 <> d.current_mode),"
	" touched as (update sessions s set " SESSION_TOUCH ","
	"   turn = c.turn + (c.action = 'begin')::int,"
	"   utterance_count = c.utterance_count + (select count(*) from said),"
	"   current_mode = case when c.action = 'begin' then coalesce($8, c.current_mode)"
	"    else c.current_mode end,"
	"   proactive_count = case when not $11::bool then 0"
	"    when c.action = 'begin' then c.proactive_count + 1 else c.proactive_count end"
	"  from decided c where s.id = c.id and c.action <> 'again')"
	" select c.verdict, d.action, coalesce(b.turn, d.turn), coalesce(b.turn_id, d.last_turn_id),"
	"  coalesce($8, d.current_mode), (m.payload->>'callback_at')::int, h.speaker = 'agent', h.text,"
	"  (m.payload->>'perspective_at')::int"
	" from checked c left join decided d on true left join begun b on true"
	" left join lateral (select payload from events e where e.session_id = d.id"
	"  and e.kind = 'dynamics' order by e.ts desc limit 1) m on d.action = 'begin'"
	" left join lateral (select speaker, text, position from utterances u"
	"  where u.session_id = d.id and u.id is distinct from d.adopted"
	"  order by position desc limit $13::int) h on d.action = 'begin'"
	" order by h.position";

static void read_history(struct ctx *cx, const struct db_rows *rows, struct turn *out)
{
	struct utterance_text *history =
		NEW_ARRAY(cx->arena, struct utterance_text, (size_t)rows->count);

	for (int i = 0; i < rows->count; i++) {
		if (row_is_null(rows, i, 7))
			continue; /* the one row of a session without history */
		history[out->history_n++] = (struct utterance_text){
			row_bool(rows, i, 6) ? SPEAKER_AGENT : SPEAKER_VISITOR, row_text(rows, i, 7)};
	}
	out->history = history;
}

static enum turn_action read_action(const char *word)
{
	if (str_equal(word, "join"))
		return TURN_JOINED;
	return str_equal(word, "quiet") ? TURN_QUIET : TURN_BEGUN;
}

static void read_turn(struct ctx *cx, const struct turn_new *in, const struct db_rows *rows,
                      struct turn *out)
{
	int64_t number = row_int(rows, 0, 2);

	*out = (struct turn){
		.action = read_action(row_text(rows, 0, 1)),
		.session_id = in->session_id,
		.number = number,
		.turn_id = row_text(rows, 0, 3),
		.mode = row_text(rows, 0, 4),
		.marks = {(unsigned)row_int(rows, 0, 5), (unsigned)row_int(rows, 0, 8)},
		.answer_key = HASH("turn_answer", span_of(in->session_secret),
	                           span_of(row_text(rows, 0, 2))),
	};
	read_history(cx, rows, out);
}

static struct err *begin_once(struct ctx *cx, const struct turn_new *in, struct db_rows *rows)
{
	struct hash secret = session_secret_hash(in->session_secret);
	/* Only a holder of the secret can tell which messages are equal. */
	struct hash    message = HASH("turn_message", span_of(in->session_secret),
	                              span_of(in->message));

	TRY(db_query(cx, rows, begin_sql,
	             ARGS(db_text(in->session_id), db_bytes(hash_span(&secret)),
	                  db_int(session_idle_seconds()), db_int(session_rate_per_minute()),
	                  db_text(in->message), db_bytes(hash_span(&message)),
	                  db_text(in->turn_id), db_text(in->mode), db_int(in->deadline_ms),
	                  db_int(JOIN_WINDOW_MS), db_bool(in->is_proactive),
	                  db_int(PROACTIVE_MAX), db_int(TURN_HISTORY_ROWS))));
	return session_verdict(cx, rows->count ? row_text(rows, 0, 0) : NULL);
}

struct err *turn_begin(struct ctx *cx, const struct turn_new *in, struct turn *out)
{
	struct db_rows rows;

	if (!str_is_uuid(in->session_id))
		return session_verdict(cx, NULL);
	for (int i = 0; i < BEGIN_TRIES; i++) {
		TRY(begin_once(cx, in, &rows));
		if (str_equal(row_text(&rows, 0, 1), "again"))
			continue;
		read_turn(cx, in, &rows, out);
		return NULL;
	}
	FAIL(cx, ERR_UNAVAILABLE, "the session changed %d times while a turn began", BEGIN_TRIES);
}

/* $1 session $2 turn $3 reply $4 sealed answer $5 intent (null: no extract) $6 confidence
 * $7 entities $8 actions $9 lead score $10 reasons $11 provider $12 dynamics (null: unchanged) */
static const char finish_sql[] =
	"with owner as materialized (select id from sessions where id = $1::uuid and turn = $2::bigint"
	"  for no key update),"
	" done as (update turns t set state = 'done', finished_at = now(), answer = $4::bytea"
	"  from owner o where t.session_id = o.id and t.turn = $2::bigint and t.state = 'running'"
	"  returning t.session_id, t.visitor_utterance_id),"
	" replied as (insert into utterances (session_id, speaker, text, turn)"
	"  select session_id, 'agent', $3, $2::bigint from done returning id),"
	" extracted as (insert into extracts (session_id, utterance_id, turn, intent, confidence,"
	"   entities, followup_actions, lead_score, scoring_reasons, provider)"
	"  select session_id, visitor_utterance_id, $2::bigint, $5::text, $6::numeric, $7::jsonb, $8::jsonb,"
	"   $9::int, array(select jsonb_array_elements_text($10::jsonb)), $11"
	"  from done where $5::text is not null and visitor_utterance_id is not null),"
	" hinted as (insert into events (session_id, kind, payload)"
	"  select session_id, 'dynamics', $12::jsonb from done where $12 is not null),"
	" scored as (update sessions s set utterance_count = s.utterance_count + 1,"
	"   lead_score = greatest(s.lead_score, coalesce($9::int, 0)),"
	"   final_intent = case when $5::text is not null and $9::int >= s.lead_score then $5::text"
	"    else s.final_intent end,"
	"   lead_turn = case when $5::text is not null and $9::int >= s.lead_score then $2::bigint"
	"    else s.lead_turn end,"
	"   lead_reasons = case when $5::text is not null and $9::int >= s.lead_score"
	"    then array(select jsonb_array_elements_text($10::jsonb)) else s.lead_reasons end"
	"  from done where s.id = done.session_id)"
	" select exists (select from done)";

static const char *marks_json(struct ctx *cx, const struct dynamics_marks *marks)
{
	if (!marks)
		return NULL;
	return arena_printf(cx->arena, "{\"callback_at\":%u,\"perspective_at\":%u}",
	                    marks->callback_at, marks->perspective_at);
}

static const char *reasons_json(struct ctx *cx, const struct turn_extract *x)
{
	struct json_out *j = json_new(cx->arena, 0);

	json_arr(j, NULL);
	for (size_t i = 0; i < x->reasons_n; i++)
		json_str(j, NULL, x->reasons[i]);
	json_end(j);
	return json_done(j).ptr;
}

struct err *turn_finish(struct ctx *cx, const struct turn *turn, const struct turn_end *end)
{
	const struct turn_extract  none = {.intent = NULL};
	const struct turn_extract *x = end->extract ? end->extract : &none;
	struct span sealed = crypto_seal(cx->arena, turn->answer_key.bytes, end->answer);
	struct db_rows rows;

	TRY(db_query(cx, &rows, finish_sql,
	             ARGS(db_text(turn->session_id), db_int(turn->number), db_text(end->reply),
	                  db_bytes(sealed), db_text(x->intent), db_num(x->confidence),
	                  db_text(x->entities_json), db_text(x->actions_json),
	                  end->extract ? db_int(x->lead_score) : db_text(NULL),
	                  db_text(reasons_json(cx, x)), db_text(x->provider),
	                  db_text(marks_json(cx, end->marks)))));
	if (!row_bool(&rows, 0, 0))
		FAIL(cx, ERR_SUPERSEDED, "turn %lld is not the newest", (long long)turn->number);
	return NULL;
}

struct err *turn_give_up(struct ctx *cx, const struct turn *turn, bool take_back)
{
	return db_exec(cx, NULL,
	               "with given_up as (update turns set finished_at = now(),"
	               "  state = case when $3::bool then 'failed' else 'abandoned' end"
	               "  where session_id = $1::uuid and turn = $2::bigint and state = 'running'"
	               "  returning session_id, visitor_utterance_id),"
	               " taken_back as (delete from utterances u using given_up g"
	               "  where $3::bool and u.id = g.visitor_utterance_id returning u.session_id)"
	               " update sessions s set utterance_count = s.utterance_count - 1"
	               "  from taken_back b where s.id = b.session_id",
	               ARGS(db_text(turn->session_id), db_int(turn->number), db_bool(take_back)));
}

static struct err *look_at(struct ctx *cx, const struct turn *turn, const char **state_out,
                           struct span *answer_out)
{
	struct db_rows rows;
	struct span    sealed;

	TRY(db_query(cx, &rows,
	             "select state, answer, ends_by > now() from turns"
	             " where session_id = $1::uuid and turn = $2::bigint",
	             ARGS(db_text(turn->session_id), db_int(turn->number))));
	if (rows.count == 0)
		FAIL(cx, ERR_SESSION, "the session is gone");
	*state_out = row_text(&rows, 0, 0);
	if (str_equal(*state_out, "running") && !row_bool(&rows, 0, 2))
		*state_out = "abandoned";
	sealed = row_bytes(cx, &rows, 0, 1);
	if (sealed.ptr && !crypto_open(cx->arena, turn->answer_key.bytes, sealed, answer_out))
		FAIL(cx, ERR_INTERNAL, "a kept answer does not open");
	return NULL;
}

struct err *turn_await(struct ctx *cx, const struct turn *turn, struct span *answer_out)
{
	const char *state;

	*answer_out = (struct span){NULL, 0};
	for (;;) {
		TRY(look_at(cx, turn, &state, answer_out));
		if (answer_out->ptr)
			return NULL;
		if (str_equal(state, "superseded") || str_equal(state, "done"))
			FAIL(cx, ERR_SUPERSEDED, "a newer turn took over");
		if (!str_equal(state, "running"))
			return NULL;
		if (deadline_left_ms(cx->deadline) == 0)
			FAIL(cx, ERR_DEADLINE, "the joined turn is still running");
		if (ctx_cancelled(cx))
			FAIL(cx, ERR_CANCELLED, "nobody waits any more");
		usleep(JOIN_POLL_US);
	}
}
