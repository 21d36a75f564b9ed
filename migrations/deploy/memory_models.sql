-- What has a vector of another model than the one in use is found without reading all memories:
-- a job looks for it every few seconds. Few models there are, so the index stays small. It is over
-- an expression and all rows so that no search by vector takes it instead of the vectors' own.
begin;
set local role scribe_owner;

create index memories_model_idx on memories ((embedding_model || ''));

commit;
