-- A session of somebody who has just proved who they are.
--
-- $1 its id   $2 person id   $3 seconds that it lasts without being refreshed
-- $4 hash of its first refresh token
with session as (
	insert into auth_sessions (id, person, ends_at)
		select $1::uuid, id, now() + $3::bigint * interval '1 s' from people where id = $2::uuid
		returning id),

token as (
	insert into refresh_tokens (hash, session) select $4::bytea, id from session)

update people set signed_in_at = now() where id = $2::uuid
