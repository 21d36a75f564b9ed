-- Remove what has run out, a batch at a time so that no call takes long. Runs with the owner's
-- rights, so the programs need no DELETE on jobs or budgets.
begin;
set local role scribe_owner;

create function purge_expired(batch integer default 1000)
returns table (what text, removed bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	what := 'idempotency_keys';
	delete from idempotency_keys where (function, scope, key_hash) in (
		select k.function, k.scope, k.key_hash from idempotency_keys k
			where k.expires_at < now() order by k.expires_at
			limit batch for update skip locked);
	get diagnostics removed = row_count;
	return next;

	what := 'memories';
	delete from memories where id in (
		select m.id from memories m where m.expires_at < now() order by m.expires_at
			limit batch for update skip locked);
	get diagnostics removed = row_count;
	return next;

	-- Dead jobs stay until a person has dealt with them.
	what := 'jobs';
	delete from jobs where id in (
		select j.id from jobs j
			where j.state = 'done' and j.finished_at < now() - interval '7 days'
			order by j.finished_at limit batch for update skip locked);
	get diagnostics removed = row_count;
	return next;

	what := 'embedding_cache';
	delete from embedding_cache where (model, content_hash) in (
		select c.model, c.content_hash from embedding_cache c
			where c.last_used_at < now() - interval '30 days' order by c.last_used_at
			limit batch for update skip locked);
	get diagnostics removed = row_count;
	return next;

	what := 'chat_budgets';
	delete from chat_budgets where (caller_hash, day) in (
		select b.caller_hash, b.day from chat_budgets b
			where b.day < (now() at time zone 'UTC')::date - 31 order by b.day
			limit batch for update skip locked);
	get diagnostics removed = row_count;
	return next;
end
$$;
grant execute on function purge_expired(integer) to scribe_app;

commit;
