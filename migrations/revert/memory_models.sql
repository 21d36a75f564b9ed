begin;
set local role scribe_owner;

drop index memories_model_idx;

commit;
