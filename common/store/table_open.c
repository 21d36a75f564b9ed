/* table_open.c -- opening what rows hide. */
#include "table_open.h"

#include "../base/json_in.h"
#include "memory_seal.h"
#include "sealed.h"

#include <stdlib.h>

/* A row being written. */
struct row {
	struct ctx           *cx;
	const struct db_rows *plain, *hidden;
	int                   at;
	const char           *key;           /* the hidden one */
	const struct cJSON   *parts, *shown; /* of hidden_of(); NULL: none */
	bool                  is_sealed;     /* the parts are */
	const struct cJSON   *whole; /* opened, of those that are sealed as one; NULL: not yet */
};

/* Writes the member from the opened parts; false: there is nothing of it in them. */
typedef bool open_column(struct row *r, const struct column *c, int col, struct json_out *j);

static const char *part(const struct row *r, const char *name)
{
	return json_text_at(r->parts, name);
}

/* What is sealed as one JSON text; NULL when it does not open. */
static const struct cJSON *whole(struct row *r, struct place at, const char *sealed)
{
	const char *json;

	if (r->whole)
		return r->whole;
	json = sealed_open_text(r->cx, at, sealed);
	if (json && json_parse(r->cx, span_of(json), &r->whole))
		r->whole = NULL;
	return r->whole;
}

static bool put_text(struct json_out *j, const struct column *c, const char *text)
{
	if (text)
		json_str(j, c->name, text);
	return text;
}

static bool put_node(struct row *r, struct json_out *j, const struct column *c,
                     const struct cJSON *node)
{
	if (node)
		json_raw(j, c->name, json_print(r->cx, node));
	return node;
}

/* ---- table by table ---- */

/* What only the extracts know of a visitor is shown as scripts/leads does. */
static const char *known_from_extract(struct row *r, const char *member)
{
	const char         *id = part(r, "contact_id"), *sealed = part(r, "contact");
	const struct cJSON *contact = id && sealed ? whole(r, AT_EXTRACT(id), sealed) : NULL;

	return contact ? json_text_at(contact, member) : NULL;
}

static bool open_session(struct row *r, const struct column *c, int col, struct json_out *j)
{
	const char *sealed = part(r, c->name), *text = NULL;

	(void)col;
	if (sealed)
		text = sealed_open_text(r->cx, AT_SESSION(c->name, r->key), sealed);
	if (!text && str_equal(c->name, "email"))
		text = known_from_extract(r, "contact_email");
	if (!text && str_equal(c->name, "contact_name"))
		text = known_from_extract(r, "person_name");
	return put_text(j, c, text);
}

static bool open_utterance(struct row *r, const struct column *c, int col, struct json_out *j)
{
	(void)col;
	return put_text(j, c, sealed_open_text(r->cx, AT_UTTERANCE(r->key), part(r, "sealed")));
}

/* The members as they are in the plain column, with the originals of those that were masked. */
static bool put_entities(struct row *r, const struct column *c, int col, struct json_out *j,
                         const struct cJSON *sealed)
{
	const struct cJSON *plain;

	if (json_parse(r->cx, span_of(row_text(r->plain, r->at, col)), &plain))
		return false;
	json_obj(j, c->name);
	for (const struct cJSON *m = json_first(plain); m; m = json_next(m))
		if (!json_at(sealed, json_name(m)))
			json_raw(j, json_name(m), json_print(r->cx, m));
	for (const struct cJSON *m = json_first(sealed); m; m = json_next(m))
		if (json_type(m) == JSON_STRING)
			json_str(j, json_name(m), json_text_at(m, ""));
	json_end(j);
	return true;
}

static bool open_extract(struct row *r, const struct column *c, int col, struct json_out *j)
{
	const struct cJSON *sealed = whole(r, AT_EXTRACT(r->key), part(r, "sealed"));

	if (!sealed)
		return false;
	if (str_equal(c->name, "entities"))
		return put_entities(r, c, col, j, sealed);
	return put_node(r, j, c, json_at(sealed, c->name));
}

static bool open_summary(struct row *r, const struct column *c, int col, struct json_out *j)
{
	static const char *const members[][2] = {{"executive_summary", "text"},
	                                         {"action_items", "actions"},
	                                         {"crm_payload", "crm"},
	                                         {"themes", "themes"}};
	const struct cJSON      *sealed = whole(r, AT_SUMMARY(r->key), part(r, "sealed"));

	(void)col;
	for (size_t i = 0; sealed && i < COUNT(members); i++)
		if (str_equal(c->name, members[i][0]))
			return put_node(r, j, c, json_at(sealed, members[i][1]));
	return false;
}

static bool open_action_item(struct row *r, const struct column *c, int col, struct json_out *j)
{
	const struct cJSON *sealed = whole(r, AT_SUMMARY(r->key), part(r, "sealed"));
	const char         *path = arena_printf(r->cx->arena, "actions[%lld].text",
	                                        (long long)row_int(r->plain, r->at, TABLE_COL_PLACE));

	(void)col;
	return sealed && put_text(j, c, json_text_at(sealed, path));
}

static bool open_memory(struct row *r, const struct column *c, int col, struct json_out *j)
{
	const char         *json = NULL;
	struct memory_parts parts;

	(void)col;
	if (!memory_unseal(r->cx, r->key, part(r, "sealed"), &parts))
		return false;
	if (str_equal(c->name, "summary"))
		return put_text(j, c, parts.summary);
	if (str_equal(c->name, "content"))
		json = parts.content;
	else if (str_equal(c->name, "tags"))
		json = parts.tags;
	else if (str_equal(c->name, "metadata"))
		json = parts.metadata;
	if (json)
		json_raw(j, c->name, span_of(json));
	return json;
}

static bool open_signup(struct row *r, const struct column *c, int col, struct json_out *j)
{
	const char *sealed = part(r, c->name);

	(void)col;
	return sealed &&
	       put_text(j, c,
	                sealed_open_text(r->cx, PLACE("email_signups", c->name, part(r, "place")),
	                                 sealed));
}

static open_column *opener_of(const struct table *table)
{
	static const struct {
		const char  *table;
		open_column *open;
	} openers[] = {
		{"sessions", open_session},         {"utterances", open_utterance},
		{"extracts", open_extract},         {"summaries", open_summary},
		{"memories", open_memory},          {"email_signups", open_signup},
		{"action_items", open_action_item},
	};

	for (size_t i = 0; i < COUNT(openers); i++)
		if (str_equal(openers[i].table, table->name))
			return openers[i].open;
	return NULL;
}

/* ---- a row ---- */

/* Does any of the chosen columns hold contact data? */
static bool wants_contact(const struct table_query *q)
{
	for (size_t i = 0; i < q->columns_n; i++)
		if (q->columns[i]->kind == COLUMN_MASKED || q->columns[i]->kind == COLUMN_SEALED)
			return true;
	return false;
}

static const struct cJSON *json_of(struct row *r, int row, int col)
{
	const char         *json = row_text(r->hidden, row, col);
	const struct cJSON *root;

	return json && !json_parse(r->cx, span_of(json), &root) ? root : NULL;
}

/* They are sorted by their keys. */
static void find_hidden(struct row *r)
{
	int from = 0, until = r->hidden->count;

	r->parts = r->shown = r->whole = NULL;
	while (from < until) {
		int mid = from + (until - from) / 2, order = strcmp(row_text(r->hidden, mid, 0), r->key);

		if (order < 0)
			from = mid + 1;
		else
			until = mid;
	}
	if (from == r->hidden->count || !str_equal(row_text(r->hidden, from, 0), r->key))
		return;
	r->parts = json_of(r, from, 1);
	r->shown = json_of(r, from, 2);
	r->is_sealed = row_bool(r->hidden, from, 3);
}

static void write_column(struct row *r, const struct column *c, int col, open_column *open,
                         struct json_out *j)
{
	const struct cJSON *node = NULL;

	if (c->kind != COLUMN_PLAIN && r->parts && r->is_sealed && c->kind != COLUMN_SHOWN && open &&
	    open(r, c, col, j))
		return;
	if (c->kind == COLUMN_SHOWN && r->shown)
		node = json_at(r->shown, c->name);
	else if (c->kind == COLUMN_SEALED && r->parts && !r->is_sealed)
		node = json_at(r->parts, c->name);
	if (node)
		json_raw(j, c->name, json_print(r->cx, node));
	else if (row_is_null(r->plain, r->at, col))
		json_null(j, c->name);
	else
		json_raw(j, c->name, span_of(row_text(r->plain, r->at, col)));
}

static void write_row(struct row *r, const struct table_query *q, open_column *open,
                      struct json_out *j)
{
	json_obj(j, NULL);
	for (size_t i = 0; i < q->columns_n; i++)
		write_column(r, q->columns[i], TABLE_COL_FIRST + (int)i, open, j);
	json_end(j);
}

static struct err *ask_hidden(struct ctx *cx, const struct table_query *q,
                              const struct db_rows *rows, struct db_rows *out)
{
	struct buf keys = array_begin(cx);

	for (int i = 0; i < rows->count; i++)
		array_add(&keys, row_text(rows, i, TABLE_COL_HIDDEN));
	return table_hidden(cx, q, array_end(&keys), wants_contact(q), out);
}

struct err *table_write_rows(struct ctx *cx, const struct table_query *q,
                             const struct db_rows *rows, struct json_out *j)
{
	struct row     r = {.cx = cx, .plain = rows};
	struct db_rows hidden;
	bool           hides = table_hides(q) && rows->count;

	if (hides) {
		TRY(ask_hidden(cx, q, rows, &hidden));
		r.hidden = &hidden;
	}
	for (r.at = 0; r.at < rows->count; r.at++) {
		r.key = row_text(rows, r.at, TABLE_COL_HIDDEN);
		if (hides)
			find_hidden(&r);
		write_row(&r, q, opener_of(q->table), j);
	}
	return NULL;
}
