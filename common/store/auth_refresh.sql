-- A refresh token is used, and another takes its place. What the one before it was followed by is
-- known to have arrived.
--
-- $1 hash of the one that is used   $2 its successor, sealed   $3 hash of that
-- $4 their session                  $5 seconds that it lasts from now on
with used as (
	update refresh_tokens set used_at = clock_timestamp(), successor = $2 where hash = $1::bytea
		returning parent),

arrived as (
	update refresh_tokens t set successor = null from used
		where t.hash = used.parent and t.successor is not null
			and t.used_at < clock_timestamp() - interval '10 s'),

next as (
	insert into refresh_tokens (hash, session, parent) values ($3::bytea, $4::uuid, $1::bytea))

update auth_sessions set refreshed_at = now(),
		ends_at = greatest(ends_at, now() + $5::bigint * interval '1 s')
	where id = $4::uuid
