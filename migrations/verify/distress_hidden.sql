begin;

select id, session_id, speaker, text, ts, asr_conf, audio_url, turn, interrupted, position
	from utterances_told where false;
select 1 / (coalesce(reloptions, '{}') @> array['security_barrier=true']
		and pg_get_viewdef(oid) like '%in\_distress THEN%'
		and pg_get_viewdef(oid) like '%person\_role() AS person\_role) IS NOT NULL)%'
		and relowner = 'scribe_owner'::regrole
		and has_table_privilege('scribe_rest', oid, 'select')
		and not has_table_privilege('scribe_rest', oid, 'insert, update, delete')
		and not has_table_privilege('scribe_app', oid, 'select'))::int
	from pg_class where oid = 'utterances_told'::regclass;
select 1 / (count(*) = 1 and bool_and(polname = 'utterances_people_read'
		and pg_get_expr(polqual, polrelid) like '%person\_role()%NOT in\_distress%'))::int
	from pg_policy where polrelid = 'utterances'::regclass
		and polroles = array['scribe_rest'::regrole::oid];

rollback;
