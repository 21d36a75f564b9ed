begin;
delete from jobs where kind = 'place_mailboxes';
update email_signups set session_id = made_by where session_id is null and made_by is not null;
alter table email_signups drop column mailbox_id, drop column made_by, drop column is_contested,
	drop column mail_counted_at;
drop table mailboxes;
drop function same_visitor(uuid, uuid);
alter table send_paces drop column day, drop column day_n;
commit;
