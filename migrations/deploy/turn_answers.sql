-- A turn's answer, for the same message sent again, in a table of its own that no log carries.
--
-- Three quarters of what a turn wrote to the log was the answer that is worthless two seconds later.
-- A crash empties this table, and who asks then is answered from the reply that is stored. No key
-- refers to the session, which every turn would look up once more: scripts/forget deletes its rows,
-- and any others go when they are due. What is sealed does not get shorter, so nobody tries.
--
-- turns.answer and turns.answer_due are those of programs of before.
begin;
set local role scribe_owner;

create unlogged table turn_answers (
	session_id uuid not null,
	turn       bigint not null,
	due        timestamptz not null,
	answer     bytea not null, -- sealed
	primary key (session_id, turn)
);
alter table turn_answers alter column answer set storage external;
create index turn_answers_due_idx on turn_answers (due);
grant select, insert, delete on turn_answers to scribe_app;
grant update (due) on turn_answers to scribe_app; -- to lock what is due

commit;
