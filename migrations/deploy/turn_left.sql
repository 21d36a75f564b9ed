-- A turn whose client's connection broke may go on like one that it cancelled: turn_take_over()
-- takes up both.
begin;
set local role scribe_owner;

create or replace function turn_take_over(which uuid, number bigint, holder uuid, new_claim uuid,
	until timestamptz)
returns table (turn bigint, turn_id text, visitor_utterance_id uuid, reply_id uuid)
language sql security definer set search_path = public, pg_temp
begin atomic
	update turns t set state = 'running', started_at = now(), finished_at = null, heard_ms = null,
			ends_by = until, instance = holder, claim = new_claim
		where t.session_id = which and t.turn = number and t.state in ('superseded', 'abandoned')
		returning t.turn, t.turn_id, t.visitor_utterance_id, t.reply_id;
end;

commit;
