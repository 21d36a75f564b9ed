-- Finds memories that wait for a vector: those without one, oldest first, then those with one of
-- another model.
--
-- Ordered so that an index serves each part: this is asked every few seconds, and mostly there is
-- nothing. What is of a session whose payers are used up today is passed over, or it would stand
-- before everybody else's until midnight.
--
-- $1  the model (null: none with a vector)
-- $2  how many
-- $3  requests that a payer may have in a day (0: not limited)
-- $4  tokens (likewise)
--
-- A row for each: id, session id, words, speaker, sealed parts, who pays for the session.
with used_up as materialized (
	select array_agg(payer) as payers from ledger
		where day = (now() at time zone 'UTC')::date and payer not like 'provider:%'
			and ($3::bigint > 0 and requests >= $3::bigint
				or $4::bigint > 0 and tokens >= $4::bigint)),

todo as materialized (
	(select id from memories m where embedding is null and words <> ''
			and (select coalesce(not string_to_array(s.payers, ',') && u.payers, true)
				from sessions s, used_up u where s.id = m.session_id)
		order by created_at limit $2::int)
	union all
	(select id from memories m where embedding_model || '' < $1 and words <> ''
			and (select coalesce(not string_to_array(s.payers, ',') && u.payers, true)
				from sessions s, used_up u where s.id = m.session_id)
		order by embedding_model || '' limit $2::int)
	union all
	(select id from memories m where embedding_model || '' > $1 and words <> ''
			and (select coalesce(not string_to_array(s.payers, ',') && u.payers, true)
				from sessions s, used_up u where s.id = m.session_id)
		order by embedding_model || '' limit $2::int)
	limit $2::int)

select m.id, m.session_id, m.words, m.speaker, m.sealed, s.payers
	from todo join memories m on m.id = todo.id join sessions s on s.id = m.session_id
