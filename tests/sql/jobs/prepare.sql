-- The effects table stands for what a job does to the world; it has no unique constraint, so a
-- job that runs twice to its end shows.
create schema bench;
create table bench.effects (job bigint not null, worker text not null);
grant usage on schema bench to scribe_app;
grant select, insert on bench.effects to scribe_app;
delete from jobs;
insert into jobs (kind, key, payload)
	select 'bench', 'key ' || n, jsonb_build_object('n', n) from generate_series(1, 2000) as n;
analyze jobs;
