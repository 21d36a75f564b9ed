-- What is planned once for each connection, where it was planned with each use.
--
-- A function in SQL that is no mere expression is read and planned anew by every statement that
-- calls it: 0.2 ms for secret_matches(), which all requests of a session do, and a third of a
-- search for the four of its words. The same in PL/pgSQL keeps its plans.
--
-- A prepared statement is planned anew each time too, as long as the planner believes that the
-- values it sees make the plan cheaper. No statement of the programs is served by that: each has
-- one way that is right, for all values, and where owners with few and with many memories need
-- different ways a function chooses (memory_recall). The values mislead it besides: a text[] or
-- an array of three looks cheaper than one of unknown length, and so the same plan was made for
-- each job and each recall.
begin;

alter role scribe_app in database :"DBNAME" set plan_cache_mode = force_generic_plan;

set local role scribe_owner;

-- The order of bytes is hidden by a key that nobody knows: how long it takes says nothing.
create or replace function secret_matches(stored bytea, offered bytea) returns boolean
language plpgsql volatile parallel safe as $$
declare
	key bytea := gen_random_bytes(32);
begin
	return coalesce(hmac(stored, key, 'sha256') = hmac(offered, key, 'sha256'), false);
end $$;

create or replace function is_held(holder uuid, since timestamptz) returns boolean
language plpgsql stable as $$
begin
	return holder is null or since > now() - interval '1 second'
		or exists (select from instances i
			where i.id = holder and i.beat_at > now() - interval '1 second');
end $$;

create or replace function memory_slots(words text[]) returns tsquery[]
language plpgsql immutable parallel safe as $$
begin
	return array(select string_agg(quote_literal(words[n]), '|')::tsquery
		from generate_series(0, 15) as slot
			left join generate_subscripts(words, 1) as n on n % 16 = slot
		group by slot order by slot);
end $$;

create or replace function memory_slot_counts(slots tsquery[], ranks vector) returns real[]
language plpgsql immutable parallel safe strict as $$
begin
	return (select array_agg(case when slot is not null then rank * (numnode(slot) + 1) / 4 end
			order by n)
		from unnest(slots, ranks::real[]) with ordinality as t (slot, rank, n));
end $$;

create or replace function memory_slot_weights(slots tsquery[], ranks vector, memories float8)
returns vector
language plpgsql immutable parallel safe strict as $$
begin
	return (select array_agg(coalesce((numnode(slots[n]) + 1) / 2
			* ln(1 + (memories - least(count, memories) + 0.5) / (count + 0.5)), 0)
			order by n)::real[]::vector
		from unnest(memory_slot_counts(slots, ranks)) with ordinality as t (count, n));
end $$;

create or replace function memory_rare_slots(slots tsquery[], ranks vector, memories float8)
returns int[]
language plpgsql immutable parallel safe strict as $$
begin
	return (select array_agg(n) from (select n::int, count, row_number() over by_count as nth,
				sum(count) over by_count as total
			from unnest(memory_slot_counts(slots, ranks)) with ordinality as t (count, n)
			where count is not null
			window by_count as (order by count, n)) counted
		where total <= 0.015 * memories or nth = 1 and count <= 0.05 * memories);
end $$;

create or replace function memory_owner_is_large(whose text, codes_max int) returns boolean
language plpgsql stable parallel safe as $$
begin
	return coalesce((select f > 0.02 and f * (select reltuples from pg_class
			where oid = 'public.memories'::regclass) > codes_max
		from pg_stats s, unnest(most_common_vals::text::text[], most_common_freqs) as o (owner, f)
		where s.schemaname = 'public' and s.tablename = 'memories' and s.attname = 'owner'
			and o.owner = whose), false);
end $$;

commit;
