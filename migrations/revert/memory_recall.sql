begin;
set local role scribe_owner;

drop function memory_recall(uuid, bytea, text, text, vector, text[], text[], float8, float8,
	float8, int, jsonb);
drop function memory_terms(text, text, int);
alter table memories reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor);
alter table memories drop column code; -- and with it memories_code_idx

commit;
