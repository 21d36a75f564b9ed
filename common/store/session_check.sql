-- The first of the CTEs behind "with" in a statement that checks a session pair. Yields `checked`:
-- no row (unknown id or wrong secret), or the session with its `verdict`, expired, too_fast or ok.
-- session_query() knows these words.
--
-- $1  session id
-- $2  hash of the secret
-- $3  idle life, seconds
-- $4  requests a minute (0: not limited)
checked as materialized (
	select sessions.*, sessions.xmin as version, case
			when last_active_at + $3::bigint * interval '1 s' < now() then 'expired'
			when $4::bigint > 0 and rate_count >= $4::bigint
				and rate_window > now() - interval '1 minute' then 'too_fast'
			else 'ok' end as verdict
		from sessions where id = $1::uuid and secret_matches(secret_hash, $2::bytea)
		-- Two requests of one session are counted one after the other.
		for no key update),
