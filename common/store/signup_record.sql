-- Records a sign-up for mail, once for each address, and enqueues its mail where the address and
-- its mailbox may be written to. One that rotation has not reached yet is found by its former hash
-- and left as it is.
--
-- $1  address, sealed
-- $2  its keyed hash
-- $3  its hash under the former key (null: none)
-- $4  name, sealed (null: none)
-- $5  type of sign-up
-- $6  session id (null: none)
-- $7  time without another mail to the same mailbox, seconds
-- $8  the session's: the name as a sealed list (null: none)
-- $9  the mailbox: its keyed hash
-- $10 its hash under the former key (null: none)
-- $11 its digest, sealed
-- $12 the session's: the address, sealed
-- $13 the session's: the name, sealed (null: none)
-- $14 id of the name as given in this session (null: none)
-- $15 the name, sealed for there
--
-- One row: id; is new; a mail was queued.
with seen as materialized (
	select status from email_signups where email_hash in ($2::bytea, $3::bytea)),

former as (
	update email_signups m set is_contested = m.is_contested
			or not same_visitor(m.made_by, $6::uuid)
		where email_hash = $3::bytea returning id),

former_box as materialized (
	select hash from mailboxes where hash = $10::bytea for no key update),

-- Before the sign-up: whoever comes at the same time waits here.
box as (
	insert into mailboxes as b (hash, sealed, mail_queued_at)
		select coalesce((select hash from former_box), $9::bytea), $11,
				case when not exists (select from seen where status <> 'active')
					and not exists (select from former) then now() end
		on conflict (hash) do update set mail_queued_at = case
			when excluded.mail_queued_at is not null and b.refused_at is null
				and coalesce(b.mail_queued_at < now() - $7::bigint * interval '1 s', true)
			then now() else b.mail_queued_at end
		returning id, coalesce(mail_queued_at = now(), false) as is_free),

kept as (
	insert into email_signups as m (email, email_hash, name, signup_type, made_by, mailbox_id,
			mail_queued_at)
		select $1, $2::bytea, $4, $5, $6::uuid, id, case when is_free then now() end
			from box where not exists (select from former)
		on conflict (email_hash) do update set
			-- Who confirms need not be who made it.
			is_contested = m.is_contested or not same_visitor(m.made_by, excluded.made_by),
			-- The name only together with a new mail: a mail tried again must not differ.
			(name, mail_queued_at) = (
				select case when is_due then coalesce(excluded.name, m.name) else m.name end,
						case when is_due then now() else m.mail_queued_at end
					from (select m.status = 'active' and excluded.mail_queued_at is not null
						and coalesce(m.mail_queued_at < now() - $7::bigint * interval '1 s', true)
						as is_due) d)
		returning id, xmax = 0 as is_new, coalesce(mail_queued_at = now(), false) as is_mailed),

signed as (
	select * from kept union all select id, false, false from former),

queued as (
	-- include job_insert.sql
		select 'confirm_mail', id::text, jsonb_build_object('signup_id', id), null::uuid
			from signed where is_mailed
		-- include job_once.sql
	),

-- The session has said so, whoever's the address is.
told as (
	update sessions set email = $12, email_hash = $2::bytea, cta_chosen = $5,
			contact_name = coalesce($13, contact_name),
			names_sealed = coalesce(names_sealed, $8),
			names_hash = case when $13 is null then names_hash end
		where id = $6::uuid),

-- Other names may take the place of contact_name; as many as are looked for (NAMES_MAX).
given as (
	insert into given_names (id, session_id, name)
		select $14::uuid, $6::uuid, $15::sealed_text where $15::sealed_text is not null
			and (select count(*) from given_names where session_id = $6::uuid) < 16),

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
