begin;
drop function purge_auth(integer);
drop function person_remove(uuid);
drop function person_give_role(uuid, text);
drop function person_make(uuid, text, text);
drop function person_role();
drop table auth_attempts, recoveries, refresh_tokens, auth_sessions, people;
commit;
