-- What is said in distress becomes no memory and no summary, and is no part of what is known of a
-- visitor; and people see what somebody wants of them.
begin;
set local role scribe_owner;

alter table utterances add column in_distress boolean not null default false;
grant update (in_distress) on utterances to scribe_app;

commit;
