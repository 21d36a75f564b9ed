-- What was asked of outside services: for each service, and for those it was asked for, by day.
--
-- It guards the bill, so a crash of the database must not give everybody a new day: the table is in
-- the log. Its commits wait for no disk, so a crash takes less than the last second. Only what was
-- paid for makes a row, so there are as many as the services' budgets of a day pay for. A counter
-- may be below nothing: what was counted shortly before midnight is put right after it.
--
-- chat_budgets is for programs of before; nothing counts in it any more.
begin;
set local role scribe_owner;

create table ledger (
	day        date not null,
	payer      text not null -- provider:NAME; address, visitor, token: a keyed hash of whose
	           check (char_length(payer) between 1 and 63 and payer !~ ','),
	requests   bigint not null default 0,
	tokens     bigint not null default 0,
	characters bigint not null default 0,
	audio_ms   bigint not null default 0,
	primary key (day, payer)
) with (fillfactor = 50); -- the same few rows change all day
grant select, insert on ledger to scribe_app;
grant update (requests, tokens, characters, audio_ms) on ledger to scribe_app;

-- Whose budget of yesterday it was nobody asks; what services were asked for stays a year.
create function purge_ledger(batch integer default 1000) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	removed bigint;
begin
	delete from ledger where (day, payer) in (
		select l.day, l.payer from ledger l
			where l.day < (now() at time zone 'UTC')::date
				- case when l.payer like 'provider:%' then 400 else 2 end
			order by l.day limit batch for update skip locked);
	get diagnostics removed = row_count;
	return removed;
end
$$;
revoke execute on function purge_ledger(integer) from public;
grant execute on function purge_ledger(integer) to scribe_app;

commit;
