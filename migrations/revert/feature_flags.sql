begin;
alter table turns drop column flags;
alter table sessions drop column flags_forced;
drop function flag_bucket(text, text);
drop table feature_flags;
commit;
