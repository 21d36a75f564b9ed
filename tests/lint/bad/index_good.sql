-- As an index is built that may take a while and break off; nothing is to be said of it.
set lock_timeout = '0';
select format('drop index concurrently %s', indexrelid::regclass) from pg_index
	where indexrelid = to_regclass('sessions_channel_idx') and not indisvalid \gexec
create index concurrently if not exists sessions_channel_idx on sessions (channel);
