-- What recall ranks by: own words above the neighbours', a vector of the surroundings, the speaker.
--
-- words is what was said in this memory alone; index_text adds the date and the two neighbours on
-- each side. In the full-text column the one has weight A, the other B, so a single ts_rank tells
-- whether a word was said here or nearby. embedding_near is the mean of the vectors of the memory
-- (twice) and its neighbours: on a public benchmark it finds more than embedding the joined texts
-- does (0.55 against 0.51 of the evidence), and a late neighbour costs no run of the model.
--
-- The words are indexed together with their owner: one hash of both for each word. So looking up a
-- rare word of one owner costs the same however much others have stored, where an index over
-- (owner, search) would intersect two long lists.
begin;
set local role scribe_owner;

create function memory_word_keys(owner text, words text[]) returns bigint[]
language sql immutable parallel safe
begin atomic
	select coalesce(array_agg(hashtextextended(word, hashtextextended(owner, 0))), '{}')
		from unnest(words) as word;
end;
grant execute on function memory_word_keys(text, text[]) to scribe_app;

alter table memories drop column search; -- and with it memories_words_idx
alter table memories
	add column speaker text check (char_length(speaker) between 1 and 200),
	add column words text not null default '' check (octet_length(words) <= 65536),
	add column embedding_near halfvec,
	add column search tsvector generated always as (
		setweight(to_tsvector('pg_catalog.english'::regconfig, words), 'A') ||
		setweight(to_tsvector('pg_catalog.english'::regconfig, index_text), 'B')) stored,
	add constraint memories_near_check check (embedding_near is null or embedding is not null);

-- A search over all memories of an owner reads each row once: vectors stay in the row.
alter table memories set (toast_tuple_target = 8160);

create index memories_words_idx on memories
	using gin (memory_word_keys(owner, tsvector_to_array(search))) with (fastupdate = off);
create index memories_speaker_idx on memories (owner, speaker) where speaker is not null;

grant update (speaker, words, embedding_near) on memories to scribe_app;

commit;
