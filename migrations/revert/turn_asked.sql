begin;
set local role scribe_owner;

alter table turns drop column asked_at;

commit;
