-- Who watches is told what changed: ids, never data, and only while somebody listens.
--
-- A process that listens holds one of two advisory locks, (1380271180, 1) or (1380271180, 2), for
-- itself, on the connection it listens on (common/store/changes.c): two of them, since a program
-- that takes over listens beside the one that leaves. Each trigger tries to share both: it may where
-- nobody listens, and is not even queued. That costs a microsecond or two, takes no row, and ends
-- with the listener's connection, however that ends. Transactions do not see each other's tries.
--
-- What goes with its session (memories, events, extracts) is not told one by one: the session is.
--
-- A payload is words: table, I, U or D, id, session id or "-", then what changed of it:
--   sessions   ended, mode, lead (its score reached 70)
--   turns      the turn's number as id, and its state
--   people     a person's id: what they may has perhaps changed
begin;
set local role scribe_owner;

create function realtime_tell() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
	changed record;
	source  text := tg_table_name;
	words   text := '';
begin
	if tg_op = 'DELETE' then changed := old; else changed := new; end if;
	case tg_table_name
	when 'sessions' then
		if tg_op = 'UPDATE' then
			words := case when old.ended_at is null and new.ended_at is not null
					then ' ended' else '' end
				|| case when old.current_mode <> new.current_mode then ' mode' else '' end
				|| case when old.lead_score < 70 and new.lead_score >= 70
					then ' lead' else '' end;
		end if;
		words := changed.id || ' ' || changed.id || words;
	when 'turns' then
		words := changed.turn || ' ' || changed.session_id || ' ' || changed.state;
	when 'summaries' then
		words := changed.session_id || ' ' || changed.session_id;
	when 'auth_sessions' then
		source := 'people';
		words := changed.person || ' -';
	when 'people', 'profiles', 'email_signups' then
		words := changed.id || ' -';
	else
		words := changed.id || ' ' || changed.session_id;
	end case;
	perform pg_notify('realtime', source || ' ' || left(tg_op, 1) || ' ' || words);
	return null;
end
$$;

create trigger sessions_told after insert or update or delete on sessions
	for each row when (not (pg_try_advisory_xact_lock_shared(1380271180, 1)
		and pg_try_advisory_xact_lock_shared(1380271180, 2)))
	execute function realtime_tell();
create trigger utterances_told after insert or update or delete on utterances
	for each row when (not (pg_try_advisory_xact_lock_shared(1380271180, 1)
		and pg_try_advisory_xact_lock_shared(1380271180, 2)))
	execute function realtime_tell();
create trigger summaries_told after insert or update on summaries
	for each row when (not (pg_try_advisory_xact_lock_shared(1380271180, 1)
		and pg_try_advisory_xact_lock_shared(1380271180, 2)))
	execute function realtime_tell();
create trigger extracts_told after insert or update on extracts
	for each row when (not (pg_try_advisory_xact_lock_shared(1380271180, 1)
		and pg_try_advisory_xact_lock_shared(1380271180, 2)))
	execute function realtime_tell();
create trigger events_told after insert on events
	for each row when (not (pg_try_advisory_xact_lock_shared(1380271180, 1)
		and pg_try_advisory_xact_lock_shared(1380271180, 2)))
	execute function realtime_tell();
create trigger memories_told after insert or update of content, summary, importance, tags on memories
	for each row when (not (pg_try_advisory_xact_lock_shared(1380271180, 1)
		and pg_try_advisory_xact_lock_shared(1380271180, 2)))
	execute function realtime_tell();
create trigger profiles_told after insert or update or delete on profiles
	for each row when (not (pg_try_advisory_xact_lock_shared(1380271180, 1)
		and pg_try_advisory_xact_lock_shared(1380271180, 2)))
	execute function realtime_tell();
create trigger email_signups_told after insert or update or delete on email_signups
	for each row when (not (pg_try_advisory_xact_lock_shared(1380271180, 1)
		and pg_try_advisory_xact_lock_shared(1380271180, 2)))
	execute function realtime_tell();
create trigger people_told after update of admitted_at, disabled_at on people
	for each row when (not (pg_try_advisory_xact_lock_shared(1380271180, 1)
		and pg_try_advisory_xact_lock_shared(1380271180, 2)))
	execute function realtime_tell();
create trigger auth_sessions_told after update of revoked_at or delete on auth_sessions
	for each row when (not (pg_try_advisory_xact_lock_shared(1380271180, 1)
		and pg_try_advisory_xact_lock_shared(1380271180, 2)))
	execute function realtime_tell();
create trigger turns_begun after insert on turns
	for each row when (not (pg_try_advisory_xact_lock_shared(1380271180, 1)
		and pg_try_advisory_xact_lock_shared(1380271180, 2)))
	execute function realtime_tell();
create trigger turns_changed after update of state on turns
	for each row when (old.state <> new.state
		and not (pg_try_advisory_xact_lock_shared(1380271180, 1)
		and pg_try_advisory_xact_lock_shared(1380271180, 2)))
	execute function realtime_tell();

commit;
