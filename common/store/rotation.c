/* rotation.c -- which columns are sealed, and sealing them anew. */
#include "rotation.h"

#include "../base/str.h"
#include "../base/vault.h"
#include "../db/db.h"
#include "audit.h"
#include "emails.h"
#include "mailboxes.h"
#include "memory_seal.h"
#include "people.h"

#define COLUMNS_MAX 4

/* The columns of a table's select_sql. */
enum { COL_ID, COL_ROW_NAME, COL_FIRST };

/* What keyed hash goes with a row. */
enum hash_kind {
	HASH_NONE,
	HASH_ADDRESS, /* of the first column, an address */
	HASH_MAILBOX, /* of the digest in the first column */
	HASH_PERSON,  /* of the first column, the address of who signs in */
	HASH_MEMORY   /* of the content in the first column, a memory; of its source too */
};

/* select: $1 id to begin behind, $2 the present key's prefix, $3 rows -> id, the row's name where
 * its texts are bound to it (struct place) and the sealed columns as text. update: $1 id, $2 the
 * hash, $3... the columns; behind them a memory's source and content. */
static const struct table {
	const char    *name;
	const char    *columns[COLUMNS_MAX];
	enum hash_kind hash;
	const char    *select_sql, *update_sql;
} tables[] = {
	{"email_signups",
     {"email", "name"},
     HASH_ADDRESS,
     "select id, encode(email_hash, 'hex'), email, name from email_signups where id > $1::uuid"
     " and (not starts_with(email, $2) or not starts_with(name, $2))"
     " order by id limit $3::int for update",
     "update email_signups m set email = $3, email_hash = $2::bytea, name = $4 where id = $1::uuid"
     " and not exists (select from email_signups o where o.email_hash = $2::bytea"
     "  and o.id <> m.id)"},
	{"people",
     {"email", "password"},
     HASH_PERSON,
     "select id, id, email, password from people where id > $1::uuid"
     " and (not starts_with(email, $2) or not starts_with(password, $2))"
     " order by id limit $3::int for no key update",
     "update people m set email = $3, email_hash = $2::bytea, password = $4 where id = $1::uuid"
     " and not exists (select from people o where o.email_hash = $2::bytea and o.id <> m.id)"},
	{"mailboxes",
     {"sealed"},
     HASH_MAILBOX,
     "select id, encode(hash, 'hex'), sealed from mailboxes where id > $1::uuid"
     " and not starts_with(sealed, $2) order by id limit $3::int for no key update",
     "update mailboxes m set sealed = $3, hash = $2::bytea where id = $1::uuid"
     " and not exists (select from mailboxes o where o.hash = $2::bytea and o.id <> m.id)"},
	/* The names' hash is of the key before: without it, it is looked once whether all is masked. */
	{"sessions",
     {"email", "contact_name", "notes", "names_sealed"},
     HASH_ADDRESS,
     "select id, id, email, contact_name, notes, names_sealed from sessions where id > $1::uuid"
     " and (not starts_with(email, $2) or not starts_with(contact_name, $2)"
     "  or not starts_with(notes, $2) or not starts_with(names_sealed, $2))"
     " order by id limit $3::int for no key update",
     "update sessions set email = $3, email_hash = $2::bytea, contact_name = $4, notes = $5,"
     " names_sealed = $6, names_hash = null where id = $1::uuid"},
	{"given_names",
     {"name"},
     HASH_NONE,
     "select id, id, name from given_names where id > $1::uuid and not starts_with(name, $2)"
     " order by id limit $3::int for update",
     "update given_names set name = $3 where id = $1::uuid and $2::bytea is null"},
	{"extracts",
     {"contact_sealed"},
     HASH_NONE,
     "select id, id, convert_from(contact_sealed, 'UTF8') from extracts where id > $1::uuid"
     " and position(convert_to($2, 'UTF8') in contact_sealed) <> 1"
     " order by id limit $3::int for update",
     "update extracts set contact_sealed = convert_to($3, 'UTF8')"
     " where id = $1::uuid and $2::bytea is null"},
	{"utterances",
     {"text_sealed"},
     HASH_NONE,
     "select id, id, convert_from(text_sealed, 'UTF8') from utterances where id > $1::uuid"
     " and position(convert_to($2, 'UTF8') in text_sealed) <> 1"
     " order by id limit $3::int for update",
     "update utterances set text_sealed = convert_to($3, 'UTF8')"
     " where id = $1::uuid and $2::bytea is null"},
	/* Two of the same may have been kept under the two keys: they stay two. */
	{"memories",
     {"sealed"},
     HASH_MEMORY,
     "select id, id, sealed from memories where id > $1::uuid and not starts_with(sealed, $2)"
     " order by id limit $3::int for no key update",
     "update memories m set sealed = $3, source_id = case when"
     "  starts_with(m.source_id, 'sealed:') then coalesce($4, m.source_id) else m.source_id end,"
     " content_hash = case when m.content = $5::jsonb or exists (select from memories o"
     "  where o.owner = m.owner and o.scope = m.scope and o.utterance_id is null"
     "  and o.content_hash = $2::bytea and o.id <> m.id"
     "  and o.given_at is not distinct from m.given_at) then m.content_hash"
     "  else $2::bytea end where m.id = $1::uuid"
     " and not exists (select from memories o where o.owner = m.owner and o.source_id = $4"
     "  and o.id <> m.id)"},
	{"summaries",
     {"sealed"},
     HASH_NONE,
     "select session_id, session_id, sealed from summaries where session_id > $1::uuid"
     " and not starts_with(sealed, $2) order by session_id limit $3::int for update",
     "update summaries set sealed = $3 where session_id = $1::uuid and $2::bytea is null"},
};

size_t rotation_tables(void)
{
	return COUNT(tables);
}

const char *rotation_table(size_t i)
{
	return tables[i].name;
}

struct step {
	const struct table    *table;
	int                    batch;
	const char            *actor;
	const struct rotation *before;
	struct rotation        r;
};

/* A row as it is written again. */
struct renewed {
	const char *sealed[COLUMNS_MAX];
	struct span hash;             /* ptr NULL: none */
	const char *source, *content; /* of a memory, the source as a hash; else NULL */
};

static bool hash_address(struct ctx *cx, const char *address, struct renewed *out)
{
	struct hash *hash = NEW(cx->arena, struct hash);

	if (!email_hash(cx, address, hash))
		return false;
	out->hash = hash_span(hash);
	return true;
}

static bool hash_person(struct ctx *cx, const char *email, struct renewed *out)
{
	struct hash *hash = NEW(cx->arena, struct hash);

	if (!people_hash(cx, email, hash))
		return false;
	out->hash = hash_span(hash);
	return true;
}

static bool hash_memory(struct ctx *cx, const char *id, const char *sealed, struct renewed *out)
{
	struct memory_parts parts;

	if (!memory_unseal(cx, id, sealed, &parts))
		return false;
	out->hash = memory_seal_hash(cx, &parts);
	out->content = parts.content;
	if (parts.source_id)
		out->source = memory_source_kept(cx, parts.source_id);
	return true;
}

/* What goes with the first column; false when it can not be told. */
static bool hash_row(struct ctx *cx, const struct table *t, const char *id, const char *sealed,
                     struct span plain, struct renewed *out)
{
	if (t->hash == HASH_ADDRESS)
		return hash_address(cx, plain.ptr, out);
	if (t->hash == HASH_PERSON)
		return hash_person(cx, plain.ptr, out);
	if (t->hash == HASH_MAILBOX)
		out->hash = mailbox_hash(cx, plain);
	return t->hash != HASH_MEMORY || hash_memory(cx, id, sealed, out);
}

/* The name of a sign-up's or mailbox's row is its hash, which has changed. */
static const char *row_name(struct ctx *cx, const struct table *t, const char *id,
                            const struct renewed *r)
{
	struct buf hex = buf_new(cx->arena, 0);

	if (!str_equal(t->name, "email_signups") && t->hash != HASH_MAILBOX)
		return id;
	buf_hex(&hex, r->hash.ptr, r->hash.len);
	return buf_text(&hex);
}

/* False when a column does not open. */
static bool reseal(struct ctx *cx, const struct table *t, const struct db_rows *rows, int row,
                   struct renewed *out)
{
	const char *id = row_text(rows, row, COL_ID);
	struct span plain;

	for (int c = 0; c < COLUMNS_MAX && t->columns[c]; c++) {
		const char  *old = row_text(rows, row, COL_FIRST + c);
		struct place at = {t->name, t->columns[c], row_text(rows, row, COL_ROW_NAME)};

		if (!old)
			continue;
		if (!vault_open(cx->arena, at, old, &plain) ||
		    (c == 0 && !hash_row(cx, t, id, old, plain, out)))
			return false;
		at.row = row_name(cx, t, id, out);
		out->sealed[c] = vault_seal(cx->arena, at, plain);
	}
	return true;
}

static struct err *renew_row(struct ctx *cx, struct step *s, const struct db_rows *rows, int row)
{
	const struct table *t = s->table;
	struct renewed new = {.source = NULL};
	struct db_val args[3 + COLUMNS_MAX];
	size_t        args_n = 2;
	int64_t       n;

	if (!reseal(cx, t, rows, row, &new)) {
		s->r.unreadable++;
		return NULL;
	}
	args[0] = db_text(row_text(rows, row, COL_ID));
	args[1] = db_bytes(new.hash);
	for (size_t c = 0; c < COLUMNS_MAX && t->columns[c]; c++)
		args[args_n++] = db_text(new.sealed[c]);
	if (t->hash == HASH_MEMORY) {
		args[args_n++] = db_text(new.source);
		args[args_n++] = db_text(new.content);
	}
	TRY(db_exec(cx, &n, t->update_sql, args, args_n));
	s->r.resealed += n;
	s->r.doubles += n == 0;
	return NULL;
}

static struct err *renew_batch(struct ctx *cx, void *data)
{
	struct step       *step = data, s = *step;
	struct audit_entry told = {s.actor, "contact_resealed", s.table->name, NULL};
	struct db_rows     rows;

	/* The body may be run again: it begins from where the step before ended. */
	s.r = *step->before;

	TRY(db_query(cx, &rows, s.table->select_sql,
	             ARGS(db_text(s.r.last_id), db_text(vault_prefix(cx->arena)), db_int(s.batch))));
	for (int i = 0; i < rows.count; i++)
		TRY(renew_row(cx, &s, &rows, i));
	if (rows.count)
		TRY(audit_write(cx, &told));
	s.r.is_over = rows.count < s.batch;
	if (rows.count)
		memcpy(s.r.last_id, row_text(&rows, rows.count - 1, COL_ID), sizeof(s.r.last_id));
	step->r = s.r;
	return NULL;
}

struct err *rotation_step(struct ctx *cx, size_t i, int batch, const char *actor,
                          struct rotation *r)
{
	struct step step = {&tables[i], batch, actor, r, *r};

	TRY(db_tx(cx, renew_batch, &step));
	*r = step.r;
	return NULL;
}
