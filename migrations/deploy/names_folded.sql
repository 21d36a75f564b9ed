-- What is stored is masked again as names are found now: in any writing.
--
-- The hash in sessions.names_hash tells how they were found, too, so that of every session with a
-- name is another's. One job for each visitor looks at all of their sessions.
begin;
set local role scribe_owner;

comment on column sessions.names_hash is
	'Keyed; of the names, folded, that all of the session is masked by. Null: that is to be done';

insert into jobs (kind, key, session_id)
	select distinct on (memory_owner) 'keep_utterances', id::text, id from sessions
		where names_hash is not null
		order by memory_owner, started_at desc
	on conflict (kind, key) where state = 'ready' do nothing;

commit;
