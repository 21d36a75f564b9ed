-- Condition of memory_insert.sql on another memory o of the owner: it is of this scope and content,
-- and was not given another time.
(o.scope = $2 and o.utterance_id is null
	and o.content_hash in ($15::bytea, $18::bytea, $19::bytea)
	and (o.given_at is null or not $25::bool or o.given_at = to_timestamp($10::float8 / 1000)))
