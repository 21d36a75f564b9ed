begin;

select address_hash, spent_until from address_rates where false;
select 1 / (has_table_privilege('scribe_app', 'address_rates', 'delete')
	and has_column_privilege('scribe_app', 'address_rates', 'spent_until', 'update')
	and not has_column_privilege('scribe_app', 'address_rates', 'address_hash', 'update'))::int;
select 1 / indisvalid::int from pg_index where indexrelid = 'address_rates_spent_idx'::regclass;
select 1 / (relpersistence = 'u')::int from pg_class where oid = 'address_rates'::regclass;

rollback;
