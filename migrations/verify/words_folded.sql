begin;

select 1 / (count(*) = 1)::int from pg_trigger
	where tgrelid = 'memories'::regclass and tgname = 'memories_searched' and tgenabled = 'O'
	and pg_get_triggerdef(oid)
		like '%BEFORE INSERT OR UPDATE OF words, question, index_text ON%';
select 1 / (attgenerated = '')::int from pg_attribute
	where attrelid = 'memories'::regclass and attname = 'search';
select 1 / (has_function_privilege('scribe_app', 'memory_folded(text)', 'execute')
	and has_function_privilege('scribe_app', 'memory_search_of(text, text, text)', 'execute')
	and not has_column_privilege('scribe_app', 'memories', 'search', 'update'))::int;
select 1 / (memory_folded(E'Jose\u0301 ŞTEFAN Straße ΣΊΣΥΦΟΣ') = 'jose stefan strasse σισυφοσ'
	and memory_folded('A “Plain” Text…') = 'A “Plain” Text…')::int;
select 1 / (memory_search_of('Straße', 'Großes', 'É') @@ 'strass:A & gross:A & e:B'::tsquery)::int;

rollback;
