-- Assignments for "update sessions s set ... from checked c": slide the idle life, count the
-- request.
last_active_at = now(),
ended_at = null, -- a session in use has not ended, or no longer
rate_window = case when c.rate_window > now() - interval '1 minute'
	then c.rate_window else now() end,
rate_count = case when c.rate_window > now() - interval '1 minute'
	then c.rate_count + 1 else 1 end
