begin;

select 1 / (count(*) = 1)::int from pg_indexes where indexname = 'memories_model_idx'
	and indexdef like '%USING btree (((embedding_model || ''''::text)))';

rollback;
