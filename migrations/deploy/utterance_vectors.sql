-- The vector of what a visitor said goes from the turn, which made it for what is recalled, to the
-- memory that the words become: a text is embedded once.
--
-- A row lives from the turn's end until the job makes the memory, seconds mostly, and never longer
-- than its utterance. It is what memories.embedding holds: of the original words, in the plain.
begin;
set local role scribe_owner;

create table utterance_vectors (
	utterance_id uuid primary key references utterances on delete cascade,
	model        text not null check (char_length(model) between 1 and 100),
	embedding    vector not null,
	made_at      timestamptz not null default now()
);
grant select, insert, delete on utterance_vectors to scribe_app;

commit;
