-- Changes what is known of a person. What is null stays. With another password or address the links
-- that were mailed before open nothing any more.
--
-- $1  person id
-- $2  sealed address          $3  its hash
-- $4  sealed hash of a password; ends their sessions but $5
-- $6  role, with which they are admitted
-- $7  may sign in again       $8  may not any more, and their sessions end
-- $9  the address is confirmed
-- $10 actor, for the audit log
--
-- One row when they are there.
with changed as (
	update people set
			email = coalesce($2::text, email),
			email_hash = coalesce($3::bytea, email_hash),
			password = coalesce($4::text, password),
			confirmed_at = case when $9::bool then coalesce(confirmed_at, now())
				else confirmed_at end,
			admitted_at = case when $6::text is not null then coalesce(admitted_at, now())
				else admitted_at end,
			disabled_at = case when $8::bool then coalesce(disabled_at, now())
				when not $7::bool then disabled_at end
		where id = $1::uuid
		returning id),

given as materialized (
	select person_give_role(id, $6::text) from changed where $6::text is not null),

ended as (
	update auth_sessions set revoked_at = now()
		where person in (select id from changed) and revoked_at is null
			and ($8::bool or $4::text is not null) and id is distinct from $5::uuid),

closed as (
	update recoveries set used_at = now()
		where person in (select id from changed) and used_at is null
			and ($2::text is not null or $4::text is not null)),

audited as (
	-- include audit_insert.sql
		select $10::text, what, 'people:' || id, null::uuid
			from changed, (values ('person_email_changed', $2::text is not null),
				('password_changed', $4::text is not null), ('role_given', $6::text is not null),
				('person_enabled', $7::bool), ('person_disabled', $8::bool)) as happened (what, has)
			where has)

select id, (select count(*) from given) from changed
