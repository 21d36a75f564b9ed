begin;

select what, at from backup_times where false;
select 1 / (has_table_privilege('scribe_app', 'backup_times', 'select')
	and not has_table_privilege('scribe_app', 'backup_times', 'insert')
	and not has_any_column_privilege('scribe_app', 'backup_times', 'update')
	and not has_table_privilege('scribe_app', 'backup_times', 'delete'))::int;

rollback;
