-- The columns of struct memory (memories.h), of a table called m, as memory_read() takes them:
-- MEMORY_COLUMNS_N of them.
m.id, m.content, m.summary, m.scope, to_jsonb(m.tags), m.session_id,
to_char(m.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
-- A memory never used has no row in memory_uses.
(select to_char(u.last_referenced at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
	from memory_uses u where u.memory_id = m.id),
to_char(m.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
m.source_id, m.speaker, m.importance,
(select u.access_count from memory_uses u where u.memory_id = m.id),
m.sealed, m.question
