-- How fast one address may ask for turns, counted where it is known what is asked.
--
-- nginx counts requests and can not see that one is an idle tab's, which must not use up what the
-- people behind the same address have. A row says until when an address has used its time up, and is
-- worth nothing after; a crash may forget all of them.
begin;
set local role scribe_owner;

create unlogged table address_rates (
	address_hash hash32 primary key, -- keyed: no address is kept
	spent_until  timestamptz not null
);
create index address_rates_spent_idx on address_rates (spent_until);
grant select, insert, delete on address_rates to scribe_app;
grant update (spent_until) on address_rates to scribe_app;

commit;
