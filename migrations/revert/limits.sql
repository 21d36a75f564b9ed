begin;
drop table chat_budgets, idempotency_keys;
commit;
