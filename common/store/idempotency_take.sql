-- Takes an idempotency key. One row of the table decides: it is inserted or taken over from a
-- runner that died (we run), or it is what is there.
--
-- $1  function
-- $2  scope: who the key belongs to
-- $3  hash of the key
-- $4  hash of the payload
-- $5  how long the key is locked for its runner, milliseconds
-- $6  the instance that runs the request
-- $7  its claim of the key
--
-- One row: taken; the payload is the one stored; state; and of the stored answer its status, its
-- content type and its sealed body. All but the first are of before this statement, and null if
-- there was nothing then.
with taken as (
	insert into idempotency_keys as k (function, scope, key_hash, payload_hash, locked_until,
			instance, claim)
		values ($1, $2, $3::bytea, $4::bytea, now() + $5::bigint * interval '1 ms',
			$6::uuid, $7::uuid)
		on conflict (function, scope, key_hash) do update
			set payload_hash = excluded.payload_hash, state = 'running', status = null,
				content_type = null, body = null, locked_until = excluded.locked_until,
				instance = excluded.instance, claim = excluded.claim,
				created_at = now(), expires_at = now() + interval '24 hours'
			where k.expires_at < now()
				or (k.state = 'running'
					and (k.locked_until < now() or not is_held(k.instance, k.created_at))
					and k.payload_hash = excluded.payload_hash)
		returning true)

select exists (select from taken), k.payload_hash = $4::bytea, k.state, k.status,
		k.content_type, k.body
	from (select 1) one left join idempotency_keys k
		on k.function = $1 and k.scope = $2 and k.key_hash = $3::bytea
