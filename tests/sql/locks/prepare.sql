-- Two sessions of 1100 turns each, the first of which have an extract. Both were last used so long
-- ago that all of them has to go.
insert into sessions (id, secret_hash, started_at, created_at, last_active_at, ended_at)
	select lpad(n::text, 32, '0')::uuid, tap.hash(n::text), old, old, old, old
		from generate_series(71, 72) n, (select now() - interval '500 days' as old) as times;
insert into turns (session_id, turn, message_hash, ends_by)
	select s.id, n, tap.hash('x'), now() from sessions s, generate_series(1, 1100) n;
insert into utterances (session_id, speaker, text, turn)
	select session_id, 'visitor', 'x', turn from turns where turn <= 101 order by turn;
insert into extracts (session_id, utterance_id, turn, intent, confidence, lead_score)
	select session_id, id, turn, 'collaboration', 1, 1 from utterances where turn <= 100;
update retention set removes_from = now();
