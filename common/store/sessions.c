/* sessions.c -- the sessions table. */
#include "sessions.h"

#include "../base/payers.h"
#include "../base/str.h"
#include "common/store/lazy_commit.sql.h"
#include "common/store/session_create.sql.h"
#include "common/store/session_distress.sql.h"
#include "common/store/session_touched.sql.h"

#include <assert.h>

#define SESSION_CHECK_ARGS 4
#define SESSION_MORE_MAX   17
#define TRIMS_MAX          20 /* in one go; the rest waits for the next */

struct session_values {
	int64_t idle_seconds, rate_per_minute, turns_max, visitor_max;
};
static struct session_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(session_values, idle_seconds, "SESSION_IDLE_SECONDS", .fallback = "86400", .min = 1,
                .max = 31536000, .help = "a session unused for so long has expired"),
	CFG_KEY_INT(session_values, rate_per_minute, "SESSION_RATE_PER_MINUTE", .fallback = "240",
                .min = 0, .max = 1000000,
                .help = "requests of one session per minute, all functions together; 0: no limit"),
	/* The database keeps a thousand, whatever it is told. */
	CFG_KEY_INT(session_values, turns_max, "SESSION_TURNS_MAX", .fallback = "5000", .min = 1000,
                .max = 10000000, .help = "turns of one session that are kept; the oldest go first"),
	CFG_KEY_INT(session_values, visitor_max, "VISITOR_SESSIONS_MAX", .fallback = "5000", .min = 1,
                .max = 10000000,
                .help = "sessions of one visitor; in further ones nothing else of theirs is known"),
};

const struct cfg_group session_settings = {"Sessions", &values, keys, COUNT(keys)};

struct hash session_secret_hash(const char *secret)
{
	return HASH("session_secret", span_of(secret));
}

/* Those of the request that made it; a visitor too, as long as they are known. */
static const char *payers_of(struct ctx *cx, const struct session_new *in)
{
	struct payers all = in->payers ? *in->payers : (struct payers){.n = 0};

	if (in->consent && in->visitor_id)
		payers_add(&all, "visitor", HASH("ledger_visitor", span_of(in->visitor_id)));
	return payers_text(cx->arena, &all);
}

struct err *session_create(struct ctx *cx, const struct session_new *in, struct session *out)
{
	char          *secret = arena_alloc_secret(cx->arena, CRYPTO_UUID_CHARS + 1);
	struct hash    secret_hash;
	struct db_rows rows;

	crypto_uuid(secret);
	secret_hash = session_secret_hash(secret);
	TRY(db_query(cx, &rows, SESSION_CREATE_SQL,
	             ARGS(db_text(in->visitor_id), db_bool(in->consent), db_text(in->mode),
	                  db_bytes(hash_span(&secret_hash)), db_int(values.idle_seconds),
	                  db_text(payers_of(cx, in)), db_int(values.visitor_max))));
	*out = (struct session){row_text(&rows, 0, 0), secret, row_text(&rows, 0, 1),
	                        row_bool(&rows, 0, 2)};
	return NULL;
}

struct err *session_trim(struct ctx *cx, const char *id)
{
	struct db_rows rows;
	int64_t        removed = 1;

	for (int i = 0; removed && i < TRIMS_MAX; i++) {
		TRY(db_query(cx, &rows, "select trim_session($1::uuid, $2::int)",
		             ARGS(db_text(id), db_int(values.turns_max))));
		removed = row_int(&rows, 0, 0);
	}
	return NULL;
}

/* The state of a session in one word; NULL when there is no such session or the secret is wrong. */
static struct err *judge(struct ctx *cx, const char *verdict)
{
	struct err *e;

	if (!verdict)
		FAIL(cx, ERR_SESSION, "no such session or another secret");
	if (str_equal(verdict, "expired"))
		FAIL(cx, ERR_SESSION_EXPIRED, "idle for too long");
	if (!str_equal(verdict, "too_fast"))
		return NULL;
	e = err_new(cx, ERR_RATE, WHERE, "more than %lld requests in a minute",
	            (long long)values.rate_per_minute);
	e->retry_after_ms = 60000;
	return e;
}

static uint64_t key_of(const char *id)
{
	struct hash hash = HASH("session_share", span_of(id));
	uint64_t    key;

	memcpy(&key, hash.bytes, sizeof(key));
	return key;
}

struct err *session_query(struct ctx *cx, const char *id, const char *secret, const char *sql,
                          const struct db_val *more, size_t more_n, struct db_rows *rows_out)
{
	struct hash   secret_hash = session_secret_hash(secret);
	struct db_val all[SESSION_CHECK_ARGS + SESSION_MORE_MAX] = {db_text(id),
	                                                            db_bytes(hash_span(&secret_hash)),
	                                                            db_int(values.idle_seconds),
	                                                            db_int(values.rate_per_minute)};

	assert(more_n <= SESSION_MORE_MAX);
	if (!str_is_uuid(id))
		return judge(cx, NULL);
	cx->session = key_of(id);
	for (size_t i = 0; i < more_n; i++)
		all[SESSION_CHECK_ARGS + i] = more[i];
	TRY(db_query(cx, rows_out, sql, all, SESSION_CHECK_ARGS + more_n));
	return judge(cx, rows_out->count ? row_text(rows_out, 0, 0) : NULL);
}

struct err *session_check_mode(struct ctx *cx, const char *id, const char *secret,
                               const char **mode_out)
{
	struct db_rows rows;

	TRY(session_query(cx, id, secret,
	                  SESSION_TOUCHED_SQL " select verdict, payers, current_mode, " LAZY_COMMIT_SQL
	                                      " from checked",
	                  NO_ARGS, &rows));
	payers_join(cx, row_text(&rows, 0, 1));
	*mode_out = row_text(&rows, 0, 2);
	return NULL;
}

struct err *session_check(struct ctx *cx, const char *id, const char *secret)
{
	const char *mode;

	return session_check_mode(cx, id, secret, &mode);
}

struct err *session_is_in_distress(struct ctx *cx, const char *id, bool *is_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, SESSION_DISTRESS_SQL, ARGS(db_text(id))));
	*is_out = row_bool(&rows, 0, 0);
	return NULL;
}

struct err *session_prove(struct ctx *cx, const char *id, const char *secret)
{
	struct hash    secret_hash = session_secret_hash(secret);
	struct db_rows rows;

	if (!str_is_uuid(id))
		return judge(cx, NULL);
	TRY(db_query(cx, &rows,
	             "select case when last_active_at + $3::bigint * interval '1 s' < now()"
	             "  then 'expired' else 'ok' end"
	             " from sessions where id = $1::uuid and secret_matches(secret_hash, $2::bytea)",
	             ARGS(db_text(id), db_bytes(hash_span(&secret_hash)),
	                  db_int(values.idle_seconds))));
	return judge(cx, rows.count ? row_text(&rows, 0, 0) : NULL);
}
