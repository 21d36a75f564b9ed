-- The answer of a turn is kept for two seconds, for the same message sent again; then it goes.
--
-- It was kept until the next turn of its session, 97 kB of it, and the last one of each session
-- for ever. The due time stands in the row; who ends a turn sets it. The default is for programs of
-- before, which do not: a turn they begin is over by then.
begin;
set local role scribe_owner;

alter table turns add column answer_due timestamptz not null default now() + interval '40 seconds';
-- Only of the rows that hold one: few at any time.
create index turns_answer_idx on turns (answer_due) where answer is not null;
grant update (answer_due) on turns to scribe_app;

commit;
