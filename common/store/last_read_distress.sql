-- An expression: does the newest of what was said in the session $1, and read, tell of distress?
-- What is unread, for its turn was broken off or is only beginning, goes on with what was before.
coalesce((
	select u.in_distress from utterances u
		where u.session_id = $1::uuid and (u.in_distress or u.text <> '')
		order by u.position desc limit 1), false)
