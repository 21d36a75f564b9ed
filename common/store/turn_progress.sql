-- Stores what has been sent of a running turn's reply: as interrupted, which it is until it ends.
--
-- The session's row is locked first, then the turn, then what was said in it: in the order of all
-- that changes a turn. The first of it counts as an utterance.
--
-- $1  session id
-- $2  the turn's number
-- $3  the claim of who began it
-- $4  id of the reply
-- $5  what was sent, for the plain column
-- $6  and sealed
-- $7  its pieces, an array
-- $8  the visitor is in distress
--
-- One row: whether the turn is still running, and its.
with owner as materialized (
	select id from sessions where id = $1::uuid for no key update),

running as (
	update turns t set reply_id = $4::uuid, reply_pieces = $7::int[]
		from owner o where t.session_id = $1::uuid and t.turn = $2::bigint
			and t.claim = $3::uuid and t.state = 'running'
		returning t.session_id),

sent as (
	insert into utterances (id, session_id, speaker, text, text_sealed, turn, in_distress,
			interrupted)
		select $4::uuid, session_id, 'agent', $5, $6::bytea, $2::bigint, $8::bool, true
			from running
		on conflict (id) do update set text = excluded.text, text_sealed = excluded.text_sealed
		returning session_id, xmax = 0 as is_new),

counted as (
	update sessions s set utterance_count = s.utterance_count + 1
		from sent n where s.id = n.session_id and n.is_new)

select exists (select from running),
	-- include lazy_commit.sql
