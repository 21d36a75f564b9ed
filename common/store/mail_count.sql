-- Gives a sign-up's mail its place in the day's total, once for each mail.
--
-- $1  sign-up id
-- $2  mails a day (0: not limited)
--
-- One row: it has one, or needs none; how long the day still is, milliseconds.
with mail as materialized (
	select id from email_signups where id = $1::uuid and status = 'active'
		and coalesce(mail_counted_at < mail_queued_at, true)
		and coalesce(mail_sent_at < mail_queued_at, true)),

clock as materialized (select now() at time zone 'UTC' as t),

place as (
	insert into send_paces as p (channel, day, day_n)
		select 'mail', t::date, 1 from mail, clock
		on conflict (channel) do update set day = excluded.day,
			day_n = case when p.day = excluded.day then p.day_n + 1 else 1 end
		where $2::bigint = 0 or p.day is distinct from excluded.day or p.day_n < $2::bigint
		returning true),

counted as (
	update email_signups set mail_counted_at = greatest(now(), mail_queued_at)
		where id in (select id from mail) and exists (select from place))

select not exists (select from mail) or exists (select from place),
		ceil(1000 * extract(epoch from date_trunc('day', t) + interval '1 day' - t))::bigint
	from clock
