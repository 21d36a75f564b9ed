-- The newest turn of a session, where it is over and nobody has read what the visitor said in it:
-- it was broken off before, or its process was killed. That one is given up here.
--
-- $1  session id
-- $2  most utterances of history
--
-- No row: there is none. Else as turn_columns.sql tells, and behind that: what the visitor said;
-- sealed; the turn's claim.
with owner as materialized (
	select * from sessions where id = $1::uuid for no key update),

broken as (
	update turns t set finished_at = coalesce(t.finished_at, now()),
			state = case when t.state = 'running' then 'abandoned' else t.state end
		from owner o, utterances u
		where t.session_id = o.id and t.turn = o.turn
			and (t.state in ('superseded', 'abandoned')
				or t.state = 'running' and t.ends_by <= now())
			and u.id = t.visitor_utterance_id and u.text = '' and not u.in_distress
		returning t.turn, t.turn_id, t.visitor_utterance_id, t.claim, u.text, u.text_sealed)

select 'ok', 'begin', b.turn, b.turn_id, o.current_mode, o.consent, null::int, null::int,
		k.extract, k.id, k.contact_sealed, session_names(o.id), b.visitor_utterance_id,
		null::text, extract(epoch from now() - o.started_at)::bigint, o.memory_owner, null::text,
		h.speaker = 'agent', h.id, h.text, h.text_sealed, h.in_distress, h.interrupted,
		b.text, b.text_sealed, b.claim
	from owner o join broken b on true
	left join lateral (
		select
				-- include extract_json.sql
				as extract, id, contact_sealed
			from extracts x where x.session_id = o.id
			order by x.created_at desc limit 1) k on true
	left join lateral (
		select id, speaker, text, text_sealed, turn, position, in_distress, interrupted
			from utterances u
			where u.session_id = o.id and u.turn is distinct from b.turn
			order by position desc limit $2::int) h on true
	order by h.turn, h.position
