-- Ends a turn that was stopped when a part of its reply had been sent: that part is what history
-- keeps. A turn that another request ended already gets its reply all the same; where the client
-- told how much it heard (turn_cancel.sql) only if more was sent than is stored, and it is to be
-- cut again. Nothing is stored where a newer turn answers the same words. With the session's row
-- held from a statement before: it sees what others did with it.
--
-- $1  session id
-- $2  the turn's number
-- $3  the claim of who began it
-- $4  id of the reply
-- $5  what was sent, for the plain column
-- $6  and sealed
-- $7  its pieces, an array
-- $8  the visitor is in distress
-- $9  more would have been said
--
-- One row: how many milliseconds were heard (null: all that was sent, or it is stored and cut).
with owner as materialized (
	select id from sessions where id = $1::uuid for no key update),

ended as (
	update turns t set reply_id = $4::uuid, reply_pieces = $7::int[],
			finished_at = coalesce(t.finished_at, now()),
			state = case when t.state = 'running' then 'abandoned' else t.state end
		from owner o where t.session_id = $1::uuid and t.turn = $2::bigint
			and t.claim = $3::uuid and t.state in ('running', 'superseded', 'abandoned')
			and not exists (
				select from turns n where n.session_id = $1::uuid and n.turn > $2::bigint
					and n.visitor_utterance_id = t.visitor_utterance_id)
			and (t.heard_ms is null or t.reply_pieces is distinct from $7::int[])
		returning t.session_id, t.heard_ms),

replied as (
	insert into utterances (id, session_id, speaker, text, text_sealed, turn, in_distress,
			interrupted)
		select $4::uuid, session_id, 'agent', $5, $6::bytea, $2::bigint, $8::bool, $9::bool
			from ended
		on conflict (id) do update set text = excluded.text, text_sealed = excluded.text_sealed,
			in_distress = excluded.in_distress, interrupted = excluded.interrupted
		returning session_id, xmax = 0 as is_new),

-- A job may have read a part of it since the turn was cancelled.
forgotten as (
	delete from memories m using ended e
		where m.session_id = e.session_id and m.utterance_id = $4::uuid),

remembered as (
	-- include job_insert.sql
		select 'keep_utterances', session_id::text, '{}', session_id from ended
		-- include job_once.sql
	),

counted as (
	update sessions s set utterance_count = s.utterance_count + 1
		from replied r where s.id = r.session_id and r.is_new)

select (select heard_ms from ended)
