begin;

drop function hidden_of(text, uuid[], boolean, text);
drop function hidden_of_sessions(uuid[], boolean);
drop function hidden_of_utterances(uuid[], boolean);
drop function hidden_of_extracts(uuid[], boolean);
drop function hidden_of_summaries(uuid[], boolean);
drop function hidden_of_memories(uuid[], boolean);
drop function hidden_of_email_signups(uuid[], boolean);
drop function contacts_with_email(text, bytea[], text);
drop function person_audit(text, text, uuid[], text);
drop function sessions_of_visitors(text[]);
drop function visitor_alias(text, bytea);
drop table visitor_alias_key;
drop view action_items;
drop function action_items_set();
drop table action_item_states;

do $$
declare
	name text;
begin
	foreach name in array array['sessions', 'utterances', 'extracts', 'summaries', 'events',
			'memories', 'email_signups'] loop
		execute format('alter table %I disable row level security', name);
		execute format('drop policy %I on %I', name || '_programs', name);
		execute format('drop policy %I on %I', name || '_people_read', name);
	end loop;
end
$$;
drop policy sessions_people_change on sessions;
drop policy sessions_people_delete on sessions;
drop policy memories_people_delete on memories;
drop policy profiles_people_read on profiles;
drop policy profiles_people_change on profiles;
drop function person_actor();
drop function person_id();

alter role scribe_rest in database :"DBNAME" reset all;
drop owned by scribe_rest;
do $$
begin
	drop role scribe_rest;
exception when dependent_objects_still_exist then
	raise notice 'role scribe_rest is still in use and stays';
end
$$;

commit;
