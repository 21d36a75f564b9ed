/* changes.c -- listening, and reading what was told of. */
#include "changes.h"

#include "../base/str.h"
#include "../db/db.h"
#include "../db/db_side.h"

#define CHANNEL   "realtime"
#define WORDS_MAX 8

static const char *const names[] = {
#define X(table, name) [table] = #name,
	CHANGE_TABLES(X)
#undef X
};

const char *change_table_name(enum change_table table)
{
	return names[table];
}

/* ---- what is told ---- */

static bool read_table(const char *word, enum change_table *out)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (str_equal(word, names[i])) {
			*out = (enum change_table)i;
			return true;
		}
	return false;
}

static bool read_op(const char *word, enum change_op *out)
{
	static const char letters[] = "IUD";
	const char       *found = word[0] ? strchr(letters, word[0]) : NULL;

	*out = found ? (enum change_op)(found - letters) : CHANGE_INSERT;
	return found && !word[1];
}

static size_t split(struct arena *a, const char *text, const char *words[WORDS_MAX])
{
	size_t n = 0;

	while (*text && n < WORDS_MAX) {
		size_t len = strcspn(text, " ");

		words[n++] = arena_strndup(a, text, len);
		text += len + (text[len] ? 1 : 0);
	}
	return n;
}

static void read_word(const char *word, struct change *c)
{
	if (c->table == CHANGE_TURNS)
		c->state = word;
	else if (str_equal(word, "ended"))
		c->has_ended = true;
	else if (str_equal(word, "mode"))
		c->has_mode = true;
	else if (str_equal(word, "lead"))
		c->is_lead = true;
}

bool change_read(struct arena *a, const char *told, struct change *out)
{
	const char *words[WORDS_MAX];
	size_t      n = split(a, told, words);

	*out = (struct change){.id = NULL};
	if (n < 4 || !read_table(words[0], &out->table) || !read_op(words[1], &out->op))
		return false;
	out->id = words[2];
	out->session_id = str_equal(words[3], "-") ? NULL : words[3];
	for (size_t i = 4; i < n; i++)
		read_word(words[i], out);
	return true;
}

/* ---- listening ---- */

/* Of two places the one that nobody has: the other is the program's that this one takes over from.
 * Triggers hold them for moments, and that is waited for. Gone with the connection. */
static struct err *be_heard(struct ctx *cx)
{
	struct err *e;

	TRY(db_side_enter(cx));
	e = db_exec(
		cx, NULL,
		"select pg_advisory_lock(1380271180, case when exists ("
		"  select from pg_locks where locktype = 'advisory' and classid = 1380271180"
		"   and objid = 1 and objsubid = 2 and mode = 'ExclusiveLock' and granted"
		"   and database = (select oid from pg_database where datname = current_database()))"
		" then 2 else 1 end)",
		NO_ARGS);
	db_side_leave(cx, e);
	return e;
}

struct err *changes_listen(struct ctx *cx)
{
	TRY(db_listen(cx, CHANNEL));
	return be_heard(cx);
}

struct err *changes_wait(struct ctx *cx, unsigned ms, const char **told_out)
{
	*told_out = NULL;
	return db_listen_wait(cx, ms, told_out);
}

void changes_unlisten(void)
{
	db_unlisten();
}

/* ---- rows ---- */

/* What of each table may be seen by whoever may see its rows. What is said is masked there, and
 * what is said in distress is nobody's to read (tables.c). */
#define SAID "case when in_distress and text <> '' then '(in distress)' else text end"
#define ROW(columns, table, key) \
	"select to_jsonb(r)::text from (select " columns " from " table " where " key " = $1::uuid) r"
static const char *const statements[] = {
	[CHANGE_SESSIONS] = ROW("id, created_by, started_at, ended_at, channel, consent, final_intent,"
                            " lead_score, cta_chosen, created_at, updated_at, current_mode",
                            "sessions", "id"),
	[CHANGE_UTTERANCES] = ROW("id, session_id, speaker, " SAID " as text, ts, asr_conf,"
                              " audio_url, turn, interrupted, in_distress",
                              "utterances", "id"),
	[CHANGE_EXTRACTS] = ROW("id, session_id, utterance_id, intent, confidence, entities,"
                            " followup_actions, lead_score, scoring_reasons, priority, created_at",
                            "extracts", "id"),
	[CHANGE_SUMMARIES] = ROW("session_id, executive_summary, action_items, crm_payload, created_at",
                             "summaries", "session_id"),
	[CHANGE_EVENTS] = ROW("id, session_id, kind, payload, ts", "events", "id"),
	/* Pieces of a long memory's words are no memories. */
	[CHANGE_MEMORIES] = ROW("id, session_id, scope, content, summary, importance, tags,"
                            " created_at, updated_at",
                            "memories", "part_of is null and id"),
	[CHANGE_PROFILES] = ROW("id, display_name, role, created_at, updated_at", "profiles", "id"),
	[CHANGE_EMAIL_SIGNUPS] = ROW("id, signup_type, status, created_at", "email_signups", "id"),
	[CHANGE_TURNS] = NULL,
	[CHANGE_PEOPLE] = NULL,
};

struct err *change_row(struct ctx *cx, const struct change *c, const char **json_out)
{
	struct db_rows rows;

	*json_out = NULL;
	if (!statements[c->table] || c->op == CHANGE_DELETE)
		return NULL;
	TRY(db_query(cx, &rows, statements[c->table], ARGS(db_text(c->id))));
	if (rows.count)
		*json_out = row_text(&rows, 0, 0);
	return NULL;
}
