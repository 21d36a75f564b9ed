/* rotation.c -- which columns are sealed, and sealing them anew. */
#include "rotation.h"

#include "../base/str.h"
#include "../base/vault.h"
#include "../io/db.h"
#include "audit.h"
#include "emails.h"

#define COLUMNS_MAX 3

/* select: $1 id to begin behind, $2 the present key's prefix, $3 rows -> id and the sealed columns
 * as text. update: $1 id, $2 hash of the first column (an address), $3... the columns. */
static const struct table {
	const char *name;
	size_t      columns_n;
	bool        has_address;
	const char *select_sql, *update_sql;
} tables[] = {
	{"email_signups", 2, true,
     "select id, email, name from email_signups where id > $1::uuid"
     " and (not starts_with(email, $2) or not starts_with(name, $2))"
     " order by id limit $3::int for update",
     "update email_signups m set email = $3, email_hash = $2::bytea, name = $4 where id = $1::uuid"
     " and not exists (select from email_signups o where o.email_hash = $2::bytea"
     "  and o.id <> m.id)"},
	{"sessions", 3, true,
     "select id, email, contact_name, notes from sessions where id > $1::uuid"
     " and (not starts_with(email, $2) or not starts_with(contact_name, $2)"
     "  or not starts_with(notes, $2)) order by id limit $3::int for no key update",
     "update sessions set email = $3, email_hash = $2::bytea, contact_name = $4, notes = $5"
     " where id = $1::uuid"},
	{"extracts", 1, false,
     "select id, convert_from(contact_sealed, 'UTF8') from extracts where id > $1::uuid"
     " and position(convert_to($2, 'UTF8') in contact_sealed) <> 1"
     " order by id limit $3::int for update",
     "update extracts set contact_sealed = convert_to($3, 'UTF8')"
     " where id = $1::uuid and $2::bytea is null"},
	{"utterances", 1, false,
     "select id, convert_from(text_sealed, 'UTF8') from utterances where id > $1::uuid"
     " and position(convert_to($2, 'UTF8') in text_sealed) <> 1"
     " order by id limit $3::int for update",
     "update utterances set text_sealed = convert_to($3, 'UTF8')"
     " where id = $1::uuid and $2::bytea is null"},
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

/* A row's columns, opened and sealed anew; false when one does not open. */
static bool reseal(struct ctx *cx, const struct table *t, const struct db_rows *rows, int row,
                   const char **sealed, struct hash *hash, bool *has_hash)
{
	struct span plain;

	*has_hash = false;
	for (size_t c = 0; c < t->columns_n; c++) {
		const char *old = row_text(rows, row, (int)c + 1);

		if (!old)
			continue;
		if (!vault_open(cx->arena, old, &plain))
			return false;
		sealed[c] = vault_seal(cx->arena, plain);
		if (c == 0 && t->has_address)
			*has_hash = email_hash(cx, plain.ptr, hash);
	}
	return true;
}

static struct err *renew_row(struct ctx *cx, struct step *s, const struct db_rows *rows, int row)
{
	const char   *sealed[COLUMNS_MAX] = {NULL};
	struct db_val args[2 + COLUMNS_MAX];
	struct hash   hash;
	bool          has_hash;
	int64_t       n;

	if (!reseal(cx, s->table, rows, row, sealed, &hash, &has_hash)) {
		s->r.unreadable++;
		return NULL;
	}
	args[0] = db_text(row_text(rows, row, 0));
	args[1] = has_hash ? db_bytes(hash_span(&hash)) : db_text(NULL);
	for (size_t c = 0; c < s->table->columns_n; c++)
		args[2 + c] = db_text(sealed[c]);
	TRY(db_exec(cx, &n, s->table->update_sql, args, 2 + s->table->columns_n));
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
		memcpy(s.r.last_id, row_text(&rows, rows.count - 1, 0), sizeof(s.r.last_id));
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
