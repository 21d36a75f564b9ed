begin;
set local role scribe_owner;

drop function audit_told(integer, bigint, uuid);
drop function audit_sessions(text, jsonb);
create or replace function person_audit(what text, which text, ids uuid[], filter text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if person_role() is null then
		raise exception 'nobody asks' using errcode = 'insufficient_privilege';
	end if;
	insert into audit_log (actor, action, subject, session_id, detail)
		select person_actor(), what, which,
			case when which in ('sessions', 'summaries') and cardinality(ids) = 1 then ids[1] end,
			jsonb_build_object('filter', left(filter, 8000), 'ids', ids);
end
$$;
drop function sessions_of_rows(text, uuid[]);
drop view jobs_told;

commit;
