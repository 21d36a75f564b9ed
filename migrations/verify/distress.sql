begin;

select in_distress from utterances where false;
select 1 / has_column_privilege('scribe_app', 'utterances', 'in_distress', 'update')::int;

rollback;
