-- The stored extract x as extract_parse() reads it; its contact data is sealed beside it.
jsonb_build_object('intent', x.intent, 'confidence', x.confidence, 'entities', x.entities,
	'followup_actions', x.followup_actions)
