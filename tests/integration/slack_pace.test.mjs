/* Slack: one message a second from all workers together, and none while there is no webhook. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poll, sql, TALK, useStack } from './env/index.mjs';

const stack = useStack({
	functions: TALK,
	simulator: true,
	env: {
		SLACK_WEBHOOK_URL: '',
		JOBS_THREADS: '4',
		SCRIBE_ADMIN_URL: 'https://admin.scribe.test/admin/session/{id}?from=slack',
	},
});
stack.expectRestart('agent_reply');

test('without a webhook messages wait; with one they leave, one a second', async () => {
	await sql(stack, `with s as (insert into sessions (secret_hash, lead_score, slack_alerted_at)
			select sha256('x'), 90, now() from generate_series(1, 4) returning id)
		insert into jobs (kind, key, session_id, payload) select 'slack_lead', id::text, id,
			jsonb_build_object('session_id', id, 'turn', 1) from s`);
	await poll(async () => (await sql(stack, `select 1 from jobs where kind = 'slack_lead'
		and attempts = 0 and last_error like '%waiting for SLACK_WEBHOOK_URL%'`)).length === 4);

	const url = `${stack.sim.url}/services/T00SIMULATED/B00SIMULATED/SimulatedWebhookToken`;
	const evil = 'https://evil.example/x';
	await stack.commandWith({ SLACK_WEBHOOK_URL: evil }, 'reload', 'agent_reply');
	await sql(stack, `update jobs set run_at = now() where kind = 'slack_lead'`);
	await poll(async () => (await sql(stack, `select 1 from jobs where kind = 'slack_lead'
		and last_error like '%SLACK_HOSTS%'`)).length === 4);

	await stack.commandWith({ SLACK_WEBHOOK_URL: url }, 'reload', 'agent_reply');
	await sql(stack, `update jobs set run_at = now() where kind = 'slack_lead'`);
	/* That there is none is what its operator chose; that it is wrong is told. */
	assert.doesNotMatch(stack.logs('agent_reply'), /waiting for SLACK_WEBHOOK_URL/);
	await poll(() => /"job_failed".*SLACK_HOSTS/.test(stack.logs('agent_reply')));
	const times = await poll(async () => {
		const rows = await sql(stack, `select extract(epoch from sent_at) from slack_alerts
			where state = 'sent' order by sent_at`);
		return rows.length === 4 && rows.flat().map(Number);
	});
	/* A second from one to the next as they leave; when each is known to be there varies. */
	assert.ok(times.at(-1) - times[0] > times.length - 1.5, `${times}`);
	const { slack } = await stack.sim.outbox();
	assert.equal(slack.length, 4);
	for (const message of slack)
		assert.match(
			JSON.stringify(message),
			/"https:\/\/admin\.scribe\.test\/admin\/session\/[0-9a-f-]{36}\?from=slack"/,
		);
});
