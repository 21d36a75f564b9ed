-- The early turns of a session without end go; a program can not make more of them go.
begin;
select plan(9);
grant usage on schema tap to scribe_app;

create temp table ids on commit drop as select session(1) as long, session(2) as other;
insert into events (session_id, kind, ts)
	select long, 'session_started', now() - interval '1 day' from ids;
insert into turns (session_id, turn, message_hash, ends_by, started_at)
	select s.id, n, hash('x'), now(), now() - (1200 - n) * interval '1 minute'
		from ids, unnest(array[long, other]) as s (id), generate_series(1, 1200) n
		where s.id = long or n <= 1000;
insert into utterances (session_id, speaker, text, turn)
	select session_id, who, 'x', turn from turns, unnest(array['visitor', 'agent']) as who
		order by turn;
insert into extracts (session_id, utterance_id, turn, intent, confidence, lead_score)
	select session_id, id, turn, 'collaboration', 1, 1 from utterances where speaker = 'visitor';
insert into events (session_id, kind, ts) select session_id, 'dynamics', started_at from turns;
analyze turns, utterances, extracts, events;

create temp table calls (n int, removed bigint) on commit drop;
do $$ begin
	for i in 1..9 loop
		insert into calls select i, trim_session(long, 10) from ids;
		exit when (select removed = 0 from calls where n = i);
	end loop;
end $$;
select is(sum(removed)::int, 200 * 5, 'all of the early turns go, in parts') from calls;
select is(max(removed)::int, 800, 'the words before the turns') from calls;
select is(array[min(turn), max(turn), count(*)], '{201,1200,1000}', 'a thousand stay, the newest')
	from turns, ids where session_id = long;
select is(array[min(turn), max(turn), count(*)], '{201,1200,2000}', 'with all that was said')
	from utterances, ids where session_id = long;
select is(count(*)::int, 1000, 'and concluded') from extracts, ids where session_id = long;
select is(count(*)::int, 1001, 'and noted; that it began, too') from events, ids
	where session_id = long;
select is(trim_session(other, 10), 0::bigint, 'a thousand turns are none too many') from ids;
select is(trim_session(long, null), 0::bigint, 'no number, no removal') from ids;
select is(try($$select trim_session(id, 1000) from sessions$$), 'ok', 'the programs may ask');

select * from finish();
rollback;
