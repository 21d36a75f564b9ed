-- What the owner of an address decides by a link in our mail, about the sign-up and its mailbox.
--
-- $1  sign-up id
-- $2  confirmed (else: no more mail)
--
-- One row for the sign-up if it is there, or for what is left of one that was forgotten: is it
-- the latter.
--
-- The mailbox first, as signing up locks them.
with boxed as (
	update mailboxes set refused_at = case when not $2::bool then coalesce(refused_at, now()) end
		where id in (
			select mailbox_id from email_signups where id = $1::uuid
			union all
			select id from mailboxes where former_signups <> '{}'
				and former_signups @> array[$1::uuid])
		returning id),

decided as (
	update email_signups m set
			status = case when $2::bool then 'confirmed' else 'unsubscribed' end,
			confirmed_at = case when $2::bool then coalesce(confirmed_at, now())
				else confirmed_at end,
			unsubscribed_at = case when not $2::bool then coalesce(unsubscribed_at, now()) end,
			session_id = case when $2::bool and not is_contested
				then coalesce(session_id, made_by) else session_id end
		where id = $1::uuid and (select count(*) from boxed) >= 0
		returning id, session_id),

found as (
	select id, session_id, false as is_forgotten from decided
	union all
	select $1::uuid, null, true from boxed where not exists (select from decided)),

audited as (
	-- include audit_insert.sql
		select 'collect_email', case when $2::bool then 'contact_confirmed'
				else 'contact_unsubscribed' end, 'email_signups:' || id, session_id
			from found)

select is_forgotten from found
