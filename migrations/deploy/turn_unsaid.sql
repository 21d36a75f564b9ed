-- What of a cancelled turn's reply was written and not sent, for the seconds in which its client
-- may have it go on: words spoken by mistake interrupted it.
--
-- Beside the answers that are kept for two seconds, and like them sealed, in no log, and gone when
-- it is due.
begin;
set local role scribe_owner;

alter table turn_answers
	alter column answer drop not null,
	add column unsaid bytea, -- sealed; null: this is an answer
	add constraint turn_answers_one_check check (num_nonnulls(answer, unsaid) = 1);
alter table turn_answers alter column unsaid set storage external;

-- Who goes on with such a turn has it from then on: another claim, so that who had it changes
-- nothing any more, and begun anew, for until its process has a row that is a sign of life. No
-- program may change these columns of a turn that somebody has: this is for one that was stopped.
create function turn_take_over(which uuid, number bigint, holder uuid, new_claim uuid,
	until timestamptz)
returns table (turn bigint, turn_id text, visitor_utterance_id uuid, reply_id uuid)
language sql security definer set search_path = public, pg_temp
begin atomic
	update turns t set state = 'running', started_at = now(), finished_at = null, heard_ms = null,
			ends_by = until, instance = holder, claim = new_claim
		where t.session_id = which and t.turn = number and t.state = 'superseded'
		returning t.turn, t.turn_id, t.visitor_utterance_id, t.reply_id;
end;
grant execute on function turn_take_over(uuid, bigint, uuid, uuid, timestamptz) to scribe_app;

commit;
