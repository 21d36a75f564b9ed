begin;
drop function is_held(uuid, timestamptz);
alter table idempotency_keys drop column instance, drop column claim;
alter table turns drop column instance, drop column claim;
drop table instances;
commit;
