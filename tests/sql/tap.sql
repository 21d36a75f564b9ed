-- What the test files share. In a schema of its own, so that nothing of it is mistaken for ours.
create schema tap;
create extension pgtap schema tap;

-- Run a statement as a role; 'ok' or the SQLSTATE. What it did is undone only by the file's
-- closing rollback.
create function tap.as_role(role text, statement text) returns text language plpgsql as $$
begin
	perform set_config('role', role, true);
	execute statement;
	perform set_config('role', 'none', true);
	return 'ok';
exception when others then
	return sqlstate; -- the role went back with the failed statement
end
$$;

create function tap.try(statement text) returns text language sql as
	$$ select tap.as_role('scribe_app', statement) $$;

create function tap.hash(value text) returns bytea language sql immutable as
	$$ select sha256(convert_to(value, 'UTF8')) $$;

-- A session to hang things on; number makes its id.
create function tap.session(
	number integer, visitor text default 'nobody', agreed boolean default false)
returns uuid language sql as $$
	insert into public.sessions (id, visitor_id, consent, secret_hash)
		values (lpad(number::text, 32, '0')::uuid, visitor, agreed, tap.hash(number::text))
		returning id
$$;

-- The plan of a statement, as one text.
create function tap.plan_of(statement text) returns text language plpgsql as $$
declare
	plan json;
begin
	execute 'explain (format json, costs off) ' || statement into plan;
	return plan::text;
end
$$;
