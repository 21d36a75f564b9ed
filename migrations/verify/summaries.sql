begin;

select session_id, executive_summary, action_items, crm_payload, themes, importance,
	utterance_count, last_position, provider, created_at, updated_at from summaries where false;
select 1 / (has_table_privilege('scribe_app', 'summaries', 'select')
	and has_table_privilege('scribe_app', 'summaries', 'insert')
	and has_table_privilege('scribe_app', 'summaries', 'update')
	and not has_table_privilege('scribe_app', 'summaries', 'delete'))::int;
select 1 / (count(*) = 1)::int from pg_constraint
	where conrelid = 'summaries'::regclass and contype = 'f' and confdeltype = 'c';

rollback;
