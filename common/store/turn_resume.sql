-- Takes over a turn that its client has cancelled or left a moment ago, so that its reply goes on:
-- it runs again, for whoever asks with this, and what was not said of it is taken along.
--
-- Only of the newest turn, and only once who had it has left what is unsaid: it may still be about
-- to. One that still runs and has said something (turn_progress.sql) is stopped first, as
-- turn_cancel.sql does: its client is here, so nobody is there any more, whether that was noticed
-- or not. Where another request changed the session
-- after this statement's snapshot was taken, it may have been that one, and what it did is seen
-- next time.
--
-- $1 to $4  the session pair, as in session_check.sql
-- $5   most utterances of history
-- $6   null
-- $7   the turn's id
-- $8   time the turn may take, milliseconds
-- $9   how long a cancelled turn may go on, milliseconds
-- $10  the instance that is going to answer
-- $11  its claim of this turn
-- $12  the channel on which programs listen
-- $13  the same request asks again: it has been counted
--
-- As turn_columns.sql tells, `action` begin: it is taken over; wait: it was stopped, and nothing
-- is left yet; newer: another has begun; gone: there is nothing to go on with. Behind that: what
-- the visitor had said (null: nothing); sealed; it told of distress; id of the reply; what is
-- unsaid, sealed.
with
-- include session_check.sql

touched as (
	update sessions s set
			-- include session_touch.sql
		from checked c where s.id = c.id and c.verdict = 'ok' and not $13::bool),

seen as (
	select c.*, c.version <> (select s.xmin from sessions s where s.id = c.id) as is_stale
		from checked c where c.verdict = 'ok'),

asked as (
	select t.turn, t.turn < c.turn as is_old,
			t.state in ('superseded', 'abandoned')
				and t.finished_at > now() - $9::int * interval '1 ms' as may,
			t.state = 'running' as is_running
		from seen c join turns t on t.session_id = $1::uuid and t.turn > c.turn - 5
			and t.turn_id = $7
		where not c.is_stale
		order by t.turn desc limit 1),

stopped as (
	update turns t set state = 'superseded', finished_at = now()
		from asked k
		where t.session_id = $1::uuid and t.turn = k.turn and k.is_running and not k.is_old
			and t.state = 'running' and t.reply_id is not null
		returning t.turn, pg_notify($12, 'turn ' || t.claim)),

remembered as (
	-- include job_insert.sql
		select 'keep_utterances', $1, '{}', $1::uuid from stopped
		-- include job_once.sql
	),

taken as (
	delete from turn_answers a using asked k
		where a.session_id = $1::uuid and a.turn = k.turn and a.unsaid is not null and k.may
			and not k.is_old
		returning a.unsaid),

decided as (
	select c.*, $7::text as last_turn_id, null::uuid as adopted,
			case
				when c.is_stale then 'wait'
				when exists (select from taken) then 'begin'
				when k.is_old then 'newer'
				when k.may or k.is_running then 'wait'
				else 'gone' end as action
		from seen c left join asked k on true),

begun as (
	select b.* from decided d,
			turn_take_over(d.id, case when d.action = 'begin' then d.turn end, $10::uuid, $11::uuid,
				now() + $8::int * interval '1 ms') b),

said as (
	select u.text, u.text_sealed, u.in_distress from begun b join utterances u
		on u.id = b.visitor_utterance_id),

named as materialized (
	select session_names(d.id) as names
		from decided d where d.action = 'begin')

-- include turn_columns.sql
		, (select text from said), (select text_sealed from said),
		(select in_distress from said), b.reply_id, (select unsaid from taken)
-- include turn_sources.sql
