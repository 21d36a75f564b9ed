-- Nobody is told of a new job that is due later only: each turn leaves one, and all programs on all
-- hosts were woken for nothing. Who looks for jobs finds it when it is due: they look at least every
-- half a minute.
begin;
set local role scribe_owner;

create or replace trigger jobs_inserted after insert on jobs
	for each row when (new.state = 'ready' and new.run_at <= clock_timestamp())
	execute function jobs_notify();

commit;
