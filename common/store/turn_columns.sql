-- What is told of a turn that is to be answered, and of who speaks: the columns that turns.c reads.
-- A row for each utterance of the history, oldest first; one, with the last six null, for a
-- session without history; none for an unknown session. All but the last six are of the turn
-- and the same in each row:
--   verdict; action; the turn's number; its id; mode; consent; numbers of the visitor's messages at
--   which a callback and another perspective were last hinted (null: never); the newest extract;
--   its id; its sealed contact data; the names known, as session_names() gives them; id of the
--   visitor's words (null: they said none); who pays for the session; its age in seconds; whose it
--   is; flags an operator has set; is the agent's; id; text; sealed text; is of a turn in distress;
--   was interrupted
--
-- What includes this and turn_sources.sql behind it has the CTEs checked, decided, begun and named,
-- as turn_begin.sql has them; $6 is the mode, $5 how many utterances of history there are at most.
select c.verdict, d.action, coalesce(b.turn, d.turn), coalesce(b.turn_id, d.last_turn_id),
		coalesce($6, d.current_mode), d.consent,
		(m.payload->>'callback_at')::int, (m.payload->>'perspective_at')::int,
		k.extract, k.id, k.contact_sealed, w.names, b.visitor_utterance_id, c.payers,
		extract(epoch from now() - c.started_at)::bigint, c.memory_owner, c.flags_forced,
		h.speaker = 'agent', h.id, h.text, h.text_sealed, h.in_distress, h.interrupted
