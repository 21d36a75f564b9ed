-- Begins a turn, where the session and its newest turn allow it.
--
-- What the newest turn of the session means for this message, `action`:
--   again   another request changed the session after this statement's snapshot was taken: the
--           locked row is newer than what the rest would read
--   join    the same message is running, or was answered within the window
--   quiet   an unasked follow-up, and the visitor is being answered, in distress, or has had enough
--   older   a recording, and a message that was asked for after it is being answered: it was heard
--           late
--   begin   everything else; an unanswered turn with the same message is adopted, another running
--           one is superseded. One whose process is silent is not running
--
-- Rows are named by values, not by a join: joined, a plan made while a table was empty reads all
-- that came into it since.
--
-- $1 to $4  the session pair, as in session_check.sql
-- $5   most utterances of history
-- $6   mode (null: unchanged)
-- $7   turn id (null: one is made)
-- $8   hash of the message: equal for equal messages of this session
-- $9   time the turn may take, milliseconds
-- $10  how long an answer is given again to the same message, milliseconds
-- $11  is an unasked follow-up
-- $12  most unasked follow-ups in a row
-- $13  the visitor's words for the plain column, masked or empty
-- $14  the visitor's words sealed
-- $15  the instance that is going to answer
-- $16  its claim of this turn
-- $17  id of the visitor's words, should they be stored
-- $18  they tell of distress, whatever becomes of the turn
-- $19  how sure it is that these were the words, 0 to 1 (null: they were written)
-- $20  the channel on which programs listen
-- $21  how long ago the message was asked for, milliseconds
--
-- As turn_columns.sql tells.
with
-- include session_check.sql

last as (
	select t.*, t.state = 'running' and t.ends_by > now()
				and is_held(t.instance, t.started_at) as is_running
		from turns t where t.session_id = $1::uuid and t.turn = (select turn from checked)),

decided as (
	select c.*, l.turn_id as last_turn_id,
			case
				when c.version <> (select s.xmin from sessions s where s.id = c.id) then 'again'
				when l.message_hash = $8::bytea and (l.is_running
					or l.state = 'done'
						and l.finished_at > now() - $10::int * interval '1 ms') then 'join'
				when $11::bool and (c.proactive_count >= $12::int
					or coalesce(l.is_running, false)
					or
						-- include last_read_distress.sql
					) then 'quiet'
				when $19::numeric is not null and l.is_running
					and l.asked_at > now() - $21::int * interval '1 ms' then 'older'
				else 'begin' end as action,
			-- The words of a turn that is adopted are stored already.
			case when l.message_hash = $8::bytea and l.state in ('running', 'abandoned')
				then l.visitor_utterance_id end as adopted
		from checked c left join last l on true where c.verdict = 'ok'),

-- Who answers it elsewhere is told, and stops at once; here it is known anyway.
closed as (
	update turns t set state = 'superseded', finished_at = now()
		where t.session_id = $1::uuid
			and t.turn = (select turn from decided where action = 'begin')
			and t.state = 'running'
		returning case when t.instance <> $15::uuid
			then pg_notify($20, 'turn ' || t.claim) end),

said as (
	insert into utterances (id, session_id, speaker, text, text_sealed, turn, in_distress,
			asr_conf)
		select $17::uuid, d.id, 'visitor', $13, $14::bytea, d.turn + 1, $18::bool, $19::numeric
			from decided d
			where d.action = 'begin' and not $11::bool and d.adopted is null
		returning id),

begun as (
	insert into turns (session_id, turn, turn_id, message_hash, ends_by, visitor_utterance_id,
			instance, claim, asked_at)
		select d.id, d.turn + 1, coalesce($7, gen_random_uuid()::text), $8::bytea,
				now() + $9::int * interval '1 ms', coalesce(d.adopted, (select id from said)),
				$15::uuid, $16::uuid, now() - $21::int * interval '1 ms'
			from decided d where d.action = 'begin'
		returning turn, turn_id, visitor_utterance_id),

changed as (
	insert into events (session_id, kind, payload)
		select d.id, 'mode_change', jsonb_build_object('from', d.current_mode, 'to', $6::text)
			from decided d where d.action = 'begin' and $6 <> d.current_mode),

-- Materialized: asked once, not for each row of the history. And the commit waits for no disk:
-- nothing is promised before the turn ends, whose commit writes this one too.
named as materialized (
	select session_names(d.id) as names,
			-- include lazy_commit.sql
		from decided d where d.action = 'begin'),

touched as (
	update sessions s set
			-- include session_count.sql
			-- A tab that nobody sits at is no use of its session.
			, last_active_at = case when c.action = 'quiet' then c.last_active_at else now() end,
			ended_at = case when c.action = 'quiet' then c.ended_at end,
			turn = c.turn + (c.action = 'begin')::int,
			utterance_count = c.utterance_count + (select count(*) from said),
			current_mode = case when c.action = 'begin' then coalesce($6, c.current_mode)
				else c.current_mode end,
			proactive_count = case when not $11::bool then 0
				when c.action = 'begin' then c.proactive_count + 1 else c.proactive_count end
		from decided c where s.id = $1::uuid and c.action <> 'again')

-- include turn_columns.sql
-- include turn_sources.sql
