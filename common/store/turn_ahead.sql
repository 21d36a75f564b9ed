-- What the next turn of a session would begin with, for who prepares it: changes nothing of the
-- conversation, and counts how often that was asked for since the last turn.
--
-- $1 to $4  the session pair, as in session_check.sql
-- $5   most utterances of history
-- $6   mode (null: unchanged)
-- $7   most preparations between two turns
--
-- As turn_columns.sql tells, the turn's number as the next would have it; `action` begin, or
-- enough: it was prepared so many times.
with
-- include session_check.sql

counted as (
	update sessions s set
			-- include session_touch.sql
			, ahead_turn = c.turn,
			ahead_count = case when c.ahead_turn = c.turn then c.ahead_count + 1 else 1 end
		from checked c
		where s.id = c.id and c.verdict = 'ok'
			and not (c.ahead_turn is not distinct from c.turn and c.ahead_count >= $7::int)
		returning s.id),

decided as (
	select c.*, null::text as last_turn_id, null::uuid as adopted,
			case when exists (select from counted) then 'begin' else 'enough' end as action
		from checked c where c.verdict = 'ok'),

begun as (
	select d.turn + 1 as turn, null::text as turn_id, null::uuid as visitor_utterance_id
		from decided d where d.action = 'begin'),

named as materialized (
	select session_names(d.id) as names
		from decided d where d.action = 'begin')

-- include turn_columns.sql
-- include turn_sources.sql
