-- Who read or changed contact data. Written by the programs, read by operators, changed by
-- nobody. session_id is no foreign key: that somebody was forgotten stays on record.
begin;
set local role scribe_owner;

create table audit_log (
	id         bigint generated always as identity primary key,
	at         timestamptz not null default now(),
	actor      text not null check (char_length(actor) between 1 and 100),
	action     text not null check (char_length(action) between 1 and 100),
	subject    text not null check (char_length(subject) between 1 and 200),
	session_id uuid,
	detail     jsonb not null default '{}' check (jsonb_typeof(detail) = 'object')
);
create index audit_log_at_idx on audit_log (at desc);
create index audit_log_session_idx on audit_log (session_id) where session_id is not null;

create function audit_log_is_final() returns trigger language plpgsql as $$
begin
	raise exception 'audit_log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_log_no_change before update or delete or truncate on audit_log
	for each statement execute function audit_log_is_final();

grant insert on audit_log to scribe_app;

commit;
