begin;
alter table utterances drop column in_distress;
commit;
