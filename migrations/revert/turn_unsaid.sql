begin;
set local role scribe_owner;

drop function turn_take_over(uuid, bigint, uuid, uuid, timestamptz);

delete from turn_answers where answer is null;
alter table turn_answers
	drop column unsaid,
	alter column answer set not null;

commit;
