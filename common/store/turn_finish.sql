-- Ends a turn that is still the newest of its session: stores the reply and what the turn has found
-- out, and enqueues what follows from it. Changes nothing otherwise. Of a turn that was broken off,
-- whose end is stored, only what it has found out is added.
--
-- $1   session id
-- $2   the turn's number
-- $3   the reply, masked
-- $4   the answer, sealed: for the same message sent again (null: none is kept)
-- $5   intent (null: nothing is known of the lead, and $6 to $11 do not count)
-- $6   its confidence, 0 to 1
-- $7   entities, a JSON object without contact data
-- $8   follow-up actions, a JSON array
-- $9   lead score, 0 to 100
-- $10  reasons of the score, a JSON array of texts
-- $11  provider of the extraction
-- $12  marks of the dynamics, a JSON object (null: unchanged)
-- $13  the reply sealed (null: masking changed nothing)
-- $14  contact data of the extract sealed (null: none)
-- $15  e-mail address for the session, sealed (null: unchanged)
-- $16  its keyed hash
-- $17  name for the session, sealed (null: unchanged)
-- $18  the score that calls a person
-- $19  utterances not summarised at which a summary is due
-- $20  the visitor's words masked, now that it is known who speaks
-- $21  and sealed (null: masking changed nothing)
-- $22  names known, a sealed list (null: none)
-- $23  their keyed hash
-- $24  some of these names are new
-- $25  contact data is new
-- $26  how long the answer is kept, milliseconds
-- $27  the claim of who began it
-- $28  vector of what the visitor said (null: none)
-- $29  its model
-- $30  id of the reply
-- $31  id of the extract
-- $32  kind of an event for people (null: none)
-- $33  the visitor is in distress
-- $34  where the reply's audio may be cut, an array (null: there is none)
-- $35  the turn's mode
-- $36  milliseconds from the request to a sentence (null: there was none)
-- $37  and to its sound (null: there was none)
-- $38  what was degraded, a JSON array of texts
-- $39  the flags that applied, a JSON object (null: none)
-- $40  what was said becomes memories so much later, milliseconds
-- $41  the turn was broken off
--
-- Carried out twice it changes nothing the second time: nobody may know of the first.
--
-- One row: whether the turn was the newest and is done; whether its session never saw it begin,
-- which a crash of the database can bring about: that commit waits for no disk.
--
-- Rows are named by values, not by a join: joined, a plan made while a table was empty reads all
-- that came into it since.
with owner as materialized (
	select * from sessions where id = $1::uuid and turn = $2::bigint for no key update),

done as (
	update turns t set state = case when $41::bool then t.state else 'done' end,
			finished_at = case when $41::bool then t.finished_at else now() end,
			reply_id = case when $41::bool then t.reply_id else $30::uuid end,
			reply_pieces = case when $41::bool then t.reply_pieces else $34::int[] end,
			mode = $35, response_ms = $36::int, first_audio_ms = $37::int, flags = $39::jsonb,
			degraded = array(select jsonb_array_elements_text($38::jsonb))
		from owner o where t.session_id = $1::uuid and t.turn = $2::bigint
			and t.state in ('running', 'superseded', 'abandoned')
			and (t.state = 'running') <> $41::bool and t.claim = $27::uuid
		returning t.session_id, t.visitor_utterance_id, o.names_sealed is null as is_unnamed,
			-- The first turn to reach the score queues the one message.
			coalesce($9::int >= $18::int and o.slack_alerted_at is null, false) as calls,
			coalesce($9::int >= o.lead_score, false) as leads),

kept as (
	insert into turn_answers (session_id, turn, due, answer)
		select session_id, $2::bigint, now() + $26::int * interval '1 ms', $4::bytea from done
			where $4::bytea is not null),

-- For the memory that the words become.
heard as (
	insert into utterance_vectors (utterance_id, embedding, model)
		select visitor_utterance_id, $28::vector, $29 from done
			where $29::text is not null and visitor_utterance_id is not null
		on conflict do nothing),

-- A part of it may be there already, and be counted (turn_progress.sql).
replied as (
	insert into utterances (id, session_id, speaker, text, text_sealed, turn, in_distress)
		select $30::uuid, session_id, 'agent', $3, $13::bytea, $2::bigint, $33::bool from done
			where not $41::bool
		on conflict (id) do update set text = excluded.text, text_sealed = excluded.text_sealed,
			in_distress = excluded.in_distress, interrupted = false
		returning xmax = 0 as is_new),

-- Of a turn that was broken off a job may be the first that reads it (turn_unread.sql).
masked as (
	update utterances u set text = $20, text_sealed = $21::bytea, in_distress = $33::bool
		where u.id = (select visitor_utterance_id from done) and (u.text = '' or not $41::bool)
		returning u.id),

audited as (
	-- include audit_insert.sql
		select 'agent_reply', 'contact_changed', 'sessions:' || session_id, session_id from done
			where $25::bool or $22::text is not null and is_unnamed),

-- A turn in which the visitor said nothing has no extract.
extracted as (
	insert into extracts (id, session_id, utterance_id, turn, intent, confidence, entities,
			contact_sealed, followup_actions, lead_score, scoring_reasons, provider)
		select $31::uuid, session_id, visitor_utterance_id, $2::bigint, $5::text, $6::numeric,
				$7::jsonb, $14::bytea, $8::jsonb, $9::int,
				array(select jsonb_array_elements_text($10::jsonb)), $11
			from done
			where $5::text is not null and visitor_utterance_id in (select id from masked)),

hinted as (
	insert into events (session_id, kind, payload)
		select session_id, 'dynamics', $12::jsonb from done where $12 is not null),

told as (
	insert into events (session_id, kind)
		select session_id, $32 from done where $32::text is not null
			and (not $41::bool or exists (select from masked))),

called as (
	-- include job_insert.sql
		select 'slack_lead', session_id::text,
				jsonb_build_object('session_id', session_id, 'turn', $2::bigint), session_id
			from done where calls),

-- Of several turns at once; but what was written before a name was known waits for no other turn.
remembered as (
	insert into jobs (kind, key, payload, session_id, run_at)
		select 'keep_utterances', session_id::text, '{}', session_id,
				now() + case when $24::bool then 0 else $40::int end * interval '1 ms' from done
		-- include job_once.sql
	),

hurried as (
	-- include keep_soon.sql
		select session_id::text from done where $24::bool))
	),

scored as (
	update sessions s set utterance_count = s.utterance_count
				+ (select count(*) from replied where is_new),
			lead_score = case when leads then $9::int else s.lead_score end,
			final_intent = case when leads then $5::text else s.final_intent end,
			lead_turn = case when leads then $2::bigint else s.lead_turn end,
			lead_reasons = case when leads
				then array(select jsonb_array_elements_text($10::jsonb)) else s.lead_reasons end,
			slack_alerted_at = case when calls then now() else s.slack_alerted_at end,
			email = coalesce($15, s.email),
			email_hash = coalesce($16::bytea, s.email_hash),
			contact_name = coalesce($17, s.contact_name),
			names_sealed = case when $24::bool then $22::text
				else coalesce(s.names_sealed, $22::text) end,
			-- Null where other names were masked before: keep_utterances looks at all of it.
			names_hash = case when s.names_hash = $23::bytea then s.names_hash end
		from done where s.id = $1::uuid
		returning s.id, s.utterance_count - s.summarized_count as new_n),

queued as (
	-- include job_insert.sql
		select 'summarize', id::text, '{}', id from scored where new_n >= $19::int
		-- include job_once.sql
	)

select exists (select from done)
		or exists (select from turns where session_id = $1::uuid and turn = $2::bigint
			and claim = $27::uuid and state = 'done' and reply_id = $30::uuid and not $41::bool),
	not exists (select from done)
		and exists (select from sessions where id = $1::uuid and turn < $2::bigint)
