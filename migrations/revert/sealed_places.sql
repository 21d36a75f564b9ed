begin;
set local role scribe_owner;

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
comment on domain sealed_text is null;

commit;
