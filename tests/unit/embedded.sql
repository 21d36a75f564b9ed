-- What scripts/embed-sql must carry over: see test_embed_sql.c.
select 'it''s -- no comment', "a -- ""name""", -- a comment with a ' in it

	E'\\\' -- \n', 'C:\', e'', -- '' done
	-- include embedded_part.sql
	, 1 - -1; --
