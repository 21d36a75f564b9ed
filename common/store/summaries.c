/* summaries.c -- the summaries table. */
#include "summaries.h"

#include "../base/crypto.h"
#include "../base/str.h"
#include "../base/vault.h"
#include "../domain/who/contact.h"
#include "../domain/who/mask.h"
#include "../db/db.h"
#include "common/store/job_insert.sql.h"
#include "common/store/job_once.sql.h"
#include "common/store/summary_store.sql.h"
#include "memory_seal.h"
#include "sealed.h"

#define SHORT_DAYS 7 /* a short memory's life */

/* ---- loading ---- */

enum session_column {
	COL_UTTERANCES,
	COL_PENDING,
	COL_TEXT,
	COL_ACTIONS,
	COL_THEMES,
	COL_CRM,
	COL_PROVIDER,
	COL_IMPORTANCE,
	COL_VERSION,
	COL_INTENT,
	COL_LEAD_SCORE,
	COL_REASONS,
	COL_ENTITIES,
	COL_FOLLOWUPS,
	COL_PRIORITY,
	COL_SEALED,
	COL_EXTRACT_ID,
	COL_CONTACT,
	COL_NAMES
};

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

/* What is sealed is the whole of it: text, actions, themes, crm. */
static const struct cJSON *open_whole(struct ctx *cx, const char *session_id, const char *sealed)
{
	const char         *json = sealed_open_text(cx, AT_SUMMARY(session_id), sealed);
	const struct cJSON *root;

	return json && !json_parse(cx, span_of(json), &root) ? root : NULL;
}

const char *summary_open_text(struct ctx *cx, const char *session_id, const char *masked,
                              const char *sealed)
{
	const struct cJSON *whole = open_whole(cx, session_id, sealed);

	return whole && json_text_at(whole, "text") ? json_text_at(whole, "text") : masked;
}

static struct err *parse_column(struct ctx *cx, const struct db_rows *rows, int col,
                                const struct cJSON *whole, const char *member,
                                const struct cJSON **out)
{
	*out = whole ? json_at(whole, member) : NULL;
	return *out ? NULL : json_parse(cx, span_of(row_text(rows, 0, col)), out);
}

static struct err *read_earlier(struct ctx *cx, const char *session_id, const struct db_rows *rows,
                                struct summary *out)
{
	const struct cJSON *actions, *themes, *crm,
		*whole = open_whole(cx, session_id, row_text(rows, 0, COL_SEALED));

	TRY(parse_column(cx, rows, COL_ACTIONS, whole, "actions", &actions));
	TRY(parse_column(cx, rows, COL_THEMES, whole, "themes", &themes));
	TRY(parse_column(cx, rows, COL_CRM, whole, "crm", &crm));
	*out = (struct summary){
		.text = whole ? json_text_at(whole, "text") : row_text(rows, 0, COL_TEXT),
		.is_extractive = str_equal(row_text(rows, 0, COL_PROVIDER), SUMMARY_EXTRACTIVE),
		.base = json_text_at(crm, "base"),
	};
	if (!out->text)
		out->text = row_text(rows, 0, COL_TEXT);
	action_items_read(cx, &out->actions, actions);
	read_texts(cx, themes, out->themes, SUMMARY_THEMES_MAX, &out->themes_n);
	read_texts(cx, json_at(crm, "quotes"), out->quotes, SUMMARY_QUOTES_MAX, &out->quotes_n);
	return NULL;
}

/* The masked list, unless an original is sealed. */
static const char *open_followups(struct ctx *cx, const struct db_rows *rows)
{
	const char *sealed = sealed_open(cx, AT_EXTRACT(row_text(rows, 0, COL_EXTRACT_ID)), NULL,
	                                 row_bytes(cx, rows, 0, COL_CONTACT));
	const struct cJSON *root, *actions;

	if (!sealed || json_parse(cx, span_of(sealed), &root))
		return row_text(rows, 0, COL_FOLLOWUPS);
	actions = json_at(root, "followup_actions");
	return actions ? json_print(cx, actions).ptr : row_text(rows, 0, COL_FOLLOWUPS);
}

static struct err *load_session(struct ctx *cx, const char *session_id, bool from_start,
                                struct summary_source *out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select (select count(*) from utterances u where u.session_id = s.id"
	             "  and not u.in_distress),"
	             " (select count(*) from utterances u where u.session_id = s.id"
	             "  and not u.in_distress"
	             "  and ($2::bool or u.position > coalesce(o.last_position, 0))),"
	             " o.executive_summary, o.action_items, o.themes, o.crm_payload, o.provider,"
	             " o.importance, coalesce(o.last_position, 0), s.final_intent, s.lead_score,"
	             " array_to_json(s.lead_reasons), x.entities, x.followup_actions, x.priority,"
	             " o.sealed, x.id, x.contact_sealed, session_names(s.id)"
	             " from sessions s left join summaries o on o.session_id = s.id"
	             " left join lateral (select * from extracts where session_id = s.id"
	             "  order by created_at desc limit 1) x on true where s.id = $1::uuid",
	             ARGS(db_text(session_id), db_bool(from_start))));
	if (rows.count == 0)
		FAIL(cx, ERR_NOT_FOUND, "the session is gone");
	*out = (struct summary_source){
		.utterances = row_int(&rows, 0, COL_UTTERANCES),
		.pending = row_int(&rows, 0, COL_PENDING),
		.has_earlier = !from_start && !row_is_null(&rows, 0, COL_TEXT),
		.earlier_importance = (int)row_int(&rows, 0, COL_IMPORTANCE),
		.earlier_provider = row_text(&rows, 0, COL_PROVIDER),
		.version = row_int(&rows, 0, COL_VERSION),
		.intent = row_text(&rows, 0, COL_INTENT),
		.lead_score = row_int(&rows, 0, COL_LEAD_SCORE),
		.reasons = row_text(&rows, 0, COL_REASONS),
		.entities = row_text(&rows, 0, COL_ENTITIES),
		.followup_actions = open_followups(cx, &rows),
		.lead_priority = row_text(&rows, 0, COL_PRIORITY),
	};
	names_open(cx, row_text(&rows, 0, COL_NAMES), &out->names);
	return out->has_earlier ? read_earlier(cx, session_id, &rows, &out->earlier) : NULL;
}

/* Addresses and numbers are in no summary. */
static const char *without_contacts(struct ctx *cx, const struct db_rows *rows, int row)
{
	const char *text = sealed_open(cx, AT_UTTERANCE(row_text(rows, row, 4)), row_text(rows, row, 1),
	                               row_bytes(cx, rows, row, 3));

	return mask_str(cx, text, NULL);
}

struct err *summary_load(struct ctx *cx, const char *session_id, bool from_start,
                         struct summary_source *out)
{
	struct db_rows rows;
	size_t         n;

	TRY(load_session(cx, session_id, from_start, out));
	TRY(db_query(cx, &rows,
	             "select speaker = 'agent', text, position, text_sealed, id from utterances"
	             " where session_id = $1::uuid and position > $2::bigint and not in_distress"
	             " order by position limit $3::int",
	             ARGS(db_text(session_id), db_int(from_start ? 0 : out->version),
	                  db_int(SUMMARY_ROWS_MAX))));
	n = (size_t)rows.count;
	out->said = NEW_ARRAY(cx->arena, struct utterance_text, n + 1);
	out->positions = NEW_ARRAY(cx->arena, int64_t, n + 1);
	out->said_n = n;
	for (int i = 0; i < rows.count; i++) {
		out->said[i] = (struct utterance_text){.speaker = row_bool(&rows, i, 0) ? SPEAKER_AGENT
		                                                                        : SPEAKER_VISITOR,
		                                       .text = without_contacts(cx, &rows, i)};
		out->positions[i] = row_int(&rows, i, 2);
	}
	return NULL;
}

/* ---- storing ---- */

static const char *themes_in_words(struct ctx *cx, const struct summary *s)
{
	struct buf b = buf_new(cx->arena, 0);

	for (size_t i = 0; i < s->themes_n; i++)
		buf_printf(&b, "%s%s", i ? ", " : "Themes of the conversation: ", s->themes[i]);
	return buf_text(&b);
}

static struct err *actions_json(struct ctx *cx, const struct summary *s, const char **out)
{
	struct json_out *j = json_new(cx->arena, 0);
	struct span      json;

	action_items_write(j, NULL, &s->actions);
	TRY(json_finish(cx, j, &json));
	*out = json.ptr;
	return NULL;
}

/* A summary's columns, masked, and what is sealed beside them. */
struct columns {
	const char *text, *actions, *themes, *crm, *themes_words;
	const char *sealed, *short_sealed, *medium_sealed;
	const char *short_id, *medium_id; /* of the two memories, there or not */
	struct span text_hash, themes_hash;
};

static const char *masked_json(struct ctx *cx, const char *json, const struct names *names)
{
	struct span masked = mask_json(cx, span_of(json), names);

	return masked.ptr == json ? json : arena_strndup(cx->arena, masked.ptr, masked.len);
}

static struct err *seal_whole(struct ctx *cx, const char *session_id, const struct columns *c,
                              const char **sealed_out)
{
	struct json_out *j = json_new(cx->arena, 0);
	struct span      json;

	json_obj(j, NULL);
	json_str(j, "text", c->text);
	json_raw(j, "actions", span_of(c->actions));
	json_raw(j, "themes", span_of(c->themes));
	json_raw(j, "crm", span_of(c->crm));
	json_end(j);
	TRY(json_finish(cx, j, &json));
	*sealed_out = vault_seal(cx->arena, AT_SUMMARY(session_id), json);
	return NULL;
}

/* As summary_store.sql makes the two memories. */
static struct err *seal_memory(struct ctx *cx, const char *session_id, const char *id,
                               const char *tag, const char *content, const char *words,
                               const char **sealed_out, struct span *hash_out)
{
	struct memory_parts parts = {.summary = words,
	                             .words = words,
	                             .tags = arena_printf(cx->arena, "[\"%s\"]", tag),
	                             .metadata = MEMORY_KIND_SUMMARY,
	                             .source_id = arena_printf(cx->arena, "%s:%s", tag, session_id)};

	TRY(memory_normalise(cx, content, &parts.content));
	TRY(memory_seal(cx, id, &parts, sealed_out));
	*hash_out = memory_seal_hash(cx, &parts);
	return NULL;
}

/* A summary made again is written over its memories, which keep their ids. */
static struct err *find_ids(struct ctx *cx, const char *session_id, struct columns *c)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select coalesce((select m.id from memories m join sessions s"
	             "  on s.memory_owner = m.owner where s.id = $1::uuid"
	             "  and m.source_id = tag || ':' || s.id), gen_random_uuid())"
	             " from unnest('{summary,themes}'::text[]) with ordinality t (tag, n) order by n",
	             ARGS(db_text(session_id))));
	c->short_id = row_text(&rows, 0, 0);
	c->medium_id = row_text(&rows, 1, 0);
	return NULL;
}

static struct err *seal_memories(struct ctx *cx, const struct summary_new *in, struct columns *c)
{
	struct json_out *text = json_new(cx->arena, 0), *themes = json_new(cx->arena, 0);
	struct span      text_json, themes_json;

	json_obj(text, NULL);
	json_str(text, "summary", c->text);
	json_int(text, "utterance_count", in->utterances);
	json_end(text);
	json_obj(themes, NULL);
	json_raw(themes, "themes", span_of(c->themes));
	json_end(themes);
	TRY(json_finish(cx, text, &text_json));
	TRY(json_finish(cx, themes, &themes_json));
	TRY(seal_memory(cx, in->session_id, c->short_id, "summary", text_json.ptr, c->text,
	                &c->short_sealed, &c->text_hash));
	return seal_memory(cx, in->session_id, c->medium_id, "themes", themes_json.ptr, c->themes_words,
	                   &c->medium_sealed, &c->themes_hash);
}

static bool mask_columns(struct ctx *cx, const struct names *names, struct columns *c)
{
	struct columns all = *c;

	c->text = mask_str(cx, c->text, names);
	c->actions = masked_json(cx, c->actions, names);
	c->themes = masked_json(cx, c->themes, names);
	c->crm = masked_json(cx, c->crm, names);
	c->themes_words = mask_str(cx, c->themes_words, names);
	return c->text != all.text || c->actions != all.actions || c->themes != all.themes ||
	       c->crm != all.crm || c->themes_words != all.themes_words;
}

/* Two sessions of an owner may come to the same: the session is part of the hash. */
static struct err *columns_of(struct ctx *cx, const struct summary_new *in, struct columns *out)
{
	const struct summary *s = in->summary;
	struct hash          *hashes = NEW_ARRAY(cx->arena, struct hash, 2);
	struct columns        original;

	*out = (struct columns){.text = s->text,
	                        .crm = in->crm_json,
	                        .themes_words = themes_in_words(cx, s)};
	TRY(actions_json(cx, s, &out->actions));
	TRY(json_texts(cx, s->themes, s->themes_n, &out->themes));
	TRY(find_ids(cx, in->session_id, out));
	original = *out;
	if (mask_columns(cx, in->names, out) && vault_has_key()) {
		TRY(seal_whole(cx, in->session_id, &original, &out->sealed));
		TRY(seal_memories(cx, in, &original));
		out->short_sealed = original.short_sealed;
		out->medium_sealed = original.medium_sealed;
		out->text_hash = original.text_hash;
		out->themes_hash = original.themes_hash;
		return NULL;
	}
	hashes[0] = HASH("summary", span_of(in->session_id), span_of(out->text));
	hashes[1] = HASH("themes", span_of(in->session_id), span_of(out->themes_words));
	out->text_hash = hash_span(&hashes[0]);
	out->themes_hash = hash_span(&hashes[1]);
	return NULL;
}

struct err *summary_store(struct ctx *cx, const struct summary_new *in, bool *is_stored_out)
{
	const struct summary *s = in->summary;
	bool                  has_themes = in->utterances >= SUMMARY_THEMES_FROM && s->themes_n;
	struct columns        c;
	struct db_rows        rows;

	TRY(columns_of(cx, in, &c));
	TRY(db_query(cx, &rows, SUMMARY_STORE_SQL,
	             ARGS(db_text(in->session_id), db_text(c.text), db_text(c.actions), db_text(c.crm),
	                  db_text(c.themes), db_int(summary_importance(in->utterances)),
	                  db_int(in->utterances), db_int(in->position), db_text(in->provider),
	                  db_int(in->version), db_bytes(c.text_hash),
	                  has_themes ? db_bytes(c.themes_hash) : db_text(NULL), db_text(c.themes_words),
	                  db_int(SHORT_DAYS), db_text(c.sealed), db_text(c.short_sealed),
	                  db_text(c.medium_sealed), db_bytes(names_hash(cx, in->names)),
	                  db_text(c.short_id), db_text(c.medium_id))));
	*is_stored_out = row_bool(&rows, 0, 0);
	return NULL;
}

/* The original of a JSON column. */
static const char *open_json(struct ctx *cx, const struct db_rows *rows, int col,
                             const struct cJSON *whole, const char *member)
{
	const struct cJSON *node = whole ? json_at(whole, member) : NULL;

	return node ? json_print(cx, node).ptr : row_text(rows, 0, col);
}

struct err *summary_mask(struct ctx *cx, const char *session_id, const struct names *names,
                         bool *is_changed_out)
{
	struct columns      c, original;
	const struct cJSON *whole;
	const char         *sealed;
	struct db_rows      rows;
	int64_t             n;

	*is_changed_out = false;
	TRY(db_query(cx, &rows,
	             "select executive_summary, action_items, themes, crm_payload, sealed,"
	             " last_position from summaries where session_id = $1::uuid",
	             ARGS(db_text(session_id))));
	if (rows.count == 0)
		return NULL;
	whole = open_whole(cx, session_id, row_text(&rows, 0, 4));
	c = (struct columns){
		.text = summary_open_text(cx, session_id, row_text(&rows, 0, 0), row_text(&rows, 0, 4)),
		.actions = open_json(cx, &rows, 1, whole, "actions"),
		.themes = open_json(cx, &rows, 2, whole, "themes"),
		.crm = open_json(cx, &rows, 3, whole, "crm"),
		.themes_words = "",
	};
	original = c;
	if (!mask_columns(cx, names, &c))
		return NULL;
	TRY(seal_whole(cx, session_id, &original, &sealed));
	TRY(db_exec(cx, &n,
	            "update summaries set executive_summary = $2, action_items = $3::jsonb,"
	            " themes = $4::jsonb, crm_payload = $5::jsonb, sealed = $6"
	            " where session_id = $1::uuid and last_position = $7::bigint"
	            " and (executive_summary, action_items, themes, crm_payload)"
	            "  is distinct from ($2, $3::jsonb, $4::jsonb, $5::jsonb)",
	            ARGS(db_text(session_id), db_text(c.text), db_text(c.actions), db_text(c.themes),
	                 db_text(c.crm), db_text(sealed), db_int(row_int(&rows, 0, 5)))));
	*is_changed_out = n > 0;
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
		"  where s.id = idle.id returning s.id, turn, utterance_count, summarized_count),"
		" queued as (" JOB_INSERT_SQL
		"  select 'summarize', 'end ' || id, '{\"is_end\": true}', id from ended"
		"  where utterance_count > summarized_count and utterance_count >= $3::int " JOB_ONCE_SQL
		"), remembered as (" JOB_INSERT_SQL
		"  select 'keep_utterances', id::text, '{}', id from ended e where exists ("
		"   select from turns t where t.session_id = e.id and t.turn = e.turn"
		"    and t.state = 'running') " JOB_ONCE_SQL ") select count(*) from ended",
		ARGS(db_int(idle_s), db_int(most), db_int(SUMMARY_UTTERANCES_MIN))));
	*closed_out = row_int(&rows, 0, 0);
	return NULL;
}
