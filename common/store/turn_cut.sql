-- Cuts a stored reply to what was heard of it, or takes it away where nothing was. What was
-- remembered of it goes too; a job remembers the rest.
--
-- $1  session id
-- $2  id of the reply
-- $3  what was heard, for the plain column; empty with $4 null: nothing
-- $4  and sealed
-- $5  something was heard
with owner as materialized (
	select id from sessions where id = $1::uuid for no key update),

cut as (
	update utterances u set text = $3, text_sealed = $4::bytea, interrupted = true
		from owner o where u.id = $2::uuid and u.session_id = o.id and $5::bool
		returning u.session_id),

unheard as (
	delete from utterances u using owner o
		where u.id = $2::uuid and u.session_id = o.id and not $5::bool
		returning u.session_id),

forgotten as (
	delete from memories m using owner o
		where m.session_id = o.id and m.utterance_id = $2::uuid),

remembered as (
	-- include job_insert.sql
		select 'keep_utterances', session_id::text, '{}', session_id from (
			select * from cut union all select * from unheard) c
		-- include job_once.sql
	)

update sessions s set utterance_count = s.utterance_count - 1
	from unheard h where s.id = h.session_id
