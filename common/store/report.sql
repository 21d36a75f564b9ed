-- What happened between two times, as one JSON object of numbers and fixed words: nothing of who
-- spoke or what was said. The console's page and scripts/report show the same, from here. Turns
-- count by when they began; services by whole days of UTC, as the ledger has them.
--
-- $1, $2  from the one to before the other
-- $3      what services cost, as PROVIDER_PRICES has it
-- $4      the score from which a visitor is a lead
with met as (
	select lead_score, coalesce(final_intent, 'none') as intent, current_mode as mode
	from sessions where started_at >= $1::timestamptz and started_at < $2::timestamptz
),
taken as (
	select state, started_at, response_ms, first_audio_ms, degraded,
	       reply_pieces[cardinality(reply_pieces)] as audio_ms
	from turns where started_at >= $1::timestamptz and started_at < $2::timestamptz
),
conversion as (
	select mode, intent, count(*) as sessions,
	       count(*) filter (where lead_score >= $4::int) as converted,
	       round(100.0 * count(*) filter (where lead_score >= $4::int) / count(*), 1)
	       as converted_percent
	from met group by mode, intent
),
scores as (
	select ten * 10 as "from", case ten when 9 then 100 else ten * 10 + 9 end as "to",
	       count(*) as sessions
	from met cross join lateral least(lead_score / 10, 9) ten group by ten
),
waits as (
	select what, count(ms) as turns,
	       percentile_disc(0.5) within group (order by ms) as p50_ms,
	       percentile_disc(0.95) within group (order by ms) as p95_ms,
	       percentile_disc(0.99) within group (order by ms) as p99_ms, max(ms) as most_ms
	from taken cross join lateral (values ('response', response_ms),
		('first audio', first_audio_ms)) m (what, ms)
	where ms is not null group by what
),
asked as (
	select substr(payer, 10) as service, sum(requests) as requests, sum(tokens) as tokens,
	       sum(characters) as characters, sum(audio_ms) as audio_ms
	from ledger
	where payer like 'provider:%' and day between ($1::timestamptz at time zone 'UTC')::date
		and (($2::timestamptz - interval '1 us') at time zone 'UTC')::date
	group by payer
),
services as (
	select service, requests, tokens, characters,
	       round(audio_ms / 60000.0, 1) as minutes_heard, round(c.cost::numeric, 2) as cost
	from asked cross join lateral (
		select coalesce(sum(split_part(price, '=', 2)::float8 * case split_part(price, '=', 1)
		                    when service || '.tokens' then tokens / 1e6
		                    when service || '.characters' then characters / 1e6
		                    when service || '.audio' then audio_ms / 3600e3 end), 0) as cost
		from regexp_split_to_table(trim($3::text, ', '), '[,[:space:]]+') price
		where price <> '') c
),
missing as (
	select part, count(*) as turns, count(distinct date_trunc('minute', started_at)) as minutes,
	       date_trunc('second', min(started_at)) as first_at,
	       date_trunc('second', max(started_at)) as last_at
	from taken cross join lateral unnest(degraded) part group by part
)
select json_build_object(
	'from', date_trunc('second', $1::timestamptz),
	'to', date_trunc('second', $2::timestamptz),
	'sessions', (select count(*) from met),
	'turns', (select count(*) from taken),
	'answered', (select count(*) from taken where state = 'done'),
	'minutes', (select round(coalesce(sum(audio_ms), 0) / 60000.0, 1) from taken),
	'converted', (select count(*) from met where lead_score >= $4::int),
	'conversion', (select coalesce(json_agg(c order by mode, intent), '[]') from conversion c),
	'scores', (select coalesce(json_agg(s order by s."from"), '[]') from scores s),
	'waits', (select coalesce(json_agg(w order by what desc), '[]') from waits w),
	'services', (select coalesce(json_agg(v order by service), '[]') from services v),
	'degraded', (select coalesce(json_agg(m order by part), '[]') from missing m)) as report
