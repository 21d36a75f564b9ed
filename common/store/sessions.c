/* sessions.c -- the sessions table. */
#include "sessions.h"

#include "../io/db.h"
#include "session_sql.h"

struct session_values {
	int64_t idle_seconds, rate_per_minute;
};
static struct session_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(session_values, idle_seconds, "SESSION_IDLE_SECONDS", .fallback = "86400", .min = 1,
                .max = 31536000, .help = "a session unused for so long has expired"),
	CFG_KEY_INT(session_values, rate_per_minute, "SESSION_RATE_PER_MINUTE", .fallback = "240",
                .min = 0, .max = 1000000,
                .help = "requests of one session per minute, all functions together; 0: no limit"),
};

const struct cfg_group session_settings = {"Sessions", &values, keys, COUNT(keys)};

struct hash session_secret_hash(const char *secret)
{
	return HASH("session_secret", span_of(secret));
}

int64_t session_idle_seconds(void)
{
	return values.idle_seconds;
}

int64_t session_rate_per_minute(void)
{
	return values.rate_per_minute;
}

struct err *session_create(struct ctx *cx, const struct session_new *in, struct session *out)
{
	char          *secret = arena_alloc_secret(cx->arena, CRYPTO_UUID_CHARS + 1);
	struct hash    secret_hash;
	struct db_rows rows;

	crypto_uuid(secret);
	secret_hash = session_secret_hash(secret);
	TRY(db_query(cx, &rows,
	             "with s as ("
	             " insert into sessions (visitor_id, consent, current_mode, secret_hash)"
	             " values (coalesce($1, gen_random_uuid()::text), $2::bool,"
	             "  coalesce($3, 'professional'), $4::bytea)"
	             " returning id, last_active_at),"
	             " started as ("
	             " insert into events (session_id, kind, payload)"
	             " select id, 'session_started', jsonb_build_object('consent', $2::bool) from s)"
	             " select id, to_char((last_active_at + $5::bigint * interval '1 s')"
	             "  at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') from s",
	             ARGS(db_text(in->visitor_id), db_bool(in->consent), db_text(in->mode),
	                  db_bytes(hash_span(&secret_hash)), db_int(values.idle_seconds))));
	*out = (struct session){row_text(&rows, 0, 0), secret, row_text(&rows, 0, 1)};
	return NULL;
}

struct err *session_verdict(struct ctx *cx, const char *verdict)
{
	struct err *e;

	if (!verdict)
		FAIL(cx, ERR_SESSION, "no such session or another secret");
	if (str_equal(verdict, SESSION_EXPIRED))
		FAIL(cx, ERR_SESSION_EXPIRED, "idle for too long");
	if (!str_equal(verdict, SESSION_TOO_FAST))
		return NULL;
	e = err_new(cx, ERR_RATE, WHERE, "more than %lld requests in a minute",
	            (long long)values.rate_per_minute);
	e->retry_after_ms = 60000;
	return e;
}

struct err *session_check(struct ctx *cx, const char *id, const char *secret)
{
	struct hash    secret_hash = session_secret_hash(secret);
	struct db_rows rows;

	if (!str_is_uuid(id))
		return session_verdict(cx, NULL);
	TRY(db_query(cx, &rows,
	             SESSION_CHECK_CTE SESSION_TOUCHED_CTE " select verdict, " DB_LAZY_COMMIT
	                                                   " from checked",
	             ARGS(db_text(id), db_bytes(hash_span(&secret_hash)), db_int(values.idle_seconds),
	                  db_int(values.rate_per_minute))));
	return session_verdict(cx, rows.count ? row_text(&rows, 0, 0) : NULL);
}
