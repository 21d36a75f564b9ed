-- Enters memories of a session's owner in the indexes, oldest first: those whose surroundings are
-- complete, for each change of them enters a memory again. Who is writing to one meanwhile is not
-- waited for.
--
-- $1  session id
-- $2  how many
with next as materialized (
	select m.id from memories m
		where m.owner = (select memory_owner from sessions where id = $1::uuid)
			and not m.is_indexed
			and (m.created_at < now() - interval '1 hour' or (
				select count(*) from (
					select from memories n
						where n.session_id = m.session_id and n.position > m.position
						limit 2) n) = 2)
		order by m.position limit $2::int for update skip locked)

update memories m set is_indexed = true from next where m.id = next.id
