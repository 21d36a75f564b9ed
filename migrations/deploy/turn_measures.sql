-- What a turn was like, for who runs the system: numbers and fixed words, nothing of what was said.
--
-- Written by the statement that ends the turn. Null in turns of before, and of programs of before.
-- Reports read whole days of them and no turn does: there is no index for it to keep. Rows are
-- looked through behind the lock that keeps turns out, and all of it may be done again should that
-- be kept waiting.
begin;
set local role scribe_owner;

alter table turns
	add column if not exists mode           text,
	add column if not exists response_ms    integer, -- from the request to a sentence
	add column if not exists first_audio_ms integer, -- and to its sound; null: there was none
	add column if not exists degraded       text[], -- '{}': nothing was
	drop constraint if exists turns_measures_check,
	add constraint turns_measures_check check (char_length(mode) between 1 and 50
		and response_ms >= 0 and first_audio_ms >= 0 and cardinality(degraded) <= 8) not valid;
grant update (mode, response_ms, first_audio_ms, degraded) on turns to scribe_app;

commit;

begin;
set local role scribe_owner;
alter table turns validate constraint turns_measures_check;
commit;
