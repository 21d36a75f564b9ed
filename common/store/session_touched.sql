-- The beginning of a statement that checks a session pair, counts the request and changes nothing
-- else: "with" and its CTEs. What follows selects from `checked`.
--
-- $1 to $4  as in session_check.sql
with
-- include session_check.sql

touched as (
	update sessions s set
			-- include session_touch.sql
		from checked c where s.id = c.id and c.verdict = 'ok')
