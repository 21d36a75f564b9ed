/* masking.c -- a session's rows, a page at a time, masked from their originals. */
#include "masking.h"

#include "../base/crypto.h"
#include "../base/json_in.h"
#include "../base/json_out.h"
#include "../base/str.h"
#include "../base/vault.h"
#include "../db/db.h"
#include "common/store/audit_insert.sql.h"
#include "memories.h"
#include "memory_seal.h"
#include "sealed.h"
#include "summaries.h"

#define PAGE 200

struct session {
	const char  *id;
	struct names names;
	int64_t      changed;
	int64_t      after; /* the last row of the page before */
	bool         is_over;
};

/* Masks at most PAGE rows behind s->after. */
typedef struct err *mask_page(struct ctx *cx, struct session *s);

static void end_page(struct session *s, const struct db_rows *rows, int col)
{
	s->is_over = rows->count < PAGE;
	if (rows->count)
		s->after = row_int(rows, rows->count - 1, col);
}

/* ---- utterances ---- */

static struct err *mask_utterance(struct ctx *cx, struct session *s, const struct db_rows *rows,
                                  int row)
{
	const char      *plain = row_text(rows, row, 1), *id = row_text(rows, row, 0), *text;
	struct kept_text kept;

	text = sealed_open(cx, AT_UTTERANCE(id), plain, row_bytes(cx, rows, row, 2));
	kept = sealed_keep(cx, AT_UTTERANCE(id), text, &s->names);

	if (str_equal(kept.masked, plain))
		return NULL;
	s->changed++;
	return db_exec(cx, NULL,
	               "update utterances set text = $2, text_sealed = $3::bytea"
	               " where id = $1::uuid and text = $4",
	               ARGS(db_text(id), db_text(kept.masked), db_bytes(kept.sealed), db_text(plain)));
}

/* Those of a running turn are masked when it ends. */
static struct err *mask_utterances(struct ctx *cx, struct session *s)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select id, text, text_sealed, position from utterances"
	             " where session_id = $1::uuid and position > $2::bigint and text <> ''"
	             " order by position limit $3::int",
	             ARGS(db_text(s->id), db_int(s->after), db_int(PAGE))));
	for (int i = 0; i < rows.count; i++)
		TRY(mask_utterance(cx, s, &rows, i));
	end_page(s, &rows, 3);
	return NULL;
}

/* ---- extracts ---- */

static struct err *mask_extract(struct ctx *cx, struct session *s, const struct db_rows *rows,
                                int row)
{
	struct extract  *x = extract_parse(cx, span_of(row_text(rows, row, 1)));
	struct extract   plain;
	struct json_out *entities = json_new(cx->arena, 0);
	struct span      json;
	const char      *id = row_text(rows, row, 0), *sealed, *actions;
	int64_t          n;

	if (!x)
		return NULL;
	extract_open(cx, id, row_bytes(cx, rows, row, 2), x);
	TRY(extract_seal(cx, id, x, &s->names, &plain, &sealed));
	if (!sealed)
		return NULL;
	extract_write_entities(entities, NULL, &plain.entities);
	TRY(json_finish(cx, entities, &json));
	TRY(json_texts(cx, plain.followup_actions, plain.n_actions, &actions));
	TRY(db_exec(cx, &n,
	            "update extracts set entities = $2::jsonb, followup_actions = $3::jsonb,"
	            " contact_sealed = $4::bytea where id = $1::uuid"
	            " and (entities, followup_actions) is distinct from ($2::jsonb, $3::jsonb)",
	            ARGS(db_text(id), db_text(json.ptr), db_text(actions), db_bytes(span_of(sealed)))));
	s->changed += n;
	return NULL;
}

static struct err *mask_extracts(struct ctx *cx, struct session *s)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select id, jsonb_build_object('intent', intent, 'confidence', confidence,"
	             "  'entities', entities, 'followup_actions', followup_actions),"
	             " contact_sealed, turn from extracts"
	             " where session_id = $1::uuid and turn > $2::bigint order by turn limit $3::int",
	             ARGS(db_text(s->id), db_int(s->after), db_int(PAGE))));
	for (int i = 0; i < rows.count; i++)
		TRY(mask_extract(cx, s, &rows, i));
	end_page(s, &rows, 3);
	return NULL;
}

/* ---- memories ---- */

enum memory_column {
	COL_ID,
	COL_POSITION,
	COL_CONTENT,
	COL_SUMMARY,
	COL_SPEAKER,
	COL_WORDS,
	COL_TAGS,
	COL_METADATA,
	COL_SOURCE,
	COL_SEALED,
	COL_OCCURRED
};

struct remade {
	const char         *id, *session_id, *sealed;
	struct memory_parts plain;
	struct span         hash, other_hash;
	int64_t             position;
};

/* Two of the same, kept before both were masked, stay two. */
static struct err *update_memory(struct ctx *cx, void *data)
{
	const struct remade *m = data;

	/* Whoever adds a neighbour holds this lock: they see these words or these see theirs. */
	TRY(db_exec(cx, NULL, "select from sessions where id = $1::uuid for no key update",
	            ARGS(db_text(m->session_id))));
	TRY(db_exec(
		cx, NULL,
		"update memories m set content = $2::jsonb, summary = $3, speaker = $4, words = $5,"
		" tags = array(select jsonb_array_elements_text($6::jsonb)),"
		" metadata = $7::jsonb, source_id = $8, sealed = $9,"
		" content_hash = case when $10::bytea is null then m.content_hash"
		"  when exists (select from memories o where o.owner = m.owner and o.scope = m.scope"
		"   and o.utterance_id is null and o.content_hash = $10::bytea and o.id <> m.id"
		"   and o.given_at is not distinct from m.given_at)"
		"  then $11::bytea else $10::bytea end where id = $1::uuid",
		ARGS(db_text(m->id), db_text(m->plain.content), db_text(m->plain.summary),
	         db_text(m->plain.speaker), db_text(m->plain.words), db_text(m->plain.tags),
	         db_text(m->plain.metadata), db_text(m->plain.source_id), db_text(m->sealed),
	         db_bytes(m->hash), db_bytes(m->other_hash))));
	return memory_connect(cx, m->session_id, m->position);
}

static bool is_as_masked(const struct db_rows *rows, int row, const struct memory_parts *plain)
{
	return str_equal(plain->words, row_text(rows, row, COL_WORDS)) &&
	       str_equal(plain->summary, row_text(rows, row, COL_SUMMARY)) &&
	       str_equal(plain->speaker, row_text(rows, row, COL_SPEAKER)) &&
	       str_equal(plain->source_id, row_text(rows, row, COL_SOURCE)) &&
	       str_equal(plain->content, row_text(rows, row, COL_CONTENT)) &&
	       str_equal(plain->tags, row_text(rows, row, COL_TAGS)) &&
	       str_equal(plain->metadata, row_text(rows, row, COL_METADATA));
}

static struct err *mask_memory(struct ctx *cx, struct session *s, const struct db_rows *rows,
                               int row)
{
	struct memory_parts parts = {
		.content = row_text(rows, row, COL_CONTENT),
		.summary = row_text(rows, row, COL_SUMMARY),
		.speaker = row_text(rows, row, COL_SPEAKER),
		.words = row_text(rows, row, COL_WORDS),
		.tags = row_text(rows, row, COL_TAGS),
		.metadata = row_text(rows, row, COL_METADATA),
		.source_id = row_text(rows, row, COL_SOURCE),
	};
	const char   *sealed = row_text(rows, row, COL_SEALED);
	struct remade m = {.id = row_text(rows, row, COL_ID),
	                   .session_id = s->id,
	                   .position = row_int(rows, row, COL_POSITION)};
	struct hash  *other = NEW(cx->arena, struct hash);

	if (sealed && !memory_unseal(cx, m.id, sealed, &parts))
		return NULL; /* the key is gone: nothing to mask it from */
	if (!memory_mask(cx, &parts, row_int(rows, row, COL_OCCURRED), &s->names, &m.plain) ||
	    is_as_masked(rows, row, &m.plain))
		return NULL;
	TRY(memory_seal(cx, m.id, &parts, &m.sealed));
	if (m.plain.content != parts.content)
		m.hash = memory_seal_hash(cx, &parts);
	if (!vault_hash("memory_twin", span_of(m.id), other))
		return NULL;
	m.other_hash = hash_span(other);
	s->changed++;
	return db_tx(cx, update_memory, &m);
}

static struct err *mask_memories(struct ctx *cx, struct session *s)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select id, position, content::text, summary, speaker, words, to_jsonb(tags),"
	             " metadata, source_id, sealed,"
	             " floor(extract(epoch from occurred_at) * 1000)::bigint from memories"
	             " where session_id = $1::uuid and position > $2::bigint"
	             " order by position limit $3::int",
	             ARGS(db_text(s->id), db_int(s->after), db_int(PAGE))));
	for (int i = 0; i < rows.count; i++)
		TRY(mask_memory(cx, s, &rows, i));
	end_page(s, &rows, COL_POSITION);
	return NULL;
}

static struct err *mask_summary(struct ctx *cx, struct session *s)
{
	bool is_changed;

	s->is_over = true;
	TRY(summary_mask(cx, s->id, &s->names, &is_changed));
	s->changed += is_changed;
	return NULL;
}

/* ---- a session ---- */

static struct err *all_pages(struct ctx *cx, struct session *s, mask_page *page)
{
	s->after = 0;
	s->is_over = false;
	while (!s->is_over)
		TRY(page(cx, s));
	return NULL;
}

/* The mark of work in hand. */
static struct span pending(struct ctx *cx, struct span done)
{
	struct hash *hash = NEW(cx->arena, struct hash);

	*hash = HASH("masking", done);
	return hash_span(hash);
}

struct err *masking_next(struct ctx *cx, const char *session_id, struct names *names,
                         const char **out)
{
	struct span    done;
	struct db_rows rows;

	*out = NULL;
	TRY(memory_names(cx, session_id, names));
	done = names_hash(cx, names);
	if (!done.ptr)
		return NULL;
	TRY(db_query(cx, &rows,
	             "select o.id from sessions s join sessions o on o.memory_owner = s.memory_owner"
	             " where s.id = $1::uuid and o.names_hash is distinct from $2::bytea"
	             " order by o.id = s.id desc, o.started_at desc limit 1",
	             ARGS(db_text(session_id), db_bytes(done))));
	*out = rows.count ? row_text(&rows, 0, 0) : NULL;
	return NULL;
}

/* A name only this session knows stays masked. */
static struct err *add_own_names(struct ctx *cx, struct session *s)
{
	struct names own;

	TRY(memory_names(cx, s->id, &own));
	for (size_t i = 0; i < own.n; i++)
		names_add(cx, &s->names, own.at[i]);
	return NULL;
}

struct err *masking_session(struct ctx *cx, const char *session_id, const struct names *names)
{
	static mask_page *const pages[] = {mask_utterances, mask_extracts, mask_memories, mask_summary};
	struct session          s = {.id = session_id, .names = *names};
	struct span             done = names_hash(cx, names), mark = pending(cx, done);

	TRY(add_own_names(cx, &s));
	TRY(db_exec(cx, NULL, "update sessions set names_hash = $2::bytea where id = $1::uuid",
	            ARGS(db_text(session_id), db_bytes(mark))));
	for (size_t i = 0; i < COUNT(pages); i++)
		TRY(all_pages(cx, &s, pages[i]));
	return db_exec(cx, NULL,
	               "with audited as (" AUDIT_INSERT_SQL " select 'save_memory', 'contact_masked',"
	               "  'sessions:' || id, id from sessions where id = $1::uuid and $4::bool)"
	               " update sessions set names_hash = $3::bytea"
	               "  where id = $1::uuid and names_hash = $2::bytea",
	               ARGS(db_text(session_id), db_bytes(mark), db_bytes(done),
	                    db_bool(s.changed > 0)));
}
