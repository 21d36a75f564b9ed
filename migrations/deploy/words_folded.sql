-- What is searched for is found in any writing: "Jose" in "José", STRASSE in "Straße".
--
-- Texts and questions are folded before their words are taken: no case, no accents, each letter as
-- its plain form, however it was composed, as names of visitors are compared (base/unicode.h). It is
-- done here, for a memory's text is put together here from its neighbours' words; these stay as they
-- are, what is embedded and what is shown is made of them.
--
-- The column is filled by a trigger from now on: to change the expression of a generated column
-- PostgreSQL writes the table anew while all wait. A job (fold_words) does what is there already, a
-- row at a time.
begin;
set local role scribe_owner;

-- Plain text and what word processors put between words come back as they are: most of what people
-- write, at a fiftieth of the cost. Marks of scripts where they are parts of letters stay.
create function memory_folded(said text) returns text
language plpgsql immutable parallel safe as $$
declare
	plain text;
begin
	if said !~ '[^\u0001-\u007f\u00a0\u2010-\u2027\u20ac]' then
		return said;
	end if;
	plain := regexp_replace(normalize(lower(said), nfkd),
		'[\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7'
		'\u0610-\u061a\u064b-\u065f\u0670\u200b-\u200d\u2060\ufeff]+', '', 'g');
	if plain !~ '[ςßæœþðøđħıłŧƀƚƶǥɨʉ]' then
		return plain;
	end if;
	return translate(
		replace(replace(replace(replace(plain, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
		'ςðøđħıłŧƀƚƶǥɨʉ', 'σdodhiltblzgiu');
end $$;
grant execute on function memory_folded(text) to scribe_app;

create function memory_search_of(words text, question text, index_text text) returns tsvector
language plpgsql immutable parallel safe as $$
begin
	return setweight(to_tsvector('pg_catalog.english', public.memory_folded(words)), 'A') ||
		setweight(to_tsvector('pg_catalog.english', public.memory_folded(question)), 'A') ||
		setweight(to_tsvector('pg_catalog.english', public.memory_folded(index_text)), 'B');
end $$;
grant execute on function memory_search_of(text, text, text) to scribe_app;

create function memory_is_searched() returns trigger language plpgsql as $$
begin
	new.search := public.memory_search_of(new.words, new.question, new.index_text);
	return new;
end $$;

alter table memories alter column search drop expression;
create trigger memories_searched before insert or update of words, question, index_text
	on memories for each row execute function memory_is_searched();

insert into jobs (kind, key)
	select 'fold_words', 'all' where exists (select from memories)
	on conflict (kind, key) where state = 'ready' do nothing;

commit;
