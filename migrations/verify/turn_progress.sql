begin;

select reply_id, reply_pieces, heard_ms from turns where false;
select 1 / (has_column_privilege('scribe_app', 'turns', 'reply_id', 'update')
	and has_column_privilege('scribe_app', 'turns', 'reply_pieces', 'update')
	and has_column_privilege('scribe_app', 'turns', 'heard_ms', 'update'))::int;

rollback;
