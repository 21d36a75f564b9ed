-- Utterances of a session that are no memory yet, oldest first; none from a turn on that is still
-- running, and none of a turn in distress, which becomes none.
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
	where u.session_id = $1::uuid and u.position > $2::bigint and not u.in_distress
		-- They became memories in their order: what comes behind the newest one is none.
		and u.position > coalesce((
			select kept.position from utterances kept where kept.id = (
				select m.utterance_id from memories m
					where m.session_id = $1::uuid and m.utterance_id is not null
					order by m.position desc limit 1)), 0)
		-- Only the newest turn can be running.
		and not exists (
			select from utterances r where r.position <= u.position and r.id = (
				select t.visitor_utterance_id from turns t
					where t.session_id = $1::uuid
						and t.turn = (select s.turn from sessions s where s.id = $1::uuid)
						and t.state = 'running' and t.ends_by > now()))
		-- Nor what has been sent of its reply so far, where nobody spoke before it.
		and not exists (
			select from turns t where t.session_id = $1::uuid and t.turn = u.turn
				and t.reply_id = u.id and t.state = 'running' and t.ends_by > now())
	order by u.position limit $3::int
