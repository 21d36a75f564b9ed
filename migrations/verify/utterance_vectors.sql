begin;

select utterance_id, model, embedding, made_at from utterance_vectors where false;
select 1 / (count(*) = 1)::int from pg_constraint where conrelid = 'utterance_vectors'::regclass
	and confrelid = 'utterances'::regclass and confdeltype = 'c';
select 1 / (has_table_privilege('scribe_app', 'utterance_vectors', 'select,insert')
	and has_table_privilege('scribe_app', 'utterance_vectors', 'delete')
	and not has_table_privilege('scribe_app', 'utterance_vectors', 'update'))::int;

rollback;
