-- A program is ready once the schema it was written for is deployed. What is, sqitch knows: the names
-- of its changes, and nothing else of it, may be read.
begin;

grant usage on schema sqitch to scribe_app, scribe_rest;
grant select (change) on sqitch.changes to scribe_app, scribe_rest;

commit;
