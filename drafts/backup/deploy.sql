-- When the last whole backup was made, for who watches the metrics: where backups lie only scripts can
-- read. Written by scripts/backup, and by scripts/stack when backups are first wanted ("wanted"), so
-- that those that never come are told as well.
begin;
set local role scribe_owner;

create table backup_times (
	what text primary key check (what in ('wanted', 'whole')),
	at   timestamptz not null
);
grant select on backup_times to scribe_app;

commit;
