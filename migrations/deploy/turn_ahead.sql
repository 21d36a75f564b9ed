-- A turn may be prepared before its visitor has said all of it, twice at most between two turns:
-- what that costs is theirs.
begin;
set local role scribe_owner;

alter table sessions
	add column ahead_turn bigint, -- behind which turn it was prepared last; null: never
	add column ahead_count smallint not null default 0; -- so many times
grant update (ahead_turn, ahead_count) on sessions to scribe_app;

commit;
