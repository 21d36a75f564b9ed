begin;

select unsaid from turn_answers where false;
select 1 / (not has_column_privilege('scribe_app', 'turn_answers', 'unsaid', 'update'))::int;
select 1 / (attstorage = 'e')::int from pg_attribute
	where attrelid = 'turn_answers'::regclass and attname = 'unsaid';
select 1 / (count(*) = 1)::int from pg_constraint where conname = 'turn_answers_one_check';

rollback;
