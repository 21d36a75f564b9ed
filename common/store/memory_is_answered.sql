-- Condition on two neighbours of memory_connect.sql: n is the question that t answers.
(n.place = t.place - 1 and n.is_question and n.speaker is distinct from t.speaker)
