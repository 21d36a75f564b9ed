begin;
alter table sessions drop column ahead_turn, drop column ahead_count;
commit;
