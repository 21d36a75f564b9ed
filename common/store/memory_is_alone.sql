-- Condition on a row of memories: it stands beside nobody. A summary tells of all that was said,
-- the words of what will expire would live on with its neighbours, and a piece is no memory.
(scope = 'short' or metadata->>'kind' is not distinct from 'summary' or part_of is not null)
