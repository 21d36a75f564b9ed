/* people.c -- the people table. */
#include "people.h"

#include "../base/str.h"
#include "../base/vault.h"
#include "../db/db.h"
#include "common/store/audit_insert.sql.h"
#include "common/store/people_change.sql.h"

#define PURPOSE         "person"
#define AT(column, row) PLACE("people", (column), (row))
#define TIME(column) \
	", to_char(p." column " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
#define MEMBER_COLUMNS \
	"p.id, p.email, f.display_name, f.role, p.password" TIME("confirmed_at") TIME("admitted_at") \
		TIME("disabled_at") TIME("signed_in_at") TIME("created_at") TIME("updated_at")
#define MEMBERS_FROM " from people p join profiles f on f.id = p.id"

bool people_hash(struct ctx *cx, const char *email, struct hash *out)
{
	return vault_hash(PURPOSE, str_lower_secret(cx->arena, email), out);
}

static struct err *no_key(struct ctx *cx)
{
	FAIL(cx, ERR_UNAVAILABLE, "SCRIBE_DATA_KEY is not set: nobody can be kept, or found");
}

static struct err *open_column(struct ctx *cx, const char *column, const char *id,
                               const char *sealed, const char **out)
{
	struct span plain;

	*out = NULL;
	if (!sealed)
		return NULL;
	if (!vault_open(cx->arena, AT(column, id), sealed, &plain))
		FAIL(cx, ERR_UNAVAILABLE, "people.%s does not open with the keys there are", column);
	*out = plain.ptr;
	return NULL;
}

/* All but what is sealed. */
static void read_standing(const struct db_rows *rows, int row, struct member *out)
{
	*out = (struct member){.id = row_text(rows, row, 0),
	                       .name = row_text(rows, row, 2),
	                       .role = row_text(rows, row, 3),
	                       .sealed_password = row_text(rows, row, 4),
	                       .confirmed_at = row_text(rows, row, 5),
	                       .admitted_at = row_text(rows, row, 6),
	                       .disabled_at = row_text(rows, row, 7),
	                       .signed_in_at = row_text(rows, row, 8),
	                       .created_at = row_text(rows, row, 9),
	                       .updated_at = row_text(rows, row, 10)};
}

static struct err *read_member(struct ctx *cx, const struct db_rows *rows, int row,
                               struct member *out)
{
	read_standing(rows, row, out);
	TRY(open_column(cx, "email", out->id, row_text(rows, row, 1), &out->email));
	return open_column(cx, "password", out->id, out->sealed_password, &out->password);
}

static struct err *only_one(struct ctx *cx, const struct db_rows *rows, struct member *out,
                            bool *found_out)
{
	*found_out = rows->count > 0;
	return *found_out ? read_member(cx, rows, 0, out) : NULL;
}

struct err *people_by_email(struct ctx *cx, const char *email, struct member *out, bool *found_out)
{
	struct hash    present, former;
	struct db_rows rows;
	bool has_former = vault_former_hash(PURPOSE, str_lower_secret(cx->arena, email), &former);

	if (!people_hash(cx, email, &present))
		return no_key(cx);
	TRY(db_query(cx, &rows,
	             "select " MEMBER_COLUMNS MEMBERS_FROM
	             " where p.email_hash in ($1::bytea, $2::bytea)"
	             " order by p.email_hash = $1::bytea desc limit 1",
	             ARGS(db_bytes(hash_span(&present)),
	                  has_former ? db_bytes(hash_span(&former)) : db_text(NULL))));
	return only_one(cx, &rows, out, found_out);
}

struct err *people_by_id(struct ctx *cx, const char *id, struct member *out, bool *found_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, "select " MEMBER_COLUMNS MEMBERS_FROM " where p.id = $1::uuid",
	             ARGS(db_text(id))));
	return only_one(cx, &rows, out, found_out);
}

struct err *people_by_session(struct ctx *cx, const char *id, const char *session_id,
                              struct member *out, bool *found_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select " MEMBER_COLUMNS MEMBERS_FROM " join auth_sessions s on s.person = p.id"
	             " where p.id = $1::uuid and s.id = $2::uuid and s.revoked_at is null"
	             "  and s.ends_at > now() and p.disabled_at is null",
	             ARGS(db_text(id), db_text(session_id))));
	return only_one(cx, &rows, out, found_out);
}

const char *people_address(struct ctx *cx, const char *id, const char *sealed)
{
	struct span email;

	return sealed && vault_open(cx->arena, AT("email", id), sealed, &email) ? email.ptr : NULL;
}

struct err *people_list(struct ctx *cx, int most, int64_t offset, const struct member **out,
                        size_t *n_out, int64_t *all_out)
{
	struct db_rows rows, all;
	struct member *members;

	if (!vault_has_key())
		return no_key(cx);
	TRY(db_query(cx, &all, "select count(*) from people", NO_ARGS));
	TRY(db_query(cx, &rows,
	             "select " MEMBER_COLUMNS MEMBERS_FROM
	             " order by p.created_at, p.id limit $1::int offset $2::bigint",
	             ARGS(db_int(most), db_int(offset))));
	members = NEW_ARRAY(cx->arena, struct member, (size_t)rows.count + 1);
	for (int i = 0; i < rows.count; i++) {
		read_standing(&rows, i, &members[i]);
		members[i].email = people_address(cx, members[i].id, row_text(&rows, i, 1));
	}
	*out = members;
	*n_out = (size_t)rows.count;
	*all_out = row_int(&all, 0, 0);
	return NULL;
}

/* ---- changes ---- */

struct adding {
	const struct member_new *in;
	const char              *actor, *id, *email, *password;
	struct hash              hash;
};

static struct err *add(struct ctx *cx, void *data)
{
	const struct adding     *a = data;
	const struct member_new *in = a->in;

	TRY(db_exec(cx, NULL, "select person_make($1::uuid, $2, $3)",
	            ARGS(db_text(a->id), db_text(in->name ? in->name : ""),
	                 db_text(in->role ? in->role : "viewer"))));
	return db_exec(cx, NULL,
	               "with added as (insert into people (id, email, email_hash, password,"
	               "  confirmed_at, admitted_at) values ($1::uuid, $2, $3::bytea, $4,"
	               "  case when $5::bool then now() end, case when $6::bool then now() end)"
	               "  returning id) " AUDIT_INSERT_SQL
	               " select $7, 'person_added', 'people:' || id, null::uuid from added",
	               ARGS(db_text(a->id), db_text(a->email), db_bytes(hash_span(&a->hash)),
	                    db_text(a->password), db_bool(in->is_confirmed), db_bool(in->is_admitted),
	                    db_text(a->actor)));
}

static const char *seal(struct ctx *cx, const char *column, const char *id, const char *plain)
{
	return plain ? vault_seal(cx->arena, AT(column, id), span_of(plain)) : NULL;
}

/* While keys are changed, their hash may be that of the former one, which the unique index does not
 * see. */
struct err *people_add(struct ctx *cx, const struct member_new *in, const char *actor,
                       const char **id_out)
{
	struct adding a = {.in = in, .actor = actor};
	char          id[CRYPTO_UUID_CHARS + 1];
	struct member there;
	bool          is_there;
	struct err   *e;

	*id_out = NULL;
	TRY(people_by_email(cx, in->email, &there, &is_there));
	if (is_there)
		return NULL;
	crypto_uuid(id);
	a.id = arena_strndup(cx->arena, id, CRYPTO_UUID_CHARS);
	a.email = seal(cx, "email", a.id, in->email);
	a.password = seal(cx, "password", a.id, in->password);
	if (!a.email || !people_hash(cx, in->email, &a.hash))
		return no_key(cx);
	e = db_tx(cx, add, &a);
	if (e && e->kind == ERR_CONFLICT)
		return NULL;
	TRY(e);
	*id_out = a.id;
	return NULL;
}

struct changing {
	const struct member_change *in;
	const char                 *actor, *id, *email, *password;
	struct hash                 hash;
	bool                        is_there;
};

/* The row is locked by a statement before: what ends sessions must see those of who signed in while
 * it waited. */
static struct err *change(struct ctx *cx, void *data)
{
	struct changing            *c = data;
	const struct member_change *in = c->in;
	struct db_rows              rows;

	TRY(db_exec(cx, NULL, "select from people where id = $1::uuid for update",
	            ARGS(db_text(c->id))));
	TRY(db_query(cx, &rows, PEOPLE_CHANGE_SQL,
	             ARGS(db_text(c->id), db_text(c->email),
	                  in->email ? db_bytes(hash_span(&c->hash)) : db_text(NULL),
	                  db_text(c->password), db_text(in->keep), db_text(in->role),
	                  db_bool(in->access == MEMBER_ENABLE), db_bool(in->access == MEMBER_DISABLE),
	                  db_bool(in->is_confirmed), db_text(c->actor))));
	c->is_there = rows.count > 0;
	return NULL;
}

struct err *people_change(struct ctx *cx, const char *id, const struct member_change *in,
                          const char *actor, bool *found_out)
{
	struct changing c = {.in = in,
	                     .actor = actor,
	                     .id = id,
	                     .email = seal(cx, "email", id, in->email),
	                     .password = seal(cx, "password", id, in->password)};

	if (!vault_has_key() || (in->email && !people_hash(cx, in->email, &c.hash)))
		return no_key(cx);
	TRY(db_tx(cx, change, &c));
	*found_out = c.is_there;
	return NULL;
}

struct err *people_remove(struct ctx *cx, const char *id, const char *actor, bool *found_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "with gone as materialized (select person_remove($1::uuid) as is_gone),"
	             " told as (" AUDIT_INSERT_SQL
	             " select $2, 'person_removed', 'people:' || $1, null::uuid from gone"
	             "  where is_gone)"
	             " select is_gone from gone",
	             ARGS(db_text(id), db_text(actor))));
	*found_out = row_bool(&rows, 0, 0);
	return NULL;
}
