begin;
alter table sessions drop column payers;
commit;
