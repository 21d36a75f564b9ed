-- Each statement but the last four is refused by tests/lint/migrations.
begin;
create index sessions_channel_idx on sessions (channel);
reindex index sessions_channel_idx;
create index concurrently if not exists sessions_channel_idx on sessions (channel);
alter table sessions alter column turn type bigint;
alter table sessions add column token uuid not null default gen_random_uuid();
alter table sessions alter turn set not null;
alter table sessions add constraint positive check (turn > 0);
alter table sessions add column owner uuid references people;
alter table sessions add constraint one unique (id);
update sessions set turn = 0;
delete from sessions where turn = 0;
lock table sessions;
alter table sessions add constraint positive check (turn > 0) not valid;
alter table sessions add column colour text not null default 'none';
create table colours (id bigint generated always as identity primary key, of uuid);
create index colours_of_idx on colours (of);
commit;
