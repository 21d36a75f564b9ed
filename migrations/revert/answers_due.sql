begin;
alter table turns drop column answer_due;
commit;
