begin;
set local role scribe_owner;

drop view utterances_told;
alter policy utterances_people_read on utterances using ((select person_role()) is not null);

commit;
