begin;
drop function purge_ledger(integer);
drop table ledger;
commit;
