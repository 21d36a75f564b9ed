-- A session of somebody who has just proved who they are, if what they proved it by still counts: a
-- password takes its time to check, in which it may be changed and all sessions be ended.
--
-- $1 its id   $2 person id   $3 seconds that it lasts without being refreshed
-- $4 hash of its first refresh token   $5 the sealed password that was right; null: by other means
with person as (
	update people set signed_in_at = now() where id = $2::uuid and disabled_at is null
			and ($5::text is null or password = $5::text)
		returning id),

session as (
	insert into auth_sessions (id, person, ends_at)
		select $1::uuid, id, now() + $3::bigint * interval '1 s' from person
		returning id)

insert into refresh_tokens (hash, session) select $4::bytea, id from session
