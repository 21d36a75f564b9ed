begin;

select ahead_turn, ahead_count from sessions where false;
select 1 / (has_column_privilege('scribe_app', 'sessions', 'ahead_turn', 'update')
	and has_column_privilege('scribe_app', 'sessions', 'ahead_count', 'update'))::int;

rollback;
