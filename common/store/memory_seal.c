/* memory_seal.c -- masking a memory and keeping the original. */
#include "memory_seal.h"

#include "../base/json_in.h"
#include "../base/json_out.h"
#include "../base/str.h"
#include "../base/vault.h"
#include "../domain/who/mask.h"
#include "../domain/memory/index_text.h"
#include "../db/db.h"
#include "memories.h"
#include "sealed.h"

#define SEALED_MAX  ((size_t)1 << 20)
#define CONTENT_MAX 131072 /* of the plain column */

/* ---- masking ---- */

static const char *mask_json_text(struct ctx *cx, const char *json, const struct names *names)
{
	struct span masked;

	if (!json)
		return NULL;
	masked = mask_json(cx, span_of(json), names);
	return masked.ptr == json ? json : arena_strndup(cx->arena, masked.ptr, masked.len);
}

/* What is searched is made anew from the masked content where it came from there: that a number is
 * one of a telephone may be told by its member's name alone. */
static void mask_words(struct ctx *cx, const struct memory_parts *in, int64_t occurred_ms,
                       const struct names *names, struct memory_parts *plain)
{
	const struct cJSON *content;
	struct index_text   text;

	plain->words = mask_str(cx, in->words, names);
	plain->speaker = mask_str(cx, in->speaker, names);
	if (plain->content == in->content || str_equal(in->metadata, MEMORY_KIND_SUMMARY) ||
	    json_parse(cx, span_of(plain->content), &content) || json_type(content) == JSON_STRING)
		return;
	index_text_of(cx, content, plain->summary, occurred_ms, &text);
	plain->words = mask_str(cx, text.words, names);
}

/* Masks are longer than short names: then the words alone stand for the content. */
static const char *fitting(struct ctx *cx, const struct memory_parts *plain)
{
	struct span words = span_of(plain->words);
	struct buf  json;

	if (strlen(plain->content) < CONTENT_MAX / 2)
		return plain->content;
	json = buf_new(cx->arena, 6 * words.len + 2);
	json_quote(&json, words);
	return buf_text(&json);
}

bool memory_mask(struct ctx *cx, const struct memory_parts *in, int64_t occurred_ms,
                 const struct names *names, struct memory_parts *plain_out)
{
	struct memory_parts plain = {
		.content = mask_json_text(cx, in->content, names),
		.summary = mask_str(cx, in->summary, names),
		.tags = mask_json_text(cx, in->tags, names),
		.metadata = mask_json_text(cx, in->metadata, names),
		.source_id = in->source_id,
	};

	mask_words(cx, in, occurred_ms, names, &plain);
	if (plain.content != in->content)
		plain.content = fitting(cx, &plain);
	if (in->source_id && !str_equal(in->metadata, MEMORY_KIND_SUMMARY) &&
	    mask_str(cx, in->source_id, names) != in->source_id)
		plain.source_id = memory_source_kept(cx, in->source_id);
	*plain_out = plain;
	return plain.content != in->content || plain.summary != in->summary || plain.tags != in->tags ||
	       plain.metadata != in->metadata || plain.words != in->words ||
	       plain.speaker != in->speaker || plain.source_id != in->source_id;
}

/* ---- hashes ---- */

static struct span hash_input(struct ctx *cx, const struct memory_parts *parts)
{
	/* Sessions of one owner may come to the same. */
	bool of_session = str_equal(parts->metadata, MEMORY_KIND_SUMMARY) && parts->source_id;

	return span_of(of_session ? arena_printf(cx->arena, "%s\n%s", parts->source_id, parts->content)
	                          : parts->content);
}

struct span memory_seal_hash(struct ctx *cx, const struct memory_parts *parts)
{
	struct hash *hash = NEW(cx->arena, struct hash);

	return vault_hash("memory", hash_input(cx, parts), hash) ? hash_span(hash)
	                                                         : (struct span){NULL, 0};
}

struct span memory_seal_hash_former(struct ctx *cx, const struct memory_parts *parts)
{
	struct hash *hash = NEW(cx->arena, struct hash);

	return vault_former_hash("memory", hash_input(cx, parts), hash) ? hash_span(hash)
	                                                                : (struct span){NULL, 0};
}

static const char *source_text(struct ctx *cx, const struct hash *hash)
{
	struct buf text = buf_new(cx->arena, 0);

	buf_str(&text, "sealed:");
	buf_hex(&text, hash->bytes, CRYPTO_HASH_BYTES);
	return buf_text(&text);
}

/* Without a key there is none to tell memories apart by. */
const char *memory_source_kept(struct ctx *cx, const char *source_id)
{
	struct hash hash;

	return vault_hash("memory_source", span_of(source_id), &hash) ? source_text(cx, &hash) : NULL;
}

const char *memory_source_former(struct ctx *cx, const char *source_id)
{
	struct hash hash;

	return vault_former_hash("memory_source", span_of(source_id), &hash) ? source_text(cx, &hash)
	                                                                     : NULL;
}

/* ---- sealing ---- */

struct err *memory_seal(struct ctx *cx, const char *id, const struct memory_parts *parts,
                        const char **sealed_out)
{
	struct json_out *j = json_new(cx->arena, SEALED_MAX);
	struct span      json;

	json_obj(j, NULL);
	json_str(j, "content", parts->content);
	json_str(j, "summary", parts->summary);
	json_str(j, "speaker", parts->speaker);
	json_str(j, "words", parts->words);
	json_str(j, "tags", parts->tags);
	json_str(j, "metadata", parts->metadata);
	json_str(j, "source_id", parts->source_id);
	json_end(j);
	TRY(json_finish(cx, j, &json));
	*sealed_out = vault_seal(cx->arena, AT_MEMORY(id), json);
	return NULL;
}

bool memory_unseal(struct ctx *cx, const char *id, const char *sealed, struct memory_parts *out)
{
	const char         *json = sealed_open_text(cx, AT_MEMORY(id), sealed);
	const struct cJSON *root;

	if (!json || json_parse(cx, span_of(json), &root) || !json_text_at(root, "content"))
		return false;
	*out = (struct memory_parts){
		.content = json_text_at(root, "content"),
		.summary = json_text_at(root, "summary"),
		.speaker = json_text_at(root, "speaker"),
		.words = json_text_at(root, "words"),
		.tags = json_text_at(root, "tags"),
		.metadata = json_text_at(root, "metadata"),
		.source_id = json_text_at(root, "source_id"),
	};
	return true;
}

struct err *memory_normalise(struct ctx *cx, const char *json, const char **out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, "select $1::jsonb::text", ARGS(db_text(json))));
	*out = row_text(&rows, 0, 0);
	return NULL;
}

/* ---- what is stored ---- */

static const char *text_of(struct ctx *cx, struct span s)
{
	return arena_strndup(cx->arena, s.ptr, s.len);
}

/* Members may come in any order; what was kept before has the hash of the one it came in. */
static struct err *hash_plain(struct ctx *cx, struct memory_kept *out, struct span content)
{
	struct hash *hash = NEW(cx->arena, struct hash), *unsorted = NEW(cx->arena, struct hash);
	struct span  sorted;

	*unsorted = HASH("memory", content);
	out->hash = hash_span(unsorted);
	if (content.ptr[0] != '{' && content.ptr[0] != '[')
		return NULL;
	TRY(json_sorted(cx, content, &sorted));
	*hash = HASH("memory", sorted);
	out->hash = hash_span(hash);
	out->hash_plain = hash_span(unsorted);
	return NULL;
}

/* Without a key only the masked text is kept, and is what tells it from others. */
static struct err *seal(struct ctx *cx, struct memory_parts *parts, struct memory_kept *out)
{
	bool is_masked = out->plain.content != parts->content;

	if (is_masked && !vault_has_key())
		TRY(hash_plain(cx, out, span_of(out->plain.content)));
	if (!vault_has_key())
		return NULL;
	TRY(memory_normalise(cx, parts->content, &parts->content));
	TRY(memory_seal(cx, out->id, parts, &out->sealed));
	if (is_masked) {
		out->hash_plain = out->hash;
		out->hash = memory_seal_hash(cx, parts);
		out->hash_former = memory_seal_hash_former(cx, parts);
	}
	if (parts->source_id == out->plain.source_id)
		return NULL;
	out->source_plain = parts->source_id;
	out->source_former = memory_source_former(cx, parts->source_id);
	return NULL;
}

struct err *memory_keep(struct ctx *cx, const struct memory_new *in, struct memory_kept *out)
{
	struct memory_parts parts = {.content = text_of(cx, in->content_json),
	                             .summary = in->summary,
	                             .speaker = in->speaker,
	                             .words = in->words,
	                             .tags = text_of(cx, in->tags_json),
	                             .metadata = text_of(cx, in->metadata_json),
	                             .source_id = in->source_id};

	*out = (struct memory_kept){.id = sealed_row_id(cx), .names_hash = names_hash(cx, in->names)};
	TRY(hash_plain(cx, out, in->content_json));
	if (memory_mask(cx, &parts, in->occurred_ms, in->names, &out->plain))
		return seal(cx, &parts, out);
	return NULL;
}
