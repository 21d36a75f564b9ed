-- What is stored of the answer of a turn that is done.
--
-- $1  session id
-- $2  the turn's number
--
-- A row, or none where nothing is left: the reply's id; its text; sealed; the extract (null: none);
-- its id; its sealed contact data.
select u.id, u.text, u.text_sealed, case when x.id is not null then
		-- include extract_json.sql
		end, x.id, x.contact_sealed
	from utterances u left join extracts x on x.session_id = u.session_id and x.turn = u.turn
	where u.session_id = $1::uuid and u.turn = $2::bigint and u.speaker = 'agent'
	limit 1
