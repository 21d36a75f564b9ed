-- To have the words of some sessions made memories at once, which turn_finish.sql has put off:
-- behind it a select of the ids of the sessions as texts, then two parentheses.
update jobs set run_at = now()
	where kind = 'keep_utterances' and state = 'ready' and run_at > now() and key = any (array(
