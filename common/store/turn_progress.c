/* turn_progress.c -- storing, ending and cutting a reply that is being sent. */
#include "turn_progress.h"

#include "../base/payers.h"
#include "../base/str.h"
#include "../base/vault.h"
#include "../db/db.h"
#include "common/store/turn_cancel.sql.h"
#include "common/store/turn_cut.sql.h"
#include "common/store/turn_interrupt.sql.h"
#include "common/store/turn_progress.sql.h"
#include "jobs.h"
#include "sealed.h"
#include "sessions.h"

struct turn_name turn_name_of(const struct turn *turn)
{
	return (struct turn_name){turn->session_id, turn->claim, turn->reply_id, turn->number};
}

/* ---- pieces ---- */

const char *spoken_pieces_text(struct ctx *cx, const struct spoken_piece *pieces, size_t n)
{
	struct buf text = buf_new(cx->arena, 0);

	if (n == 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%u,%u", i ? "," : "{", pieces[i].bytes, pieces[i].ms);
	buf_char(&text, '}');
	return buf_text(&text);
}

static bool next_number(const char **at, unsigned *out)
{
	char         *end;
	unsigned long n = strtoul(*at, &end, 10);

	if (end == *at)
		return false;
	*at = end + (*end != '\0');
	*out = (unsigned)n;
	return true;
}

size_t spoken_pieces_read(const char *text, struct spoken_piece *out)
{
	const char *at = text ? text + (*text == '{') : "";
	size_t      n = 0;

	while (n < SPOKEN_PIECES_MAX && next_number(&at, &out[n].bytes) && next_number(&at, &out[n].ms))
		n++;
	return n;
}

/* ---- while it goes, and when it is stopped ---- */

struct err *turn_progress_store(struct ctx *cx, const struct turn_name *turn,
                                const struct turn_sent *sent, bool *is_running_out)
{
	struct kept_text kept = sealed_keep_back(cx, AT_UTTERANCE(turn->reply_id), sent->text);
	struct db_rows   rows;

	TRY(db_query(cx, &rows, TURN_PROGRESS_SQL,
	             ARGS(db_text(turn->session_id), db_int(turn->number), db_text(turn->claim),
	                  db_text(turn->reply_id), db_text(kept.masked), db_bytes(kept.sealed),
	                  db_text(spoken_pieces_text(cx, sent->pieces, sent->pieces_n)),
	                  db_bool(sent->is_in_distress))));
	*is_running_out = row_bool(&rows, 0, 0);
	return NULL;
}

/* ---- cancelling ---- */

struct err *turn_cancel(struct ctx *cx, const struct turn_cancel *in, struct turn_cancelled *out)
{
	struct db_rows rows;

	TRY(session_query(cx, in->session_id, in->session_secret, TURN_CANCEL_SQL,
	                  ARGS(db_text(in->turn_id),
	                       in->heard_ms < 0 ? db_text(NULL) : db_int(in->heard_ms),
	                       db_text(JOBS_CHANNEL), db_int(in->asked_unix_ms)),
	                  &rows));
	payers_join(cx, row_text(&rows, 0, 1));
	*out = (struct turn_cancelled){.was_running = row_bool(&rows, 0, 3)};
	if (row_is_null(&rows, 0, 2))
		return NULL;
	out->number = row_int(&rows, 0, 2);
	out->claim = row_text(&rows, 0, 4);
	return NULL;
}

struct cutting {
	const char *session_id;
	int64_t     number;
	unsigned    heard_ms;
	bool        is_cut;
};

/* Who it is about is known by now: masked at once. */
static struct err *keep_part(struct ctx *cx, const struct cutting *c, const char *id,
                             const char *names_json, struct span part)
{
	struct kept_text kept = {.masked = ""};
	struct names     names;

	names_open(cx, names_json, &names);
	if (part.len)
		kept =
			sealed_keep(cx, AT_UTTERANCE(id), arena_strndup(cx->arena, part.ptr, part.len), &names);
	return db_exec(cx, NULL, TURN_CUT_SQL,
	               ARGS(db_text(c->session_id), db_text(id), db_text(kept.masked),
	                    db_bytes(kept.sealed), db_bool(part.len > 0)));
}

/* Who makes memories of it is done, or has not begun to insert them. */
static struct err *hold_session(struct ctx *cx, const char *session_id)
{
	return db_exec(cx, NULL, "select from sessions where id = $1::uuid for no key update",
	               ARGS(db_text(session_id)));
}

static struct err *cut_body(struct ctx *cx, void *data)
{
	struct cutting     *c = data;
	struct spoken_piece pieces[SPOKEN_PIECES_MAX];
	struct db_rows      rows;
	const char         *id, *text;
	struct span         heard;
	size_t              n;

	c->is_cut = false;
	TRY(hold_session(cx, c->session_id));
	TRY(db_query(cx, &rows,
	             "select u.id, u.text, u.text_sealed, t.reply_pieces, session_names(u.session_id)"
	             " from turns t join utterances u on u.id = t.reply_id"
	             " where t.session_id = $1::uuid and t.turn = $2::bigint",
	             ARGS(db_text(c->session_id), db_int(c->number))));
	if (rows.count == 0)
		return NULL;
	id = row_text(&rows, 0, 0);
	text = sealed_open(cx, AT_UTTERANCE(id), row_text(&rows, 0, 1), row_bytes(cx, &rows, 0, 2));
	n = spoken_pieces_read(row_text(&rows, 0, 3), pieces);
	heard = heard_part(span_of(text), pieces, n, c->heard_ms);
	if (n == 0 || heard.len >= span_trim(span_of(text)).len)
		return NULL;
	c->is_cut = true;
	return keep_part(cx, c, id, row_text(&rows, 0, 4), heard);
}

struct err *turn_cut(struct ctx *cx, const char *session_id, int64_t number, unsigned heard_ms,
                     bool *is_cut_out)
{
	struct cutting c = {.session_id = session_id, .number = number, .heard_ms = heard_ms};

	TRY(db_tx(cx, cut_body, &c));
	*is_cut_out = c.is_cut;
	return NULL;
}

/* ---- what was sent when it was stopped ---- */

struct interrupting {
	const struct turn_name *turn;
	const struct turn_sent *sent;
};

/* Who cancelled it may have cut before all of this was stored. */
static struct err *interrupt_body(struct ctx *cx, void *data)
{
	const struct interrupting *i = data;
	struct cutting             c = {.session_id = i->turn->session_id, .number = i->turn->number};
	struct kept_text kept = sealed_keep_back(cx, AT_UTTERANCE(i->turn->reply_id), i->sent->text);
	struct db_rows   rows;

	TRY(hold_session(cx, i->turn->session_id));
	TRY(db_query(cx, &rows, TURN_INTERRUPT_SQL,
	             ARGS(db_text(i->turn->session_id), db_int(i->turn->number),
	                  db_text(i->turn->claim), db_text(i->turn->reply_id), db_text(kept.masked),
	                  db_bytes(kept.sealed),
	                  db_text(spoken_pieces_text(cx, i->sent->pieces, i->sent->pieces_n)),
	                  db_bool(i->sent->is_in_distress), db_bool(!i->sent->is_whole))));
	if (row_is_null(&rows, 0, 0))
		return NULL;
	c.heard_ms = (unsigned)row_int(&rows, 0, 0);
	return cut_body(cx, &c);
}

/* Carried out twice it changes nothing the second time. */
static struct err *interrupt_tx(struct ctx *cx, void *data)
{
	return db_tx(cx, interrupt_body, data);
}

struct err *turn_interrupt(struct ctx *cx, const struct turn_name *turn,
                           const struct turn_sent *sent)
{
	struct interrupting i = {turn, sent};

	return db_insist(cx, interrupt_tx, &i);
}

#define INT64_CHARS_MAX 20u

/* What is behind a word; NULL: it is another. */
static const char *behind(const char *told, struct span word)
{
	return span_starts(span_of(told), word) ? told + word.len : NULL;
}

const char *turn_told(const char *told)
{
	return behind(told, SPAN("turn "));
}

/* The session, and what is behind it. */
static const char *behind_session(const char *at, char *session_id_out)
{
	if (strlen(at) <= CRYPTO_UUID_CHARS)
		return NULL;
	memcpy(session_id_out, at, CRYPTO_UUID_CHARS);
	session_id_out[CRYPTO_UUID_CHARS] = '\0';
	return str_is_uuid(session_id_out) ? at + CRYPTO_UUID_CHARS + 1 : NULL;
}

bool turn_told_early(const char *told, struct turn_early *out)
{
	const char *message = behind(told, SPAN("message "));
	const char *at = message ? behind_session(message, out->session_id) : NULL;
	char        asked[INT64_CHARS_MAX + 1];
	size_t      n = at ? strcspn(at, " ") : 0;

	if (!n || n >= sizeof(asked) || !at[n])
		return false;
	memcpy(asked, at, n);
	asked[n] = '\0';
	out->turn_id = at + n + 1;
	return str_to_int(asked, 0, INT64_MAX, &out->asked_unix_ms);
}
