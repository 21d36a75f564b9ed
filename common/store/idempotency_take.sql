-- Takes an idempotency key. One row of the table decides: it is inserted or taken over from a
-- runner that died (we run), or it is what is there.
--
-- $1  function
-- $2  scope: who the key belongs to
-- $3  hash of the key
-- $4  hash of the payload
-- $5  how long the key is locked for its runner, milliseconds
--
-- One row: taken; the payload is the one stored; state; and of the stored answer its status, its
-- content type and its sealed body. All but the first are of before this statement, and null if
-- there was nothing then.
with taken as (
	insert into idempotency_keys as k (function, scope, key_hash, payload_hash, locked_until)
		values ($1, $2, $3::bytea, $4::bytea, now() + $5::bigint * interval '1 ms')
		on conflict (function, scope, key_hash) do update
			set payload_hash = excluded.payload_hash, state = 'running', status = null,
				content_type = null, body = null, locked_until = excluded.locked_until,
				created_at = now(), expires_at = now() + interval '24 hours'
			where k.expires_at < now()
				or (k.state = 'running' and k.locked_until < now()
					and k.payload_hash = excluded.payload_hash)
		returning true)

select exists (select from taken), k.payload_hash = $4::bytea, k.state, k.status,
		k.content_type, k.body
	from (select 1) one left join idempotency_keys k
		on k.function = $1 and k.scope = $2 and k.key_hash = $3::bytea
