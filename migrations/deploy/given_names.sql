-- What a session has called its visitor when it signed them up for mail.
--
-- It was found through the sign-up, which is a session's only once its address is confirmed, and
-- whose name may be another's; and contact_name is replaced by what the next turn tells. The names
-- are the session's alone, whoever's the address is, and what is said there is masked with them.
begin;
set local role scribe_owner;

create table given_names (
	id         uuid primary key default gen_random_uuid(),
	session_id uuid not null references sessions on delete cascade,
	name       sealed_text not null
);
create index given_names_session_idx on given_names (session_id);
grant select, insert on given_names to scribe_app;

insert into given_names (session_id, name)
	select made_by, name from email_signups where made_by is not null and name is not null;

-- The sealed texts that name the visitor of a session, of different forms: an array of names, one
-- name, or an object with person_name. With consent those of their newest other sessions too.
-- plpgsql keeps its plans: every turn asks.
create or replace function session_names(which uuid) returns jsonb
language plpgsql stable parallel safe set search_path = public, pg_temp as $$
begin
	return (select jsonb_agg(name) from (
		select names_sealed::text as name from sessions where id = which
		union all
		select contact_name from sessions where id = which
		union all
		(select convert_from(contact_sealed, 'UTF8') from extracts
			where session_id = which and contact_sealed is not null
			order by created_at desc limit 1)
		union all
		select given_names.name from given_names where session_id = which
		union all
		(select names_sealed from sessions
			where memory_owner = (select memory_owner from sessions where id = which)
				and id <> which and names_sealed is not null
			order by started_at desc limit 8)
		) n where name is not null);
end
$$;

commit;
