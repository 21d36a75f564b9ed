begin;
drop table address_rates;
commit;
