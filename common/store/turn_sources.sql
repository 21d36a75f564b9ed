-- Where turn_columns.sql has its columns from.
	from checked c left join decided d on true left join begun b on true
	left join named w on true
	left join lateral (
		select payload from events e where e.session_id = d.id and e.kind = 'dynamics'
			order by e.ts desc limit 1) m on d.action = 'begin'
	left join lateral (
		select
				-- include extract_json.sql
				as extract, id, contact_sealed
			from extracts x where x.session_id = d.id
			order by x.created_at desc limit 1) k on d.action = 'begin'
	left join lateral (
		select id, speaker, text, text_sealed, turn, position, in_distress, interrupted
			from utterances u
			where u.session_id = d.id and u.id is distinct from d.adopted
				and u.turn is distinct from b.turn
			order by position desc limit $5::int) h on d.action = 'begin'
	-- What was sent of a reply may be stored when a newer message is there already.
	order by h.turn, h.position
