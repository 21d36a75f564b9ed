begin;

select id, created_by, visitor_id, started_at, ended_at, channel, consent, final_intent,
	lead_score, lead_turn, lead_reasons, slack_alerted_at, email, email_hash, contact_name,
	cta_chosen, notes, created_at, updated_at, current_mode, secret_hash, last_active_at, turn,
	proactive_count, rate_window, rate_count, utterance_count, summarized_count,
	summarized_position, memory_owner from sessions where false;
select id, session_id, speaker, text, text_sealed, ts, asr_conf, audio_url, turn, interrupted,
	position from utterances where false;
select session_id, turn, turn_id, message_hash, state, started_at, ends_by, finished_at,
	visitor_utterance_id, answer from turns where false;
select id, session_id, utterance_id, turn, intent, confidence, entities, contact_sealed,
	followup_actions, lead_score, scoring_reasons, priority, provider, created_at
	from extracts where false;
select id, session_id, kind, payload, ts from events where false;

select 1 / (count(*) = 5)::int from pg_tables
	where tablename in ('sessions', 'utterances', 'turns', 'extracts', 'events')
		and schemaname = 'public' and tableowner = 'scribe_owner';
select 1 / (has_table_privilege('scribe_app', name, 'select')
	and has_table_privilege('scribe_app', name, 'insert')
	and not has_table_privilege('scribe_app', name, 'truncate')
	and not has_table_privilege('scribe_app', name, 'references')
	and not has_table_privilege('scribe_app', name, 'trigger')
	and has_table_privilege('scribe_app', name, 'delete') = (name = 'utterances'))::int
	from unnest(array['sessions', 'utterances', 'turns', 'extracts', 'events']) as name;
select 1 / (not has_column_privilege('scribe_app', 'sessions', name, 'update'))::int
	from unnest(array['id', 'visitor_id', 'consent', 'secret_hash']) as name;
select 1 / (has_column_privilege('scribe_app', 'sessions', name, 'update'))::int
	from unnest(array['turn', 'last_active_at', 'current_mode', 'lead_score']) as name;
select 1 / (count(*) = 5)::int from pg_constraint
	where contype = 'f' and confrelid in ('sessions'::regclass, 'utterances'::regclass)
		and confdeltype = 'c'
		and conrelid in ('utterances'::regclass, 'turns'::regclass, 'extracts'::regclass,
			'events'::regclass);
select 1 / (count(*) = 9)::int from pg_class
	where relkind = 'i' and relname in ('sessions_visitor_idx', 'sessions_started_idx',
		'sessions_score_idx', 'sessions_email_idx', 'sessions_idle_idx',
		'turns_utterance_idx', 'extracts_session_idx', 'extracts_utterance_idx',
		'events_session_idx');

rollback;
