begin;

select asked_at from turns where false;
select 1 / has_column_privilege('scribe_app', 'turns', 'asked_at', 'insert')::int;

rollback;
