/* session_sql.h -- the pieces of SQL by which any statement checks a session pair first.
 *
 * $1 session id, $2 hash of the secret, $3 idle life in seconds, $4 requests per
 * minute (0: not limited). The row is locked, so two requests of one session are
 * counted one after the other. */
#ifndef STORE_SESSION_SQL_H
#define STORE_SESSION_SQL_H

#define SESSION_EXPIRED  "expired"
#define SESSION_TOO_FAST "too_fast"

/* Yields `checked`: no row (unknown id or wrong secret), or the session with a verdict. */
#define SESSION_CHECK_CTE \
	"with checked as materialized (" \
	" select sessions.*, sessions.xmin as version, case" \
	"  when last_active_at + $3::bigint * interval '1 s' < now() then '" SESSION_EXPIRED "'" \
	"  when $4::bigint > 0 and rate_count >= $4::bigint" \
	"   and rate_window > now() - interval '1 minute' then '" SESSION_TOO_FAST "'" \
	"  else 'ok' end as verdict" \
	" from sessions where id = $1::uuid and secret_matches(secret_hash, $2::bytea)" \
	" for no key update)"

/* Assignments for `update sessions s ... from checked c`: slide the idle life, count the
 * request. A session in use has not ended, or no longer. */
#define SESSION_TOUCH \
	"last_active_at = now(), ended_at = null," \
	" rate_window = case when c.rate_window > now() - interval '1 minute'" \
	"  then c.rate_window else now() end," \
	" rate_count = case when c.rate_window > now() - interval '1 minute'" \
	"  then c.rate_count + 1 else 1 end"

/* Does it, where that is all there is to change. */
#define SESSION_TOUCHED_CTE \
	", touched as (update sessions s set " SESSION_TOUCH \
	" from checked c where s.id = c.id and c.verdict = 'ok')"

#endif
