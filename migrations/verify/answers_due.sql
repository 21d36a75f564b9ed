begin;

select answer_due from turns where false;
select 1 / has_column_privilege('scribe_app', 'turns', 'answer_due', 'update')::int;
select 1 / (pg_get_expr(indpred, indrelid) = '(answer IS NOT NULL)')::int from pg_index
	where indexrelid = 'turns_answer_idx'::regclass;
select 1 / (count(*) = 1)::int from pg_attribute where attrelid = 'turns'::regclass
	and attname = 'answer_due' and attnotnull and atthasdef;

rollback;
