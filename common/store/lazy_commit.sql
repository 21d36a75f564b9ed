-- Selected by a statement that changes rows, lets its commit wait for no disk: a crash may then
-- undo it for up to a second. For what nobody was promised, like when something was last used;
-- inside db_tx() it holds for the whole transaction.
set_config('synchronous_commit', 'off', true)
