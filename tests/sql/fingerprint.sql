-- One line per thing a migration can create, change or grant in this database or cluster.
with mine as (
	select oid from pg_namespace where nspname = 'public'
), lines (line) as (
	select format('relation %s %s %s %s %s', c.oid::regclass, c.relkind, c.relowner::regrole,
			c.relacl, c.reloptions)
		from pg_class c join mine on mine.oid = c.relnamespace
	union all
	select format('column %s %s %s %s %s %s', a.attrelid::regclass, a.attname,
			format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attacl, a.attgenerated)
		from pg_attribute a join pg_class c on c.oid = a.attrelid
			join mine on mine.oid = c.relnamespace
		where a.attnum > 0 and not a.attisdropped
	union all
	select 'index ' || indexdef from pg_indexes where schemaname = 'public'
	union all
	select format('constraint %s %s %s', conname, conrelid::regclass, pg_get_constraintdef(c.oid))
		from pg_constraint c join mine on mine.oid = c.connamespace
	union all
	select 'trigger ' || pg_get_triggerdef(t.oid) from pg_trigger t where not tgisinternal
	union all
	select format('policy %s %s %s', polname, polrelid::regclass,
			pg_get_expr(polqual, polrelid)) from pg_policy
	union all
	select format('function %s %s %s', p.oid::regprocedure, p.proowner::regrole, p.proacl)
		from pg_proc p join mine on mine.oid = p.pronamespace
	union all
	select format('type %s %s', t.typname, t.typtype)
		from pg_type t join mine on mine.oid = t.typnamespace
	union all
	select format('extension %s %s', extname, extversion) from pg_extension
	union all
	select format('schema %s %s', nspname, nspacl) from pg_namespace where nspname !~ '^pg_t'
	union all
	select format('default %s', defaclacl) from pg_default_acl
	union all
	select format('setting %s %s', setrole::regrole, setconfig) from pg_db_role_setting
	union all
	select format('role %s %s %s', rolname, rolcanlogin, rolsuper) from pg_roles
)
select line from lines order by line collate "C";
select acl.grantee::regrole, acl.privilege_type
	from pg_database d,
		aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) as acl
	where d.datname = current_database() order by 1, 2;
