begin;

select 1 / (bool_and(has_schema_privilege(role, 'sqitch', 'usage')
		and has_column_privilege(role, 'sqitch.changes', 'change', 'select')
		and not has_column_privilege(role, 'sqitch.changes', 'committer_email', 'select')
		and not has_table_privilege(role, 'sqitch.changes', 'insert, update, delete')
		and not has_schema_privilege(role, 'sqitch', 'create')))::int
	from unnest(array['scribe_app', 'scribe_rest']) as role;

rollback;
