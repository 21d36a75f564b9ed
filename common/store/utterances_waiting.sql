-- Utterances of a session that are no memory yet, oldest first; none from a turn on that is still
-- running, and none of a turn in distress, which becomes none. And what has to be known of who said
-- them, in the same look: it is had for every turn.
--
-- $1  session id
-- $2  behind which position
-- $3  how many
--
-- At least one row, with all but the first two null where nothing waits: the names known, as
-- session_names() gives them; marks of the owner's sessions (masking.h), those that differ, in hex
-- between commas (null: no name is known); id, speaker, text, time (unix milliseconds), the
-- original sealed, position, has a vector, what was said right before it was in distress.
with known as materialized (
	select session_names($1::uuid) as names),

waiting as (
	select u.id, u.speaker, u.text, floor(extract(epoch from u.ts) * 1000)::bigint as said_ms,
			u.text_sealed,
			u.position, exists (select from utterance_vectors v where v.utterance_id = u.id)
				as has_vector,
			coalesce((select b.in_distress from utterances b
				where b.session_id = $1::uuid and b.position < u.position
				order by b.position desc limit 1), false) as is_behind_distress
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
		order by u.position limit $3::int)

select k.names::text,
		case when k.names is not null then (
			select string_agg(distinct coalesce(encode(o.names_hash, 'hex'), ''), ',')
				from sessions o
				where o.memory_owner = (select memory_owner from sessions where id = $1::uuid)) end,
		w.*
	from known k left join waiting w on true
	order by w.position
