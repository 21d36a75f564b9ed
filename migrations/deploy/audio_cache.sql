-- Speech already made. The text is not kept: key is a hash over text, voice, format and provider.
-- The programs hold the total of bytes under their limit, oldest use first.
begin;
set local role scribe_owner;

create table audio_cache (
	key          hash32 primary key,
	provider     text not null check (char_length(provider) between 1 and 50),
	format       text not null check (format in ('mp3', 'wav')),
	audio        bytea not null,
	bytes        integer not null generated always as (octet_length(audio)) stored,
	session_id   uuid references sessions on delete cascade, -- whose answer it first was
	created_at   timestamptz not null default now(),
	last_used_at timestamptz not null default now()
);
alter table audio_cache alter column audio set storage external; -- does not compress
create index audio_cache_used_idx on audio_cache (last_used_at) include (bytes);
create index audio_cache_session_idx on audio_cache (session_id) where session_id is not null;

grant select, insert, delete on audio_cache to scribe_app;
grant update (last_used_at) on audio_cache to scribe_app;

commit;
