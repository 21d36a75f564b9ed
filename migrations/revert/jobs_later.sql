begin;
set local role scribe_owner;

create or replace trigger jobs_inserted after insert on jobs
	for each row when (new.state = 'ready') execute function jobs_notify();

commit;
