-- The piece that embedded.sql includes.
	'part'
