-- What of a cancelled turn's reply was written and not sent, for the seconds in which its client
-- may have it go on: words spoken by mistake interrupted it.
--
-- Beside the answers that are kept for two seconds, and like them sealed, in no log, and gone when
-- it is due.
begin;
set local role scribe_owner;

alter table turn_answers
	alter column answer drop not null,
	add column unsaid bytea, -- sealed; null: this is an answer
	add constraint turn_answers_one_check check (num_nonnulls(answer, unsaid) = 1);
alter table turn_answers alter column unsaid set storage external;

commit;
