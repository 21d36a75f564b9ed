-- Inserts a session with the event that it began. What the same visitor has just said elsewhere is
-- remembered now.
--
-- $1  visitor id (null: one nobody knows)
-- $2  whether the visitor agreed to be known
-- $3  mode (null: the default one)
-- $4  hash of the secret
-- $5  idle life, seconds
-- $6  who pays for it (null: nobody)
-- $7  sessions of one visitor; a further one is as of a visitor nobody knows
--
-- One row: id; when it expires, ISO 8601; is it a further one.
with known as (
	select $1 as visitor_id where not exists (
		select from sessions where memory_owner = 'v:' || lower($1) offset $7::bigint - 1)),

made as (
	insert into sessions (visitor_id, consent, current_mode, secret_hash, payers)
		select coalesce((select visitor_id from known), gen_random_uuid()::text), $2::bool,
			coalesce($3, 'professional'), $4::bytea, $6
		returning id, last_active_at),

hurried as (
	-- include keep_soon.sql
		select id::text from sessions where memory_owner = 'v:' || lower($1)
			and last_active_at > now() - interval '10 minutes'))
	),

started as (
	insert into events (session_id, kind, payload)
		select id, 'session_started', jsonb_build_object('consent', $2::bool) from made)

select id, to_char((last_active_at + $5::bigint * interval '1 s') at time zone 'UTC',
		'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), not exists (select from known)
	from made
