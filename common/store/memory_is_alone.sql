-- Condition on a row of memories: it stands beside nobody. A summary tells of all that was said,
-- and the words of what will expire would live on with its neighbours.
(scope = 'short' or metadata->>'kind' is not distinct from 'summary')
