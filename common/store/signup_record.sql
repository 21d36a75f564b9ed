-- Records a sign-up for mail, once for each address, and enqueues its mail. One that rotation has
-- not reached yet is found by its former hash and left as it is.
--
-- $1  address, sealed
-- $2  its keyed hash
-- $3  its hash under the former key (null: none)
-- $4  name, sealed (null: none)
-- $5  type of sign-up
-- $6  session id (null: none)
-- $7  time without another mail to the same address, seconds
-- $8  the name as a sealed list (null: none)
--
-- One row: id; is new; a mail was queued.
with former as materialized (
	select id from email_signups where email_hash = $3::bytea),

kept as (
	insert into email_signups as m (email, email_hash, name, signup_type, session_id,
			mail_queued_at)
		select $1, $2::bytea, $4, $5, $6::uuid, now() where not exists (select from former)
		on conflict (email_hash) do update set
			-- Only together with a new mail: a mail tried again must not differ.
			name = case when m.mail_queued_at < now() - $7::bigint * interval '1 s'
				then coalesce(excluded.name, m.name) else m.name end,
			session_id = coalesce(m.session_id, excluded.session_id),
			mail_queued_at = case when m.status in ('active', 'unsubscribed')
					and m.mail_queued_at < now() - $7::bigint * interval '1 s'
				then now() else m.mail_queued_at end
		returning id, xmax = 0 as is_new, mail_queued_at = now() as is_mailed),

signed as (
	select * from kept union all select id, false, false from former),

queued as (
	-- include job_insert.sql
		select 'confirm_mail', id::text, jsonb_build_object('signup_id', id), null::uuid
			from signed where is_mailed
		-- include job_once.sql
	),

told as (
	update sessions set email = $1, email_hash = $2::bytea, cta_chosen = $5,
			contact_name = coalesce($4, contact_name),
			names_sealed = coalesce(names_sealed, $8),
			names_hash = case when $4 is null then names_hash end
		where id = $6::uuid),

-- What was said before the name was known is masked with it.
masks as (
	-- include job_insert.sql
		select 'keep_utterances', $6, '{}', $6::uuid where $4 is not null and $6 is not null
		-- include job_once.sql
	),

audited as (
	-- include audit_insert.sql
		select 'collect_email', case when is_new then 'contact_added' else 'contact_repeated' end,
				'email_signups:' || id, $6::uuid
			from signed)

select id, is_new, is_mailed from signed
