-- Roles, extensions and the rules every later change relies on.
--
-- Three roles, so that no program owns what it uses:
--   scribe_owner  owns every table; operator tools (forget, rotate-key) work as it
--   scribe_app    the programs: exactly the statements they need, no DDL
--   scribe_user   a signed-in person's own profile, through row level security
-- Roles belong to the cluster and may already be there for another database; none gets a
-- password here, so only peer, trust or certificate authentication lets them in until an
-- operator sets one.
--
-- Tables and extensions live in "public", where the reference frontend looks for them; only
-- scribe_owner may create there.
begin;

do $$
declare
	wanted text;
begin
	foreach wanted in array
		array['scribe_owner login', 'scribe_app login', 'scribe_user nologin'] loop
		begin
			execute 'create role ' || wanted
				|| ' nosuperuser nocreatedb nocreaterole noreplication';
		exception when duplicate_object or unique_violation then
			null; -- another database of this cluster has brought it
		end;
	end loop;
end
$$;

create extension if not exists pgcrypto;
create extension if not exists "uuid-ossp";
create extension if not exists vector;
-- The owner filter of recall and the words asked for are answered by one GIN index.
create extension if not exists btree_gin;

revoke all on database :"DBNAME" from public;
grant connect on database :"DBNAME" to scribe_owner, scribe_app, scribe_user;
revoke create on schema public from public;
grant usage on schema public to scribe_owner, scribe_app, scribe_user;
grant create on schema public to scribe_owner;

-- A function is callable by nobody until a change grants it.
alter default privileges for role scribe_owner revoke execute on functions from public;

-- Settings that hold on pooled connections, where a program must not SET anything itself.
-- jit: our statements take milliseconds, compiling one takes longer.
-- iterative_scan: a filtered vector search goes on until it has its rows.
alter role scribe_app in database :"DBNAME" set search_path = public;
alter role scribe_app in database :"DBNAME" set timezone = 'UTC';
alter role scribe_app in database :"DBNAME" set statement_timeout = '30s';
alter role scribe_app in database :"DBNAME" set lock_timeout = '5s';
alter role scribe_app in database :"DBNAME" set idle_in_transaction_session_timeout = '60s';
alter role scribe_app in database :"DBNAME" set jit = off;
alter role scribe_app in database :"DBNAME" set hnsw.iterative_scan = 'strict_order';

set local role scribe_owner;

-- Contact data. The prefix keeps a plain value out by construction and tells a reader of the
-- table (the reference frontend shows these as text) that this is not the value itself:
-- sealed:v1:<key id>:<base64 of nonce and ciphertext>.
create domain sealed_text as text check (value like 'sealed:%' and octet_length(value) <= 65536);

-- A SHA-256 digest or a keyed hash of the same size.
create domain hash32 as bytea check (octet_length(value) = 32);

create function set_updated_at() returns trigger language plpgsql as $$
begin
	new.updated_at := now();
	return new;
end
$$;

-- Compare two digests without telling by the time taken how far they agree: both are hashed
-- with a key nobody can know, and only those results are compared.
create function secret_matches(stored bytea, offered bytea) returns boolean
language sql volatile parallel safe
begin atomic
	with once as materialized (select gen_random_bytes(32) as key)
	select coalesce(hmac(stored, key, 'sha256') = hmac(offered, key, 'sha256'), false)
		from once;
end;
grant execute on function secret_matches(bytea, bytea) to scribe_app;

commit;
