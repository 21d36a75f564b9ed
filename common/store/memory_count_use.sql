-- Counts a use of each memory. Who asks for memories may ask for what has just been said: it is
-- remembered now.
--
-- $1  session id
-- $2  ids of memories, a JSON array
with counted as (
	insert into memory_uses as u (memory_id)
		select id from memories
			where id in (select jsonb_array_elements_text($2::jsonb)::uuid)
			order by id
		on conflict (memory_id) do update
			set access_count = u.access_count + 1, last_referenced = now()),

hurried as (
	-- include keep_soon.sql
		select o.id::text from sessions s join sessions o on o.memory_owner = s.memory_owner
			where s.id = $1::uuid and o.last_active_at > now() - interval '10 minutes'))
	)

select
	-- include lazy_commit.sql
