-- To write an entry of the audit log inside a larger statement: behind it actor, action, subject
-- and session_id, selected or as values.
insert into audit_log (actor, action, subject, session_id)
