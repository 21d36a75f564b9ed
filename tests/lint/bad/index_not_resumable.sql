-- An index that is built concurrently, without a word of what a build that broke off has left.
set lock_timeout = '0';
create index concurrently if not exists sessions_channel_idx on sessions (channel);
