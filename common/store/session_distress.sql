-- Is the visitor of a session in distress, as far as anybody has read?
--
-- $1  session id
select
		-- include last_read_distress.sql
