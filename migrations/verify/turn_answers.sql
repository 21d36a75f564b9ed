begin;

select session_id, turn, due, answer from turn_answers where false;
select 1 / (has_table_privilege('scribe_app', 'turn_answers', 'select')
	and has_table_privilege('scribe_app', 'turn_answers', 'insert')
	and has_table_privilege('scribe_app', 'turn_answers', 'delete')
	and has_column_privilege('scribe_app', 'turn_answers', 'due', 'update')
	and not has_column_privilege('scribe_app', 'turn_answers', 'answer', 'update'))::int;
select 1 / indisvalid::int from pg_index where indexrelid = 'turn_answers_due_idx'::regclass;
select 1 / (relpersistence = 'u')::int from pg_class where oid = 'turn_answers'::regclass;
select 1 / (attstorage = 'e')::int from pg_attribute
	where attrelid = 'turn_answers'::regclass and attname = 'answer';

rollback;
