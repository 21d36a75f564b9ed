-- Finds or makes the mailbox of a sign-up from before there were any, with what the sign-up knows.
--
-- $1  sign-up id
-- $2  the mailbox: its keyed hash
-- $3  its hash under the former key (null: none)
-- $4  its digest, sealed
with signup as materialized (
	select mail_queued_at, case when status = 'unsubscribed' then unsubscribed_at end as refused_at
		from email_signups where id = $1::uuid and mailbox_id is null for no key update),

former_box as materialized (
	select hash from mailboxes where hash = $3::bytea for no key update),

box as (
	insert into mailboxes as b (hash, sealed, mail_queued_at, refused_at)
		select coalesce((select hash from former_box), $2::bytea), $4, mail_queued_at, refused_at
			from signup
		on conflict (hash) do update set
			mail_queued_at = greatest(b.mail_queued_at, excluded.mail_queued_at),
			refused_at = coalesce(b.refused_at, excluded.refused_at)
		returning id)

update email_signups set mailbox_id = box.id from box where email_signups.id = $1::uuid
