-- Assignments for "update sessions s set ... from checked c": slide the idle life, count the
-- request.
last_active_at = now(),
ended_at = null, -- a session in use has not ended, or no longer
-- include session_count.sql
