-- Gives up a running turn; one that is over or superseded is left alone.
--
-- The session's row is locked first, as by all that changes a turn: then the turn, then what was
-- said in it. In another order this and a turn that begins would wait for each other.
--
-- $1  session id
-- $2  the turn's number
-- $3  its state: failed (the visitor's words are taken back), abandoned or superseded
-- $4  the claim of who began it
with owner as materialized (
	select id from sessions where id = $1::uuid for no key update),

given_up as (
	update turns t set finished_at = now(), state = $3
		from owner o where t.session_id = $1::uuid and t.turn = $2::bigint and t.state = 'running'
			and t.claim = $4::uuid
		returning t.session_id, t.visitor_utterance_id),

taken_back as (
	delete from utterances u using given_up g
		where $3 = 'failed' and u.id = g.visitor_utterance_id
		returning u.session_id),

-- What stays is remembered, should nobody come back; and what turns that this one overtook left.
remembered as (
	-- include job_insert.sql
		select 'keep_utterances', session_id::text, '{}', session_id from given_up
		-- include job_once.sql
	)

update sessions s set utterance_count = s.utterance_count - 1
	from taken_back b where s.id = b.session_id
