-- Assignments for "update sessions s set ... from checked c": count the request.
rate_window = case when c.rate_window > now() - interval '1 minute'
	then c.rate_window else now() end,
rate_count = case when c.rate_window > now() - interval '1 minute'
	then c.rate_count + 1 else 1 end
