begin;
set local role scribe_owner;

alter table memories drop column search, drop column embedding_near, drop column words,
	drop column speaker;
alter table memories reset (toast_tuple_target);
alter table memories add column search tsvector generated always as
	(to_tsvector('pg_catalog.english'::regconfig, index_text)) stored;
create index memories_words_idx on memories using gin (owner, search) with (fastupdate = off);
drop function memory_word_keys(text, text[]);

commit;
