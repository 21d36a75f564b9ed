-- What is sealed is bound to its place and opens in no other: who is given a sealed text is told
-- where it stands.
begin;
set local role scribe_owner;

comment on domain sealed_text is
	'sealed:v2:<key id>:<base64 of version, nonce and ciphertext>, bound to table, column and row; '
	'of v1, without version: bound to nothing, until scripts/rotate-key';

-- The sealed texts that name the visitor of a session, of different forms: an array of names, one
-- name, or an object with person_name. Each with its place: table, column, and row, the primary
-- key. With consent those of their newest other sessions too. plpgsql keeps its plans: every turn
-- asks.
create or replace function session_names(which uuid) returns jsonb
language plpgsql stable parallel safe set search_path = public, pg_temp as $$
begin
	return (select jsonb_agg(jsonb_build_object('table', origin, 'column', member, 'row', name_of,
			'sealed', name))
		from (
			select 'sessions' as origin, 'names_sealed' as member, id::text as name_of,
					names_sealed::text as name
				from sessions where id = which
			union all
			select 'sessions', 'contact_name', id::text, contact_name
				from sessions where id = which
			union all
			(select 'extracts', 'contact_sealed', id::text, convert_from(contact_sealed, 'UTF8')
				from extracts where session_id = which and contact_sealed is not null
				order by created_at desc limit 1)
			union all
			select 'given_names', 'name', g.id::text, g.name
				from given_names g where g.session_id = which
			union all
			(select 'sessions', 'names_sealed', id::text, names_sealed from sessions
				where memory_owner = (select memory_owner from sessions where id = which)
					and id <> which and names_sealed is not null
				order by started_at desc limit 8)
		) n where name is not null);
end
$$;

commit;
