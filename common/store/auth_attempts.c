/* auth_attempts.c -- the auth_attempts table: a row says until when a key has used its time up. */
#include "auth_attempts.h"

#include "../db/db.h"
#include "addresses.h"
#include "common/store/lazy_commit.sql.h"

#define WINDOW "interval '15 minutes'"

void attempt_of(const char *purpose, const struct hash *account, const char *address,
                struct attempt *out)
{
	struct hash from = address_hash("auth_address", address);

	out->is_known = false;
	out->account = HASH(purpose, SPAN("account"), hash_span(account));
	out->address = HASH(purpose, SPAN("address"), hash_span(&from));
	out->known = HASH(purpose, SPAN("known"), hash_span(account), hash_span(&from));
}

/* Each try spends its share of the time; nobody is ahead by more than all of it, with a millisecond
 * for what shares are rounded by. */
static struct err *take(struct ctx *cx, const struct hash *key, const struct hash *known,
                        int64_t tries, bool *known_out)
{
	struct db_rows rows;
	struct err    *e;

	TRY(db_query(cx, &rows,
	             "with who as materialized (select case when exists (select from auth_attempts"
	             "   where key = $2::bytea and known_until > now()) then $2::bytea"
	             "   else $1::bytea end as key, " WINDOW " / $3::int as t),"
	             " taken as (insert into auth_attempts as a (key, spent_until)"
	             "  select key, now() + t from who on conflict (key) do update"
	             "  set spent_until = greatest(a.spent_until, now()) + (select t from who)"
	             "  where a.spent_until + (select t from who) < now() + " WINDOW
	             "   + interval '1 ms' returning true)"
	             " select exists (select from taken), (select ceil(1000 * extract(epoch from"
	             "  spent_until + t - now() - " WINDOW "))::bigint"
	             "  from auth_attempts a join who on who.key = a.key),"
	             " (select key is not distinct from $2::bytea from who), " LAZY_COMMIT_SQL,
	             ARGS(db_bytes(hash_span(key)), known ? db_bytes(hash_span(known)) : db_text(NULL),
	                  db_int(tries))));
	*known_out = row_bool(&rows, 0, 2);
	if (row_bool(&rows, 0, 0))
		return NULL;
	e = err_new(cx, ERR_RATE, WHERE, "%s is tried too often", known ? "the account" : "sign-in");
	e->retry_after_ms = row_int(&rows, 0, 1) > 0 ? (unsigned)row_int(&rows, 0, 1) : 1;
	return e;
}

struct err *attempt_take(struct ctx *cx, struct attempt *a, int64_t per_account,
                         int64_t per_address)
{
	bool none;

	if (per_address)
		TRY(take(cx, &a->address, NULL, per_address, &none));
	return per_account ? take(cx, &a->account, &a->known, per_account, &a->is_known) : NULL;
}

static int64_t share_ms(int64_t tries)
{
	return tries ? INT64_C(900000) / tries : 0;
}

/* What the account was tried by others is not given back with what was counted apart from it. */
struct err *attempt_succeeded(struct ctx *cx, const struct attempt *a, int64_t per_account,
                              int64_t per_address)
{
	return db_exec(cx, NULL,
	               "with known as (insert into auth_attempts as a (key, known_until)"
	               "  values ($1::bytea, now() + interval '90 days') on conflict (key) do update"
	               "  set known_until = excluded.known_until, spent_until = now())"
	               " update auth_attempts set spent_until = spent_until - interval '1 ms'"
	               "  * case key when $2::bytea then $3::bigint else $4::bigint end"
	               " where key in ($2::bytea, $5::bytea)",
	               ARGS(db_bytes(hash_span(&a->known)),
	                    a->is_known ? db_text(NULL) : db_bytes(hash_span(&a->account)),
	                    db_int(share_ms(per_account)), db_int(share_ms(per_address)),
	                    db_bytes(hash_span(&a->address))));
}
