/* summaries.c -- the summaries table. */
#include "summaries.h"

#include "../base/crypto.h"
#include "../io/db.h"
#include "jobs.h"

#define SHORT_DAYS 7 /* a short memory's life */

/* ---- loading ---- */

static void read_texts(struct ctx *cx, const struct cJSON *array, const char **to, size_t max,
                       size_t *n_out)
{
	if (!array || json_type(array) != JSON_ARRAY)
		return;
	for (const struct cJSON *t = json_first(array); t && *n_out < max; t = json_next(t)) {
		const char *text = json_text_at(t, "");

		if (text)
			to[(*n_out)++] = arena_strdup(cx->arena, text);
	}
}

static struct err *parse_column(struct ctx *cx, const struct db_rows *rows, int col,
                                const struct cJSON **out)
{
	return json_parse(cx, span_of(row_text(rows, 0, col)), out);
}

static struct err *read_earlier(struct ctx *cx, const struct db_rows *rows, struct summary *out)
{
	const struct cJSON *actions, *themes, *crm;

	TRY(parse_column(cx, rows, 3, &actions));
	TRY(parse_column(cx, rows, 4, &themes));
	TRY(parse_column(cx, rows, 5, &crm));
	*out = (struct summary){
		.text = row_text(rows, 0, 2),
		.is_extractive = str_equal(row_text(rows, 0, 6), SUMMARY_EXTRACTIVE),
		.base = json_text_at(crm, "base"),
	};
	action_items_read(cx, &out->actions, actions);
	read_texts(cx, themes, out->themes, SUMMARY_THEMES_MAX, &out->themes_n);
	read_texts(cx, json_at(crm, "quotes"), out->quotes, SUMMARY_QUOTES_MAX, &out->quotes_n);
	return NULL;
}

static struct err *load_session(struct ctx *cx, const char *session_id, bool from_start,
                                struct summary_source *out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select (select count(*) from utterances u where u.session_id = s.id),"
	             " (select count(*) from utterances u where u.session_id = s.id"
	             "  and ($2::bool or u.position > coalesce(o.last_position, 0))),"
	             " o.executive_summary, o.action_items, o.themes, o.crm_payload, o.provider,"
	             " o.importance, coalesce(o.last_position, 0), s.final_intent, s.lead_score,"
	             " array_to_json(s.lead_reasons), x.entities, x.followup_actions, x.priority"
	             " from sessions s left join summaries o on o.session_id = s.id"
	             " left join lateral (select * from extracts where session_id = s.id"
	             "  order by created_at desc limit 1) x on true where s.id = $1::uuid",
	             ARGS(db_text(session_id), db_bool(from_start))));
	if (rows.count == 0)
		FAIL(cx, ERR_NOT_FOUND, "the session is gone");
	*out = (struct summary_source){
		.utterances = row_int(&rows, 0, 0),
		.pending = row_int(&rows, 0, 1),
		.has_earlier = !from_start && !row_is_null(&rows, 0, 2),
		.earlier_importance = (int)row_int(&rows, 0, 7),
		.earlier_provider = row_text(&rows, 0, 6),
		.version = row_int(&rows, 0, 8),
		.intent = row_text(&rows, 0, 9),
		.lead_score = row_int(&rows, 0, 10),
		.reasons = row_text(&rows, 0, 11),
		.entities = row_text(&rows, 0, 12),
		.followup_actions = row_text(&rows, 0, 13),
		.lead_priority = row_text(&rows, 0, 14),
	};
	return out->has_earlier ? read_earlier(cx, &rows, &out->earlier) : NULL;
}

struct err *summary_load(struct ctx *cx, const char *session_id, bool from_start,
                         struct summary_source *out)
{
	struct db_rows rows;
	size_t         n;

	TRY(load_session(cx, session_id, from_start, out));
	TRY(db_query(cx, &rows,
	             "select speaker = 'agent', text, position from utterances"
	             " where session_id = $1::uuid and position > $2::bigint"
	             " order by position limit $3::int",
	             ARGS(db_text(session_id), db_int(from_start ? 0 : out->version),
	                  db_int(SUMMARY_ROWS_MAX))));
	n = (size_t)rows.count;
	out->said = NEW_ARRAY(cx->arena, struct utterance_text, n + 1);
	out->positions = NEW_ARRAY(cx->arena, int64_t, n + 1);
	out->said_n = n;
	for (int i = 0; i < rows.count; i++) {
		out->said[i] =
			(struct utterance_text){row_bool(&rows, i, 0) ? SPEAKER_AGENT : SPEAKER_VISITOR,
		                            row_text(&rows, i, 1)};
		out->positions[i] = row_int(&rows, i, 2);
	}
	return NULL;
}

/* ---- storing ---- */

/* The version is the position up to which a summary goes: it only grows, but for one
 * made anew from the start, which takes the place of its like.
 * $1 session $2 text $3 actions $4 crm $5 themes $6 importance $7 utterances $8 position
 * $9 provider $10 version $11 hash of the short memory $12 of the medium one (null: none)
 * $13 themes in words $14 days */
static const char store_sql[] =
	"with kept as (insert into summaries (session_id, executive_summary, action_items,"
	"   crm_payload, themes, importance, utterance_count, last_position, provider)"
	"  values ($1::uuid, $2, $3::jsonb, $4::jsonb, $5::jsonb, $6::int, $7::int, $8::bigint, $9)"
	"  on conflict (session_id) do update set executive_summary = excluded.executive_summary,"
	"   action_items = excluded.action_items, crm_payload = excluded.crm_payload,"
	"   themes = excluded.themes, importance = excluded.importance,"
	"   utterance_count = excluded.utterance_count, last_position = excluded.last_position,"
	"   provider = excluded.provider"
	"  where summaries.last_position = $10::bigint returning session_id),"
	" marked as (update sessions s set summarized_position = $8::bigint,"
	"   summarized_count = s.utterance_count - (select count(*) from utterances u"
	"    where u.session_id = s.id and u.position > $8::bigint)"
	"  from kept where s.id = kept.session_id),"
	" remembered (scope, content, words, tag, hash, expires_at) as (values"
	"  ('short', jsonb_build_object('summary', $2::text, 'utterance_count', $7::int), $2::text,"
	"   'summary', $11::bytea, now() + $14::int * interval '1 day'),"
	"  ('medium', jsonb_build_object('themes', $5::jsonb), $13::text, 'themes', $12::bytea, null)),"
	" memories_kept as (insert into memories (session_id, owner, visitor_id, scope, content,"
	"   summary, words, index_text, importance, tags, metadata, content_hash, source_id,"
	"   expires_at)"
	"  select s.id, s.memory_owner, case when s.consent then s.visitor_id end, r.scope, r.content,"
	"   r.words, r.words, r.words, $6::int, array[r.tag], '{\"kind\": \"summary\"}', r.hash,"
	"   r.tag || ':' || s.id, r.expires_at"
	"  from remembered r, kept join sessions s on s.id = kept.session_id where r.hash is not null"
	"  on conflict (owner, source_id) where source_id is not null do update set"
	"   content = excluded.content, summary = excluded.summary, words = excluded.words,"
	"   index_text = excluded.index_text, importance = excluded.importance,"
	"   content_hash = excluded.content_hash, expires_at = excluded.expires_at,"
	"   occurred_at = now(), embedding = null, embedding_model = null, embedding_near = null)"
	" select exists (select from kept)";

static const char *themes_json(struct ctx *cx, const struct summary *s)
{
	struct json_out *j = json_new(cx->arena, 0);

	json_arr(j, NULL);
	for (size_t i = 0; i < s->themes_n; i++)
		json_str(j, NULL, s->themes[i]);
	json_end(j);
	return json_done(j).ptr;
}

static const char *themes_in_words(struct ctx *cx, const struct summary *s)
{
	struct buf b = buf_new(cx->arena, 0);

	for (size_t i = 0; i < s->themes_n; i++)
		buf_printf(&b, "%s%s", i ? ", " : "Themes of the conversation: ", s->themes[i]);
	return buf_text(&b);
}

static const char *actions_json(struct ctx *cx, const struct summary *s)
{
	struct json_out *j = json_new(cx->arena, 0);

	action_items_write(j, NULL, &s->actions);
	return json_done(j).ptr;
}

/* Two sessions of an owner may come to the same: the session is part of the hash. */
struct err *summary_store(struct ctx *cx, const struct summary_new *in, bool *is_stored_out)
{
	const struct summary *s = in->summary;
	const char           *words = themes_in_words(cx, s);
	bool                  has_themes = in->utterances >= SUMMARY_THEMES_FROM && s->themes_n;
	struct hash           text_hash = HASH("summary", span_of(in->session_id), span_of(s->text));
	struct hash           themes_hash = HASH("themes", span_of(in->session_id), span_of(words));
	struct db_rows        rows;

	TRY(db_query(cx, &rows, store_sql,
	             ARGS(db_text(in->session_id), db_text(s->text), db_text(actions_json(cx, s)),
	                  db_text(in->crm_json), db_text(themes_json(cx, s)),
	                  db_int(summary_importance(in->utterances)), db_int(in->utterances),
	                  db_int(in->position), db_text(in->provider), db_int(in->version),
	                  db_bytes(hash_span(&text_hash)),
	                  has_themes ? db_bytes(hash_span(&themes_hash)) : db_text(NULL),
	                  db_text(words), db_int(SHORT_DAYS))));
	*is_stored_out = row_bool(&rows, 0, 0);
	return NULL;
}

struct err *summaries_close_idle(struct ctx *cx, int64_t idle_s, int most, int64_t *closed_out)
{
	struct db_rows rows;

	TRY(db_query(
		cx, &rows,
		"with idle as materialized (select id from sessions where ended_at is null"
		"  and last_active_at < now() - $1::bigint * interval '1 s'"
		"  order by last_active_at limit $2::int for no key update skip locked),"
		" ended as (update sessions s set ended_at = s.last_active_at from idle"
		"  where s.id = idle.id returning s.id, utterance_count, summarized_count),"
		" queued as (" JOB_INSERT
		"  select 'summarize', 'end ' || id, '{\"is_end\": true}', id from ended"
		"  where utterance_count > summarized_count and utterance_count >= $3::int" JOB_ONCE
		") select count(*) from ended",
		ARGS(db_int(idle_s), db_int(most), db_int(SUMMARY_UTTERANCES_MIN))));
	*closed_out = row_int(&rows, 0, 0);
	return NULL;
}
