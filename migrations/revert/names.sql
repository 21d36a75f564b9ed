-- What is masked stays masked; only the way to the original is gone.
begin;
set local role scribe_owner;

drop function session_names(uuid);
revoke update (source_id) on memories from scribe_app;
revoke update (entities, followup_actions, contact_sealed) on extracts from scribe_app;
alter table summaries drop column sealed;
alter table memories drop column sealed;
drop index sessions_owner_idx;
alter table sessions drop column names_hash, drop column names_sealed;

commit;
