-- Finds memories whose words were taken before they were folded, in the order of their ids. Where
-- all is ASCII there is nothing to fold.
--
-- $1  behind this id
-- $2  how many are looked at
--
-- Their ids with true, and that of the last looked at; no row when there was none.
with page as materialized (
	select id, octet_length(words) + octet_length(question) + octet_length(index_text)
				> char_length(words) + char_length(question) + char_length(index_text)
			and search is distinct from memory_search_of(words, question, index_text) as is_unfolded
		from (select * from memories where id > $1::uuid order by id limit $2::int) m)

select id, is_unfolded from page
	where is_unfolded or id = (select id from page order by id desc limit 1)
	order by id
