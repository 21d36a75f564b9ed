begin;

alter role scribe_app in database :"DBNAME" reset plan_cache_mode;

set local role scribe_owner;

create or replace function secret_matches(stored bytea, offered bytea) returns boolean
language sql volatile parallel safe
begin atomic
	with once as materialized (select gen_random_bytes(32) as key)
	select coalesce(hmac(stored, key, 'sha256') = hmac(offered, key, 'sha256'), false)
		from once;
end;

create or replace function is_held(holder uuid, since timestamptz) returns boolean
language sql stable
begin atomic
	select holder is null or since > now() - interval '1 second'
		or exists (select from instances i
			where i.id = holder and i.beat_at > now() - interval '1 second');
end;

create or replace function memory_slots(words text[]) returns tsquery[]
language sql immutable parallel safe
begin atomic
	select array(select string_agg(quote_literal(words[n]), '|')::tsquery
		from generate_series(0, 15) as slot
			left join generate_subscripts(words, 1) as n on n % 16 = slot
		group by slot order by slot);
end;

create or replace function memory_slot_counts(slots tsquery[], ranks vector) returns real[]
language sql immutable parallel safe strict
begin atomic
	select array_agg(case when slot is not null then rank * (numnode(slot) + 1) / 4 end order by n)
		from unnest(slots, ranks::real[]) with ordinality as t (slot, rank, n);
end;

create or replace function memory_slot_weights(slots tsquery[], ranks vector, memories float8) returns vector
language sql immutable parallel safe strict
begin atomic
	select array_agg(coalesce((numnode(slots[n]) + 1) / 2
			* ln(1 + (memories - least(count, memories) + 0.5) / (count + 0.5)), 0)
			order by n)::real[]::vector
		from unnest(memory_slot_counts(slots, ranks)) with ordinality as t (count, n);
end;

create or replace function memory_rare_slots(slots tsquery[], ranks vector, memories float8) returns int[]
language sql immutable parallel safe strict
begin atomic
	select array_agg(n) from (select n::int, count, row_number() over by_count as nth,
				sum(count) over by_count as total
			from unnest(memory_slot_counts(slots, ranks)) with ordinality as t (count, n)
			where count is not null
			window by_count as (order by count, n)) counted
		where total <= 0.015 * memories or nth = 1 and count <= 0.05 * memories;
end;

create or replace function memory_owner_is_large(whose text, codes_max int) returns boolean
language sql stable parallel safe
begin atomic
	select coalesce((select f > 0.02 and f * (select reltuples from pg_class
			where oid = 'public.memories'::regclass) > codes_max
		from pg_stats s, unnest(most_common_vals::text::text[], most_common_freqs) as o (owner, f)
		where s.schemaname = 'public' and s.tablename = 'memories' and s.attname = 'owner'
			and o.owner = whose), false);
end;

commit;
