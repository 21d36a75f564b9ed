-- The people who look at the leads. Roles are given by operators (as scribe_owner); a signed-in
-- person, whose connection works as scribe_user with scribe.user_id set, sees their own row and
-- may rename themselves.
begin;
set local role scribe_owner;

create table profiles (
	id           uuid primary key default gen_random_uuid(),
	display_name text not null default '' check (char_length(display_name) <= 200),
	role         text not null default 'viewer' check (role in ('owner', 'admin', 'viewer')),
	created_at   timestamptz not null default now(),
	updated_at   timestamptz not null default now()
);
create trigger profiles_updated before update on profiles
	for each row execute function set_updated_at();

alter table profiles enable row level security;
create policy profiles_programs on profiles for select to scribe_app using (true);
create policy profiles_self on profiles to scribe_user
	using (id::text = current_setting('scribe.user_id', true));

grant select on profiles to scribe_app, scribe_user;
grant update (display_name) on profiles to scribe_user;

commit;
