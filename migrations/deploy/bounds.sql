-- How much one session and one visitor can have: the oldest turns of a session without end go, and of
-- a visitor's large memories the least valuable.
begin;
set local role scribe_owner;

-- The early turns of a session, all but the newest `keep` (never fewer than a thousand, whatever a
-- program asks), with their words, extracts and events; up to some 500 rows of each. Gives how many
-- rows went. What was begun when the session was is no event of a turn. It waits for nobody for
-- longer than a moment.
create function trim_session(which uuid, keep integer) returns bigint
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '50ms' as $$
declare
	cut   bigint := (select turn from turns where session_id = which
		order by turn desc offset greatest(keep, 1000) limit 1);
	since timestamptz := (select started_at from turns where session_id = which and turn > cut
		order by turn limit 1);
	said  bigint := (select position from utterances where session_id = which and turn > cut
		order by position limit 1);
	n     bigint;
	total bigint := 0;
begin
	if keep is null or cut is null then
		return 0;
	end if;
	delete from extracts where id in (select id from extracts
		where session_id = which and turn <= cut order by created_at limit 500);
	get diagnostics n = row_count;
	total := total + n;
	delete from events where id in (select id from events where session_id = which
		and kind in ('dynamics', 'mode_change') and ts < since limit 500);
	get diagnostics n = row_count;
	total := total + n;
	delete from utterances where id in (select id from utterances
		where session_id = which and position < said and turn <= cut order by position limit 500);
	get diagnostics n = row_count;
	total := total + n;
	-- They tell where to cut: last.
	if total = 0 then
		delete from turns where session_id = which and turn in (select turn from turns
			where session_id = which and turn <= cut order by turn limit 500);
		get diagnostics total = row_count;
	end if;
	return total;
exception when lock_not_available or deadlock_detected then
	return 0; -- the next time
end
$$;
grant execute on function trim_session(uuid, integer) to scribe_app;

-- Few memories are large, and those have most of the bytes.
create index memories_large_idx on memories (owner)
	where octet_length(content::text) + octet_length(metadata::text)
		+ octet_length(coalesce(summary, '')) > 8192;

commit;
