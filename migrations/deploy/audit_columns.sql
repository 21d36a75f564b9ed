-- Programs say in the audit log who did what, and nothing else of a row: not when it was, nor the
-- detail, which only functions of the owner's write. One that was taken over could put anything
-- there, for good, and a detail that is none of ours ended every look at the log.
begin;
set local role scribe_owner;

revoke insert on audit_log from scribe_app;
grant insert (actor, action, subject, session_id) on audit_log to scribe_app;

commit;
