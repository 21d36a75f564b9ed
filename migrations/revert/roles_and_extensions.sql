begin;

set local role scribe_owner;
drop function secret_matches(bytea, bytea);
drop function set_updated_at();
drop domain hash32;
drop domain sealed_text;
reset role;

alter role scribe_app in database :"DBNAME" reset all;
alter default privileges for role scribe_owner grant execute on functions to public;
revoke create, usage on schema public from scribe_owner;
revoke usage on schema public from scribe_app, scribe_user;
revoke connect on database :"DBNAME" from scribe_owner, scribe_app, scribe_user;
grant connect, temporary on database :"DBNAME" to public;

drop extension btree_gin;
drop extension vector;
drop extension "uuid-ossp";
drop extension pgcrypto;

-- The roles are shared by all databases of the cluster. PostgreSQL refuses to drop one that
-- another database still uses (or that owns this database): then it stays, as it must.
do $$
declare
	role text;
begin
	foreach role in array array['scribe_user', 'scribe_app', 'scribe_owner'] loop
		begin
			execute format('drop role %I', role);
		exception when dependent_objects_still_exist then
			raise notice 'role % is still in use and stays', role;
		end;
	end loop;
end
$$;

commit;
