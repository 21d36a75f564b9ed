-- Stops a turn, wherever it runs. Of a session's newest turns: nobody interrupts what was said long
-- ago.
--
-- Who runs it elsewhere is told at once; where that is not heard, it finds out when it listens
-- again (heartbeat_look()), stores what it has sent next, or its end. The state is that of a turn
-- that a newer one took over: who joined it is not to begin it again.
--
-- $1 to $4  the session pair, as in session_check.sql
-- $5  the turn's id
-- $6  how many milliseconds of its audio were heard (null: the client does not tell)
-- $7  the channel on which programs listen
-- $8  when it was asked for, milliseconds since 1970
--
-- A turn that has not begun may be heard still: every program is told its id, and since when nobody
-- wants it. What comes later is another message.
--
-- One row, or none for an unknown session: verdict; who pays; the turn's number (null: there is
-- none); it was running until now; the claim of who has it.
-- include session_touched.sql
,

stopped as (
	update turns t set heard_ms = coalesce($6::int, t.heard_ms),
			finished_at = case when t.state = 'running' then now() else t.finished_at end,
			state = case when t.state = 'running' then 'superseded' else t.state end
		where t.session_id = $1::uuid and t.turn = (
			select n.turn from turns n, checked c
				where n.session_id = $1::uuid and n.turn > c.turn - 5 and n.turn_id = $5
					and c.verdict = 'ok'
				order by n.turn desc limit 1)
		returning t.turn, t.claim, t.state = 'superseded' and t.finished_at = now() as was_running,
			case when t.state = 'superseded' and t.finished_at = now()
				then pg_notify($7, 'turn ' || t.claim) end),

-- What the visitor said stays, and no end of the turn has a job remember it.
remembered as (
	-- include job_insert.sql
		select 'keep_utterances', $1, '{}', $1::uuid from stopped where was_running
		-- include job_once.sql
	)

select c.verdict, c.payers, s.turn, coalesce(s.was_running, false),
		s.claim,
		case when c.verdict = 'ok' and s.turn is null
			then pg_notify($7, 'message ' || $1 || ' ' || $8::bigint || ' ' || $5) end
	from checked c left join stopped s on true
