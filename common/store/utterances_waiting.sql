-- Utterances of a session that are no memory yet, oldest first; none from a turn on that is still
-- running.
--
-- $1  session id
-- $2  behind which position
-- $3  how many
--
-- Rows: id, speaker, text, time (unix milliseconds), the original sealed, position, has a
--       vector.
select u.id, u.speaker, u.text, floor(extract(epoch from u.ts) * 1000)::bigint, u.text_sealed,
		u.position, exists (select from utterance_vectors v where v.utterance_id = u.id)
	from utterances u
	where u.session_id = $1::uuid and u.position > $2::bigint
		-- They became memories in their order: what comes behind the newest one is none.
		and u.position > coalesce((
			select kept.position from memories m join utterances kept on kept.id = m.utterance_id
				where m.session_id = $1::uuid
				order by m.position desc limit 1), 0)
		and not exists (
			select from turns t join utterances r on r.id = t.visitor_utterance_id
				where t.session_id = $1::uuid and t.state = 'running' and t.ends_by > now()
					and r.position <= u.position)
	order by u.position limit $3::int
