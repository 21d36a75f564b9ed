begin;
set local role scribe_owner;

revoke insert (actor, action, subject, session_id) on audit_log from scribe_app;
grant insert on audit_log to scribe_app;

commit;
