-- To enqueue inside a larger statement: behind it a select of kind, key, payload and session_id in
-- this order, then job_once.sql. The payload carries ids only, never contact data or what a person
-- said.
insert into jobs (kind, key, payload, session_id)
