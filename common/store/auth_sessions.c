/* auth_sessions.c -- the auth_sessions and refresh_tokens tables. */
#include "auth_sessions.h"

#include "../base/crypto.h"
#include "../base/vault.h"
#include "../db/db.h"
#include "common/store/auth_refresh.sql.h"
#include "common/store/auth_sign_in.sql.h"

#define AGAIN_SECONDS 10

static struct hash hash_of(const char *token)
{
	return HASH("refresh_token", span_of(token));
}

struct err *auth_session_begin(struct ctx *cx, const char *person, const char *password,
                               int64_t life_s, struct sign_in *out, bool *begun_out)
{
	char        id[CRYPTO_UUID_CHARS + 1];
	struct hash hash;
	int64_t     n;

	crypto_uuid(id);
	*out = (struct sign_in){person, arena_strndup(cx->arena, id, CRYPTO_UUID_CHARS),
	                        crypto_secret(cx->arena)};
	hash = hash_of(out->refresh_token);
	TRY(db_exec(cx, &n, AUTH_SIGN_IN_SQL,
	            ARGS(db_text(out->session_id), db_text(person), db_int(life_s),
	                 db_bytes(hash_span(&hash)), db_text(password))));
	*begun_out = n > 0;
	return NULL;
}

/* ---- refreshing ---- */

struct refreshing {
	const char    *token;
	int64_t        life_s;
	struct sign_in out;
	enum refreshed how;
};

static struct place at_token(struct ctx *cx, const struct hash *hash)
{
	struct buf row = buf_new(cx->arena, 0);

	buf_hex(&row, hash->bytes, CRYPTO_HASH_BYTES);
	return PLACE("refresh_tokens", "successor", buf_text(&row));
}

/* The token was never used: its successor is made. */
static struct err *rotate(struct ctx *cx, struct refreshing *r, const struct hash *hash)
{
	struct hash next;
	const char *sealed;

	r->out.refresh_token = crypto_secret(cx->arena);
	next = hash_of(r->out.refresh_token);
	sealed = vault_seal(cx->arena, at_token(cx, hash), span_of(r->out.refresh_token));
	if (!sealed)
		FAIL(cx, ERR_UNAVAILABLE, "SCRIBE_DATA_KEY is not set: nobody can stay signed in");
	r->how = REFRESHED;
	return db_exec(cx, NULL, AUTH_REFRESH_SQL,
	               ARGS(db_bytes(hash_span(hash)), db_text(sealed), db_bytes(hash_span(&next)),
	                    db_text(r->out.session_id), db_int(r->life_s)));
}

/* It was: to who may have lost the answer it is given again, else all is over. */
static struct err *use_again(struct ctx *cx, struct refreshing *r, const struct hash *hash,
                             const char *successor)
{
	struct span plain;

	if (!successor) {
		r->how = REFRESH_REUSED;
		return db_exec(cx, NULL,
		               "update auth_sessions set revoked_at = now()"
		               " where id = $1::uuid and revoked_at is null",
		               ARGS(db_text(r->out.session_id)));
	}
	if (!vault_open(cx->arena, at_token(cx, hash), successor, &plain))
		FAIL(cx, ERR_UNAVAILABLE, "a successor does not open with the keys there are");
	r->out.refresh_token = plain.ptr;
	r->how = REFRESHED;
	return NULL;
}

/* The row is locked, so that of several who refresh at once one makes the successor and the others
 * get it. */
static struct err *refresh(struct ctx *cx, void *data)
{
	struct refreshing *r = data;
	struct hash        hash = hash_of(r->token);
	struct db_rows     rows;

	TRY(db_query(cx, &rows,
	             "select s.id, s.person, s.revoked_at is null and s.ends_at > now()"
	             "  and p.disabled_at is null, t.used_at is not null,"
	             "  case when t.used_at > clock_timestamp() - $2::int * interval '1 s'"
	             "   then t.successor end"
	             " from refresh_tokens t join auth_sessions s on s.id = t.session"
	             " join people p on p.id = s.person where t.hash = $1::bytea for update of t",
	             ARGS(db_bytes(hash_span(&hash)), db_int(AGAIN_SECONDS))));
	r->how = REFRESH_UNKNOWN;
	if (!rows.count)
		return NULL;
	r->how = REFRESH_OVER;
	if (!row_bool(&rows, 0, 2))
		return NULL;
	r->out.session_id = row_text(&rows, 0, 0);
	r->out.person = row_text(&rows, 0, 1);
	if (row_bool(&rows, 0, 3))
		return use_again(cx, r, &hash, row_text(&rows, 0, 4));
	return rotate(cx, r, &hash);
}

struct err *auth_session_refresh(struct ctx *cx, const char *refresh_token, int64_t life_s,
                                 struct sign_in *out, enum refreshed *how_out)
{
	struct refreshing r = {.token = refresh_token, .life_s = life_s};

	TRY(db_tx(cx, refresh, &r));
	*out = r.out;
	*how_out = r.how;
	return NULL;
}

struct err *auth_session_end(struct ctx *cx, const char *person, const char *session_id,
                             enum sign_out scope)
{
	return db_exec(cx, NULL,
	               "update auth_sessions set revoked_at = now() where person = $1::uuid"
	               " and revoked_at is null and case $3 when 'this' then id = $2::uuid"
	               "  when 'others' then id <> $2::uuid else true end",
	               ARGS(db_text(person), db_text(session_id),
	                    db_text(scope == SIGN_OUT_THIS     ? "this"
	                            : scope == SIGN_OUT_OTHERS ? "others"
	                                                       : "all")));
}
