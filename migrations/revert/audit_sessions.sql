begin;
set local role scribe_owner;

drop index audit_log_sessions_idx;

commit;
