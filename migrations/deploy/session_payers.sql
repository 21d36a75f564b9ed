-- Who pays for what is done for a session: names of the ledger, with a comma between.
--
-- Jobs have no address, and one that makes many sessions, or hands them on, shall have one budget.
begin;
set local role scribe_owner;

alter table sessions add column payers text check (char_length(payers) <= 400);

commit;
