begin;
alter table turns drop column reply_id, drop column reply_pieces, drop column heard_ms;
commit;
