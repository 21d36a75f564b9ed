begin;
set local role scribe_owner;
set local maintenance_work_mem = '1GB';

delete from jobs where kind = 'fold_words';
drop trigger memories_searched on memories;
drop function memory_is_searched();
-- and with it memories_words_idx
alter table memories drop column search;
alter table memories add column search tsvector generated always as (
	setweight(to_tsvector('pg_catalog.english'::regconfig, words), 'A') ||
	setweight(to_tsvector('pg_catalog.english'::regconfig, question), 'A') ||
	setweight(to_tsvector('pg_catalog.english'::regconfig, index_text), 'B')) stored;
create index memories_words_idx on memories
	using gin (memory_word_keys(owner, tsvector_to_array(search))) with (fastupdate = off)
	where is_indexed;
drop function memory_search_of(text, text, text);
drop function memory_folded(text);

commit;
