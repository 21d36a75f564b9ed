/* sealed.c -- sealing what masking changes. */
#include "sealed.h"

#include "../base/json_in.h"
#include "../base/json_out.h"
#include "../base/log.h"

#define ACTIONS "followup_actions"

/* How names are found. Another text, and all that is stored is masked once more: change it with a
 * migration that enqueues the job (names_folded.sql). */
#define NAMES_MASKED_AS "names, folded"

const char *sealed_row_id(struct ctx *cx)
{
	char *id = arena_alloc(cx->arena, CRYPTO_UUID_CHARS + 1);

	crypto_uuid(id);
	return id;
}

/* ---- one text ---- */

struct kept_text sealed_keep(struct ctx *cx, struct place at, const char *text,
                             const struct names *names)
{
	struct kept_text kept = {.masked = mask_str(cx, text, names)};
	const char      *sealed = NULL;

	if (kept.masked != text)
		sealed = vault_seal(cx->arena, at, span_of(text));
	if (sealed)
		kept.sealed = span_of(sealed);
	return kept;
}

struct kept_text sealed_keep_back(struct ctx *cx, struct place at, const char *text)
{
	const char *sealed = vault_seal(cx->arena, at, span_of(text));

	return sealed ? (struct kept_text){"", span_of(sealed)} : sealed_keep(cx, at, text, NULL);
}

const char *sealed_open_text(struct ctx *cx, struct place at, const char *sealed)
{
	struct span plain;

	if (!sealed)
		return NULL;
	if (vault_open(cx->arena, at, sealed, &plain))
		return plain.ptr;
	LOG(LOG_WARN, cx, "sealed_text_unopened", F_STR("table", at.table), F_STR("row", at.row),
	    F_INT("bytes", strlen(sealed)));
	return NULL;
}

const char *sealed_open(struct ctx *cx, struct place at, const char *masked, struct span sealed)
{
	const char *plain = NULL;

	if (sealed.ptr)
		plain = sealed_open_text(cx, at, arena_strndup(cx->arena, sealed.ptr, sealed.len));
	return plain ? plain : masked;
}

/* ---- names ---- */

/* One name, an array of them, or an object with person_name. */
static void read_names(struct ctx *cx, const char *text, struct names *out)
{
	const struct cJSON *root;

	if (*text != '[' && *text != '{') {
		names_add(cx, out, text);
		return;
	}
	if (json_parse(cx, span_of(text), &root))
		return;
	if (json_type(root) == JSON_OBJECT)
		names_add(cx, out, json_text_at(root, "person_name"));
	for (const struct cJSON *n = json_type(root) == JSON_ARRAY ? json_first(root) : NULL; n;
	     n = json_next(n))
		names_add(cx, out, json_text_at(n, ""));
}

void names_open(struct ctx *cx, const char *json, struct names *out)
{
	const struct cJSON *list;

	*out = (struct names){.n = 0};
	if (!json || json_parse(cx, span_of(json), &list))
		return;
	for (const struct cJSON *s = json_first(list); s; s = json_next(s)) {
		struct place at = {json_text_at(s, "table"), json_text_at(s, "column"),
		                   json_text_at(s, "row")};
		const char  *text = NULL;

		if (at.table && at.column && at.row)
			text = sealed_open_text(cx, at, json_text_at(s, "sealed"));
		if (text)
			read_names(cx, text, out);
	}
}

struct err *names_seal(struct ctx *cx, const char *session_id, const struct names *names,
                       const char **sealed_out)
{
	const char *json;

	*sealed_out = NULL;
	if (!names->n)
		return NULL;
	TRY(json_texts(cx, names->at, names->n, &json));
	*sealed_out = vault_seal(cx->arena, AT_SESSION("names_sealed", session_id), span_of(json));
	return NULL;
}

struct span names_hash(struct ctx *cx, const struct names *names)
{
	struct hash *hash = NEW(cx->arena, struct hash);
	struct buf   all = buf_new(cx->arena, 0);

	for (size_t i = 0; i < names->n; i++)
		buf_printf(&all, "%s\n", names_fold(cx, names->at[i]));
	if (!names->n || !vault_hash(NAMES_MASKED_AS, buf_span(&all), hash))
		return (struct span){NULL, 0};
	return hash_span(hash);
}

/* ---- an extract ---- */

static void seal_entities(struct ctx *cx, const struct extract *x, const struct names *names,
                          struct json_out *j, struct extract *plain, bool *has_any)
{
	for (int i = 0; i < ENTITY_COUNT; i++) {
		const char *text = x->entities.text[i];
		bool        is_who = i == ENTITY_person_name || i == ENTITY_contact_email;

		plain->entities.text[i] = is_who ? NULL : mask_str(cx, text, names);
		if (plain->entities.text[i] == text)
			continue;
		json_str(j, entity_name((enum entity)i), text);
		*has_any = true;
	}
}

static void seal_actions(struct ctx *cx, const struct extract *x, const struct names *names,
                         struct json_out *j, struct extract *plain, bool *has_any)
{
	bool is_changed = false;

	for (size_t i = 0; i < x->n_actions; i++) {
		plain->followup_actions[i] = mask_str(cx, x->followup_actions[i], names);
		is_changed = is_changed || plain->followup_actions[i] != x->followup_actions[i];
	}
	if (!is_changed)
		return;
	*has_any = true;
	json_arr(j, ACTIONS);
	for (size_t i = 0; i < x->n_actions; i++)
		json_str(j, NULL, x->followup_actions[i]);
	json_end(j);
}

struct err *extract_seal(struct ctx *cx, const char *id, const struct extract *x,
                         const struct names *names, struct extract *plain_out,
                         const char **sealed_out)
{
	struct json_out *j = json_new(cx->arena, 0);
	struct span      json;
	bool             has_any = false;

	*plain_out = *x;
	json_obj(j, NULL);
	seal_entities(cx, x, names, j, plain_out, &has_any);
	seal_actions(cx, x, names, j, plain_out, &has_any);
	json_end(j);
	TRY(json_finish(cx, j, &json));
	*sealed_out = has_any ? vault_seal(cx->arena, AT_EXTRACT(id), json) : NULL;
	return NULL;
}

void extract_open(struct ctx *cx, const char *id, struct span sealed, struct extract *in_out)
{
	const char         *json = sealed_open(cx, AT_EXTRACT(id), NULL, sealed);
	const struct cJSON *root, *actions;
	size_t              n = 0;

	if (!json || json_parse(cx, span_of(json), &root))
		return;
	for (int i = 0; i < ENTITY_COUNT; i++) {
		const char *text = json_text_at(root, entity_name((enum entity)i));

		if (text)
			in_out->entities.text[i] = text;
	}
	actions = json_at(root, ACTIONS);
	if (!actions)
		return;
	for (const struct cJSON *a = json_first(actions); a && n < EXTRACT_ACTIONS_MAX;
	     a = json_next(a))
		if (json_text_at(a, ""))
			in_out->followup_actions[n++] = json_text_at(a, "");
	in_out->n_actions = n;
}
