begin;

select 1 / (count(*) = 1)::int from pg_roles where rolname = 'scribe_rest' and rolcanlogin
	and not (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls);
select 1 / (not pg_has_role('scribe_rest', 'scribe_app', 'member'))::int;
select 1 / (count(*))::int from pg_db_role_setting s
	join pg_database d on d.oid = s.setdatabase and d.datname = current_database()
	where s.setrole = 'scribe_rest'::regrole and s.setconfig @> array['jit=off', 'TimeZone=UTC'];
-- Each table that scribe_rest may read has rows by policy, for it and for the programs.
select 1 / (count(*) = 9)::int from pg_class c where relrowsecurity
	and relname in ('sessions', 'utterances', 'extracts', 'summaries', 'events', 'memories',
		'email_signups', 'profiles', 'action_item_states')
	and exists (select from pg_policy p where p.polrelid = c.oid
		and p.polroles = array['scribe_app'::regrole::oid])
	and exists (select from pg_policy p where p.polrelid = c.oid and p.polcmd = 'r'
		and p.polroles = array['scribe_rest'::regrole::oid]
		and pg_get_expr(p.polqual, p.polrelid) like '%person\_role()%');
-- No secret is among the columns.
select 1 / (not exists (select from pg_attribute a join pg_class c on c.oid = a.attrelid
		where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
			and c.relkind in ('r', 'v') and has_column_privilege('scribe_rest', c.oid, a.attnum, 'select')
			and (a.attname ~ 'hash|sealed|secret|owner|visitor|payer|^key$'
				or a.atttypid in ('sealed_text'::regtype, 'hash32'::regtype, 'bytea'::regtype))
			and (c.relname, a.attname) <> ('action_items', 'owner')))::int;
select 1 / (not has_table_privilege('scribe_rest', 'audit_log', 'select, insert')
	and not has_table_privilege('scribe_rest', 'visitor_alias_key', 'select')
	and not has_any_column_privilege('scribe_rest', 'profiles', 'insert')
	and not has_column_privilege('scribe_rest', 'profiles', 'role', 'update')
	and has_column_privilege('scribe_rest', 'sessions', 'notes', 'update')
	and not has_column_privilege('scribe_rest', 'sessions', 'notes', 'select'))::int;
select 1 / (has_function_privilege('scribe_rest', 'hidden_of(text, uuid[], boolean, text)', 'execute')
	and not has_function_privilege('scribe_rest', 'hidden_of_sessions(uuid[], boolean)', 'execute')
	and not has_function_privilege('scribe_app', 'hidden_of(text, uuid[], boolean, text)', 'execute')
	and has_function_privilege('scribe_rest', 'contacts_with_email(text, bytea[], text)', 'execute')
	and has_function_privilege('scribe_rest', 'sessions_of_visitors(text[])', 'execute')
	and has_function_privilege('scribe_rest', 'person_role()', 'execute'))::int;
select 1 / (count(*) = 1)::int from visitor_alias_key;
select 1 / (reloptions @> array['security_invoker=true'])::int from pg_class
	where oid = 'action_items'::regclass;
select id, session_id, position, text, owner, priority, status, created_at from action_items
	where false;

rollback;
