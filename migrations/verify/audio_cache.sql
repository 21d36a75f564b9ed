begin;

select key, provider, format, audio, bytes, session_id, created_at, last_used_at
	from audio_cache where false;
select 1 / (has_table_privilege('scribe_app', 'audio_cache', 'delete')
	and has_column_privilege('scribe_app', 'audio_cache', 'last_used_at', 'update')
	and not has_column_privilege('scribe_app', 'audio_cache', 'audio', 'update'))::int;

rollback;
