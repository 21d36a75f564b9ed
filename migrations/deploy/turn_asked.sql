-- When a turn's message was asked for: a recording that took long to be heard is older than what
-- came meanwhile, whichever process heard it. Null in turns of before, and of programs of before.
begin;
set local role scribe_owner;

alter table turns add column if not exists asked_at timestamptz;

commit;
