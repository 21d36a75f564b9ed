-- Names of visitors are in no plain column.
--
-- sessions.names_sealed holds the names known of the visitor, a sealed JSON array; names_hash (keyed)
-- says for which names all that is plain of the session was masked last, NULL: that is still to be
-- done. memories and summaries get what utterances have: beside the masked columns the original,
-- sealed, where masking changed something. An utterance of a turn that has not ended has an empty
-- text: who speaks may only become known by its end; its words are in text_sealed from the beginning.
begin;
set local role scribe_owner;

alter table sessions
	add column names_sealed sealed_text,
	add column names_hash hash32;
-- What is known of a visitor in their other sessions.
create index sessions_owner_idx on sessions (memory_owner, started_at desc);

alter table memories
	add column sealed text
	check (starts_with(sealed, 'sealed:') and octet_length(sealed) <= 1048576);
alter table summaries
	add column sealed text
	check (starts_with(sealed, 'sealed:') and octet_length(sealed) <= 1048576);

grant update (names_sealed, names_hash) on sessions to scribe_app;
grant update (sealed, source_id) on memories to scribe_app;
grant update (entities, followup_actions, contact_sealed) on extracts to scribe_app;

-- The sealed texts that name the visitor of a session, of different forms: an array of names, one
-- name, or an object with person_name. With consent those of their newest other sessions too.
-- plpgsql keeps its plans: every turn asks.
create function session_names(which uuid) returns jsonb
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
		select e.name from email_signups e where e.session_id = which
		union all
		(select names_sealed from sessions
			where memory_owner = (select memory_owner from sessions where id = which)
				and id <> which and names_sealed is not null
			order by started_at desc limit 8)
		) n where name is not null);
end
$$;
grant execute on function session_names(uuid) to scribe_app;

-- What is there already is masked by the job that masks what becomes known later.
insert into jobs (kind, key, session_id)
	select 'keep_utterances', s.id::text, s.id from sessions s
		where s.contact_name is not null
			or exists (select from extracts x
				where x.session_id = s.id and x.contact_sealed is not null)
			or exists (select from email_signups e
				where e.session_id = s.id and e.name is not null)
	on conflict (kind, key) where state = 'ready' do nothing;

commit;
