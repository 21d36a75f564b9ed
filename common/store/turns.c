/* turns.c -- beginning and ending a turn, one statement each. */
#include "turns.h"

#include "../base/json_out.h"
#include "../base/log.h"
#include "../base/payers.h"
#include "../base/str.h"
#include "../base/vault.h"
#include "../domain/memory/summary.h"
#include "../db/db.h"
#include "common/store/lazy_commit.sql.h"
#include "common/store/turn_abandon.sql.h"
#include "common/store/turn_ahead.sql.h"
#include "common/store/turn_begin.sql.h"
#include "common/store/turn_finish.sql.h"
#include "common/store/turn_give_up.sql.h"
#include "common/store/turn_reply.sql.h"
#include "common/store/turn_resume.sql.h"
#include "common/store/turn_unread.sql.h"
#include "common/store/turn_upkeep.sql.h"
#include "emails.h"
#include "jobs.h"
#include "memories.h"
#include "sealed.h"
#include "sessions.h"
#include "turn_progress.h"

#define BEGIN_TRIES 20
#define ANSWER      SPAN("turns silent answer") /* its key is of one turn of one session */
#define UNSAID      SPAN("turns unsaid")        /* the same */

/* The columns of turn_columns.sql, and of turn_resume.sql or turn_unread.sql behind them. */
enum begin_column {
	COL_VERDICT,
	COL_ACTION,
	COL_TURN,
	COL_TURN_ID,
	COL_MODE,
	COL_CONSENT,
	COL_CALLBACK_AT,
	COL_PERSPECTIVE_AT,
	COL_EXTRACT,
	COL_EXTRACT_ID, /* behind the extract */
	COL_CONTACT,    /* and this behind its id */
	COL_NAMES,
	COL_SAID_ID,
	COL_PAYERS,
	COL_AGE_S,
	COL_OWNER,
	COL_FORCED,
	COL_IS_AGENT,
	COL_ID,
	COL_TEXT,
	COL_TEXT_SEALED,
	COL_IN_DISTRESS,
	COL_INTERRUPTED,
	COL_SAID,
	COL_SAID_SEALED,
	COL_SAID_IN_DISTRESS,
	COL_REPLY_ID,
	COL_UNSAID,
	COL_CLAIM = COL_SAID_IN_DISTRESS /* of turn_unread.sql */
};

/* ---- beginning ---- */

/* Behind all that was answered, by whom it was read. Words that were read are plain, or told to be
 * of distress. */
static bool is_unread(const struct db_rows *rows, int i)
{
	for (int k = i; k < rows->count; k++)
		if (row_bool(rows, k, COL_IS_AGENT))
			return false;
	return !*row_text(rows, i, COL_TEXT) && !row_bool(rows, i, COL_IN_DISTRESS);
}

static void read_history(struct ctx *cx, const struct db_rows *rows, struct turn *out)
{
	struct utterance_text *history =
		NEW_ARRAY(cx->arena, struct utterance_text, (size_t)rows->count);

	out->history = history;
	for (int i = 0; i < rows->count; i++) {
		if (row_is_null(rows, i, COL_TEXT))
			continue; /* the one row of a session without history */
		out->last_id = row_text(rows, i, COL_ID);
		history[out->history_n++] = (struct utterance_text){
			row_bool(rows, i, COL_IS_AGENT) ? SPEAKER_AGENT : SPEAKER_VISITOR,
			sealed_open(cx, AT_UTTERANCE(row_text(rows, i, COL_ID)), row_text(rows, i, COL_TEXT),
		                row_bytes(cx, rows, i, COL_TEXT_SEALED)),
			row_bool(rows, i, COL_IN_DISTRESS), row_bool(rows, i, COL_INTERRUPTED),
			is_unread(rows, i)};
	}
}

/* An extract and, in the columns behind it, its id and contact data. */
static const struct extract *read_extract(struct ctx *cx, const struct db_rows *rows, int col)
{
	struct extract *found;

	if (row_is_null(rows, 0, col))
		return NULL;
	found = extract_parse(cx, span_of(row_text(rows, 0, col)));
	if (found)
		extract_open(cx, row_text(rows, 0, col + 1), row_bytes(cx, rows, 0, col + 2), found);
	return found;
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
	*out = (struct turn){
		.action = read_action(row_text(rows, 0, COL_ACTION)),
		.session_id = in->session_id,
		.claim = in->claim,
		.message = in->message,
		.utterance_id = row_text(rows, 0, COL_SAID_ID),
		.reply_id = sealed_row_id(cx),
		.number = row_int(rows, 0, COL_TURN),
		.turn_id = row_text(rows, 0, COL_TURN_ID),
		.mode = row_text(rows, 0, COL_MODE),
		.has_consent = row_bool(rows, 0, COL_CONSENT),
		.session_age_s = row_int(rows, 0, COL_AGE_S),
		.owner = row_text(rows, 0, COL_OWNER),
		.flags_forced = row_text(rows, 0, COL_FORCED),
		.marks = {(unsigned)row_int(rows, 0, COL_CALLBACK_AT),
	              (unsigned)row_int(rows, 0, COL_PERSPECTIVE_AT)},
		.known = read_extract(cx, rows, COL_EXTRACT),
		.answer_key =
			HASH("turn_answer", span_of(in->session_secret), span_of(row_text(rows, 0, COL_TURN))),
	};
	names_open(cx, row_text(rows, 0, COL_NAMES), &out->names);
	read_history(cx, rows, out);
}

static struct err *begin_once(struct ctx *cx, const struct turn_new *in, struct db_rows *rows)
{
	/* Only a holder of the secret can tell which messages are equal. */
	struct hash message = HASH("turn_message", span_of(in->session_secret), span_of(in->message));
	const char *id = sealed_row_id(cx);
	struct kept_text kept = sealed_keep_back(cx, AT_UTTERANCE(id), in->message);
	unsigned         age_ms = in->age_ms < TURN_JOIN_AGE_MS ? in->age_ms : TURN_JOIN_AGE_MS;
	int64_t          asked_ago_ms = (int64_t)(clock_mono_ms() - in->asked_ms);

	return session_query(cx, in->session_id, in->session_secret, TURN_BEGIN_SQL,
	                     ARGS(db_int(TURN_HISTORY_ROWS), db_text(in->mode), db_text(in->turn_id),
	                          db_bytes(hash_span(&message)), db_int(in->deadline_ms),
	                          db_int(TURN_JOIN_MS + age_ms), db_bool(in->is_proactive),
	                          db_int(PROACTIVE_MAX), db_text(kept.masked), db_bytes(kept.sealed),
	                          db_text(in->instance), db_text(in->claim), db_text(id),
	                          db_bool(in->is_in_distress),
	                          in->is_spoken ? db_num(in->confidence) : db_text(NULL),
	                          db_text(JOBS_CHANNEL), db_int(asked_ago_ms)),
	                     rows);
}

struct err *turn_begin(struct ctx *cx, const struct turn_new *in, struct turn *out)
{
	struct db_rows rows;

	for (int i = 0; i < BEGIN_TRIES; i++) {
		TRY(begin_once(cx, in, &rows));
		if (str_equal(row_text(&rows, 0, COL_ACTION), "again"))
			continue;
		payers_join(cx, row_text(&rows, 0, COL_PAYERS));
		if (str_equal(row_text(&rows, 0, COL_ACTION), "older"))
			FAIL(cx, ERR_SUPERSEDED, "what was asked for later is being answered");
		read_turn(cx, in, &rows, out);
		return NULL;
	}
	FAIL(cx, ERR_UNAVAILABLE, "the session changed %d times while a turn began", BEGIN_TRIES);
}

struct err *turn_ahead(struct ctx *cx, const struct turn_new *in, struct turn *out,
                       bool *is_enough_out)
{
	struct db_rows rows;

	TRY(session_query(cx, in->session_id, in->session_secret, TURN_AHEAD_SQL,
	                  ARGS(db_int(TURN_HISTORY_ROWS), db_text(in->mode), db_int(TURN_AHEAD_MAX)),
	                  &rows));
	payers_join(cx, row_text(&rows, 0, COL_PAYERS));
	*is_enough_out = str_equal(row_text(&rows, 0, COL_ACTION), "enough");
	if (!*is_enough_out)
		read_turn(cx, in, &rows, out);
	return NULL;
}

/* ---- going on ---- */

/* What the turn is about comes from the row of who had it. */
static struct err *read_resumed(struct ctx *cx, const struct turn_new *in,
                                const struct db_rows *rows, struct turn *out, struct span *unsaid)
{
	struct span sealed = row_bytes(cx, rows, 0, COL_UNSAID);

	read_turn(cx, in, rows, out);
	if (out->utterance_id)
		out->message = sealed_open(cx, AT_UTTERANCE(out->utterance_id), row_text(rows, 0, COL_SAID),
		                           row_bytes(cx, rows, 0, COL_SAID_SEALED));
	out->is_in_distress = row_bool(rows, 0, COL_SAID_IN_DISTRESS);
	if (!row_is_null(rows, 0, COL_REPLY_ID))
		out->reply_id = row_text(rows, 0, COL_REPLY_ID);
	if (!crypto_open(cx->arena, out->answer_key.bytes, UNSAID, sealed, unsaid))
		FAIL(cx, ERR_INTERNAL, "what is unsaid does not open");
	return NULL;
}

struct resuming {
	const struct turn_new *in;
	struct turn           *out;
	bool                   is_again;
	struct span            unsaid;
	const char            *action;
};

/* What was kept of the reply is not what it is going to be. A statement of its own: whoever kept it
 * may have held the session's row when this began. */
static struct err *forget_reply(struct ctx *cx, const struct turn *turn)
{
	return db_exec(cx, NULL,
	               "delete from memories where session_id = $1::uuid and utterance_id = $2::uuid",
	               ARGS(db_text(turn->session_id), db_text(turn->reply_id)));
}

static struct err *resume_body(struct ctx *cx, void *data)
{
	struct resuming       *r = data;
	const struct turn_new *in = r->in;
	struct db_rows         rows;

	TRY(session_query(cx, in->session_id, in->session_secret, TURN_RESUME_SQL,
	                  ARGS(db_int(TURN_HISTORY_ROWS), db_text(NULL), db_text(in->turn_id),
	                       db_int(in->deadline_ms), db_int(TURN_RESUME_MS), db_text(in->instance),
	                       db_text(in->claim), db_text(JOBS_CHANNEL), db_bool(r->is_again)),
	                  &rows));
	payers_join(cx, row_text(&rows, 0, COL_PAYERS));
	r->action = row_text(&rows, 0, COL_ACTION);
	if (!str_equal(r->action, "begin"))
		return NULL;
	TRY(read_resumed(cx, in, &rows, r->out, &r->unsaid));
	return forget_reply(cx, r->out);
}

/* The request counts, whatever comes of it: what fails fails behind the commit. */
struct err *turn_resume(struct ctx *cx, const struct turn_new *in, bool is_again, struct turn *out,
                        struct span *unsaid_out, bool *is_due_out)
{
	struct resuming r = {.in = in, .out = out, .is_again = is_again};

	TRY(db_tx(cx, resume_body, &r));
	*unsaid_out = r.unsaid;
	*is_due_out = str_equal(r.action, "wait");
	if (str_equal(r.action, "newer"))
		FAIL(cx, ERR_SUPERSEDED, "a newer turn has begun");
	if (str_equal(r.action, "gone"))
		FAIL(cx, ERR_NOT_FOUND, "nothing is left of the turn to go on with");
	return NULL;
}

struct err *turn_leave_unsaid(struct ctx *cx, const struct turn *turn, struct span unsaid,
                              bool *is_left_out)
{
	struct span    sealed = crypto_seal(cx->arena, turn->answer_key.bytes, UNSAID, unsaid);
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "insert into turn_answers (session_id, turn, due, unsaid)"
	             " select t.session_id, t.turn, now() + $4::int * interval '1 ms', $5::bytea"
	             "  from turns t join sessions s on s.id = t.session_id and s.turn = t.turn"
	             "  where t.session_id = $1::uuid and t.turn = $2::bigint"
	             "   and t.claim = $3::uuid and t.state in ('superseded', 'abandoned')"
	             " on conflict do nothing returning turn",
	             ARGS(db_text(turn->session_id), db_int(turn->number), db_text(turn->claim),
	                  db_int(TURN_RESUME_MS - TURN_JOIN_AGE_MS), db_bytes(sealed))));
	*is_left_out = rows.count > 0;
	return NULL;
}

/* ---- ending ---- */

static const char *marks_json(struct ctx *cx, const struct dynamics_marks *marks)
{
	if (!marks)
		return NULL;
	return arena_printf(cx->arena, "{\"callback_at\":%u,\"perspective_at\":%u}", marks->callback_at,
	                    marks->perspective_at);
}

/* A lead as columns; all NULL when nothing is known. */
struct lead_columns {
	const char *id, *intent, *entities, *actions, *reasons, *contact, *email, *name;
	struct hash email_hash;
};

/* The session itself carries an address and a name only where the visitor agreed
 * to be remembered and to be written to. */
static void keep_on_session(struct ctx *cx, const struct turn *turn,
                            const struct extract_entities *e, struct lead_columns *out)
{
	if (!turn->has_consent || e->email_opt_in != PERMISSION_GIVEN)
		return;
	if (e->person_name)
		out->name = vault_seal(cx->arena, AT_SESSION("contact_name", turn->session_id),
		                       span_of(e->person_name));
	if (e->contact_email && email_hash(cx, e->contact_email, &out->email_hash))
		out->email =
			vault_seal(cx->arena, AT_SESSION("email", turn->session_id), span_of(e->contact_email));
}

static struct err *columns_of(struct ctx *cx, const struct turn *turn, const struct turn_lead *lead,
                              const struct names *names, struct lead_columns *out)
{
	struct json_out *j = json_new(cx->arena, 0);
	struct extract   plain;
	struct span      entities;

	*out = (struct lead_columns){.id = sealed_row_id(cx), .reasons = "[]"};
	if (!lead)
		return NULL;
	TRY(extract_seal(cx, out->id, lead->extract, names, &plain, &out->contact));
	keep_on_session(cx, turn, &lead->extract->entities, out);
	extract_write_entities(j, NULL, &plain.entities);
	TRY(json_finish(cx, j, &entities));
	out->intent = intent_name(plain.intent);
	out->entities = entities.ptr;
	TRY(json_texts(cx, plain.followup_actions, plain.n_actions, &out->actions));
	return json_texts(cx, lead->score->reasons, lead->score->n_reasons, &out->reasons);
}

/* The names known when the turn began, and the one it has told. */
struct turn_names {
	struct names all;
	const char  *sealed;
	struct span  hash;
	bool         has_new;
};

static struct err *names_of(struct ctx *cx, const struct turn *turn, const struct turn_lead *lead,
                            struct turn_names *out)
{
	*out = (struct turn_names){.all = turn->names};
	if (lead)
		out->has_new = names_add(cx, &out->all, lead->extract->entities.person_name);
	out->hash = names_hash(cx, &out->all);
	return names_seal(cx, turn->session_id, &out->all, &out->sealed);
}

/* Copying what was known already into this turn's extract changes nothing. */
static bool has_new_contact(const struct turn *turn, const struct turn_lead *lead)
{
	const struct extract_entities *now, none = {.text = {NULL}},
										*old = turn->known ? &turn->known->entities : &none;

	if (!lead || !vault_has_key())
		return false;
	now = &lead->extract->entities;
	return !str_equal(now->person_name, old->person_name) ||
	       !str_equal(now->contact_email, old->contact_email) ||
	       (turn->has_consent && now->email_opt_in != old->email_opt_in);
}

static struct db_val sealed_or_null(const char *sealed)
{
	return db_bytes(sealed ? span_of(sealed) : (struct span){NULL, 0});
}

static struct db_val ms_or_null(unsigned ms)
{
	return ms ? db_int(ms) : db_text(NULL);
}

struct finishing {
	const struct turn     *turn;
	const struct turn_end *end;
	bool                   is_done, was_lost;
};

static struct err *finish_body(struct ctx *cx, void *data)
{
	struct finishing      *f = data;
	const struct turn     *turn = f->turn;
	const struct turn_end *end = f->end;
	struct span            sealed = {NULL, 0};
	struct turn_names      names;
	struct kept_text       reply, said = {.masked = NULL};
	struct lead_columns    lead;
	const char            *degraded;
	struct db_rows         rows;

	if (end->answer.ptr)
		sealed = crypto_seal(cx->arena, turn->answer_key.bytes, ANSWER, end->answer);
	TRY(json_texts(cx, end->degraded, end->degraded_n, &degraded));
	TRY(names_of(cx, turn, end->lead, &names));
	TRY(columns_of(cx, turn, end->lead, &names.all, &lead));
	reply = sealed_keep(cx, AT_UTTERANCE(turn->reply_id), end->reply, &names.all);
	if (turn->utterance_id)
		said = sealed_keep(cx, AT_UTTERANCE(turn->utterance_id), turn->message, &names.all);
	TRY(db_query(
		cx, &rows, TURN_FINISH_SQL,
		ARGS(db_text(turn->session_id), db_int(turn->number), db_text(reply.masked),
	         db_bytes(sealed), db_text(lead.intent),
	         end->lead ? db_num(end->lead->extract->confidence) : db_text(NULL),
	         db_text(lead.entities), db_text(lead.actions),
	         end->lead ? db_int(end->lead->score->score) : db_text(NULL), db_text(lead.reasons),
	         db_text(end->lead ? end->lead->provider : NULL), db_text(marks_json(cx, end->marks)),
	         db_bytes(reply.sealed), sealed_or_null(lead.contact), db_text(lead.email),
	         lead.email ? db_bytes(hash_span(&lead.email_hash)) : db_text(NULL), db_text(lead.name),
	         db_int(LEAD_HIGH), db_int(SUMMARY_NEW_MIN), db_text(said.masked),
	         db_bytes(said.sealed), db_text(names.sealed), db_bytes(names.hash),
	         db_bool(names.has_new), db_bool(has_new_contact(turn, end->lead)),
	         db_int(TURN_JOIN_MS), db_text(turn->claim), db_vector(end->heard.at, end->heard.n),
	         db_text(end->heard.at ? end->heard.model : NULL), db_text(turn->reply_id),
	         db_text(lead.id), db_text(end->event), db_bool(end->is_in_distress),
	         db_text(spoken_pieces_text(cx, end->pieces, end->pieces_n)), db_text(turn->mode),
	         ms_or_null(end->response_ms), ms_or_null(end->first_audio_ms), db_text(degraded),
	         db_text(end->flags), db_int(memory_keep_ms()), db_bool(end->is_broken))));
	f->is_done = row_bool(&rows, 0, 0);
	f->was_lost = row_bool(&rows, 0, 1);
	return NULL;
}

struct err *turn_finish(struct ctx *cx, const struct turn *turn, const struct turn_end *end)
{
	struct finishing f = {.turn = turn, .end = end};

	TRY(db_insist(cx, finish_body, &f));
	if (f.was_lost)
		FAIL(cx, ERR_UNAVAILABLE, "the database lost how turn %lld began", (long long)turn->number);
	if (!f.is_done)
		FAIL(cx, ERR_SUPERSEDED, "turn %lld is not the newest", (long long)turn->number);
	return NULL;
}

struct err *turn_unread(struct ctx *cx, const char *session_id, struct turn *out,
                        bool *is_there_out)
{
	const struct turn_new none = {.session_id = session_id, .session_secret = ""};
	struct db_rows        rows;

	TRY(db_query(cx, &rows, TURN_UNREAD_SQL, ARGS(db_text(session_id), db_int(TURN_HISTORY_ROWS))));
	*is_there_out = rows.count > 0;
	if (!*is_there_out)
		return NULL;
	read_turn(cx, &none, &rows, out);
	out->claim = row_text(&rows, 0, COL_CLAIM);
	out->message = sealed_open(cx, AT_UTTERANCE(out->utterance_id), row_text(&rows, 0, COL_SAID),
	                           row_bytes(cx, &rows, 0, COL_SAID_SEALED));
	return NULL;
}

/* The commit waits for no disk, as that of the beginning does not. */
struct err *utterance_is_grave(struct ctx *cx, const char *session_id, const char *utterance_id)
{
	return db_exec(cx, NULL,
	               "with grave as (update utterances set in_distress = true"
	               " where id = $1::uuid and session_id = $2::uuid) select " LAZY_COMMIT_SQL,
	               ARGS(db_text(utterance_id), db_text(session_id)));
}

struct err *turn_give_up(struct ctx *cx, const struct turn *turn, enum turn_loss why)
{
	static const char *const states[] = {
		[TURN_FAILED] = "failed", [TURN_LEFT] = "abandoned", [TURN_REFUSED] = "superseded"};

	return db_exec(cx, NULL, TURN_GIVE_UP_SQL,
	               ARGS(db_text(turn->session_id), db_int(turn->number), db_text(states[why]),
	                    db_text(turn->claim)));
}

struct err *turns_abandon(struct ctx *cx, const char *session_ids, const char *claims,
                          struct db_rows *rows_out)
{
	return db_query(cx, rows_out, TURN_ABANDON_SQL, ARGS(db_text(session_ids), db_text(claims)));
}

struct err *turns_taken_over(struct ctx *cx, const char *session_ids, const char *claims,
                             struct db_rows *rows_out)
{
	return db_query(cx, rows_out,
	                "select t.claim, t.state = 'superseded'"
	                " from unnest($1::uuid[], $2::uuid[]) d (id, claim)"
	                " join turns t on t.session_id = d.id and t.claim = d.claim"
	                " where t.state in ('superseded', 'abandoned')",
	                ARGS(db_text(session_ids), db_text(claims)));
}

struct err *turns_clear(struct ctx *cx, int batch, int64_t *n_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, TURN_UPKEEP_SQL, ARGS(db_int(batch), db_int(TURN_JOIN_AGE_MS))));
	*n_out = row_int(&rows, 0, 0);
	return NULL;
}

/* ---- joining ---- */

static enum turn_state read_state(const char *word, bool is_held, bool is_newest)
{
	if (str_equal(word, "running"))
		return is_held ? TURN_RUNNING : TURN_LOST;
	if (str_equal(word, "done"))
		return is_newest ? TURN_UNKEPT : TURN_OVERTAKEN;
	return str_equal(word, "superseded") ? TURN_OVERTAKEN : TURN_LOST;
}

/* A crash of the database may have taken back that the turn began, and its number may be another's
 * now: the id tells. */
struct err *turn_look(struct ctx *cx, const struct turn *turn, enum turn_state *state_out,
                      struct span *answer_out)
{
	struct db_rows rows;
	struct span    sealed;

	TRY(db_query(cx, &rows,
	             "select coalesce(t.state, case when s.turn < $2::bigint then 'lost'"
	             "  else 'superseded' end),"
	             " t.ends_by > now() and is_held(t.instance, t.started_at),"
	             " s.turn = t.turn, case when s.turn = t.turn then a.answer end"
	             " from sessions s left join turns t"
	             "  on t.session_id = s.id and t.turn = $2::bigint and t.turn_id = $3"
	             " left join turn_answers a on a.session_id = t.session_id and a.turn = t.turn"
	             " where s.id = $1::uuid",
	             ARGS(db_text(turn->session_id), db_int(turn->number), db_text(turn->turn_id))));
	if (rows.count == 0)
		FAIL(cx, ERR_SESSION, "the session is gone");
	*state_out = read_state(row_text(&rows, 0, 0), row_bool(&rows, 0, 1), row_bool(&rows, 0, 2));
	sealed = row_bytes(cx, &rows, 0, 3);
	if (!sealed.ptr)
		return NULL;
	if (crypto_open(cx->arena, turn->answer_key.bytes, ANSWER, sealed, answer_out))
		*state_out = TURN_ANSWERED;
	else
		LOG(LOG_WARN, cx, "kept_answer_not_opened", F_STR("session_id", turn->session_id));
	return NULL;
}

struct err *turn_reply(struct ctx *cx, const struct turn *turn, const char **text_out,
                       const struct extract **extract_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, TURN_REPLY_SQL, ARGS(db_text(turn->session_id), db_int(turn->number))));
	if (rows.count == 0)
		FAIL(cx, ERR_SUPERSEDED, "nothing is left of turn %lld", (long long)turn->number);
	*text_out = sealed_open(cx, AT_UTTERANCE(row_text(&rows, 0, 0)), row_text(&rows, 0, 1),
	                        row_bytes(cx, &rows, 0, 2));
	*extract_out = read_extract(cx, &rows, 3);
	return NULL;
}
