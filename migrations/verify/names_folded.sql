begin;

select 1 / (count(*) = 1)::int from pg_attribute a
	where a.attrelid = 'sessions'::regclass and a.attname = 'names_hash'
		and col_description(a.attrelid, a.attnum) like '% folded, %';

rollback;
