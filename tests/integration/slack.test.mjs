/* Slack: a session that becomes a lead is announced once, whatever Slack does. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dump, newSession, pairOf, poll, post, sql, TALK, useStack } from './env/index.mjs';

const stack = useStack({
	functions: TALK,
	simulator: true,
	env: {
		LLM_PROVIDERS: 'builtin',
		TTS_PROVIDERS: 'local',
		SLACK_INTERVAL_MS: '0',
		SLACK_TIMEOUT_MS: '3000',
		JOBS_RETRY_MS: '50',
		SESSION_RATE_PER_MINUTE: '0',
		SCRIBE_ADMIN_URL: 'https://admin.scribe.test/',
	},
});

const HOT =
	'Hi, I am Dana Reyes, CTO at Northwind, an enterprise company. We need retrieval for search ' +
	'this month, our budget is $100,000. Write to dana.reyes@lead-test.example or call ' +
	'+1 415 555 0123. <!channel> see http://evil.example';

const say = (session, user_message) =>
	post(stack, 'agent_reply', { ...pairOf(session), user_message, audio: false });
const messages = async () => (await stack.sim.outbox()).slack;
const sessionOf = (message) => /Session ([0-9a-f-]{36})/.exec(JSON.stringify(message))[1];
const messagesOf = async ({ session_id }) =>
	(await messages()).filter((message) => sessionOf(message) === session_id);
const jobOf = async ({ session_id }) =>
	(await sql(stack, `select state, attempts, last_error from jobs
		where kind = 'slack_lead' and key = :'id'`, { id: session_id }))[0];
const hurry = () => sql(stack, `update jobs set run_at = now() where state = 'ready'`);
const quiet = () => stack.sim.settings({ slack: { per_second: 0 } });
const ended = (session) =>
	poll(async () => {
		const job = await jobOf(session);
		if (job?.[0] === 'ready') await hurry();
		return ['done', 'dead'].includes(job?.[0]) && job;
	}, { everyMs: 100 });

const newLead = async () => {
	const session = await newSession(stack);
	const answer = await say(session, HOT);
	assert.equal(answer.status, 200, answer.text);
	assert.ok(answer.json.extract.lead_score >= 70, answer.text);
	return session;
};

test('the message has score, reasons, entities and a link; what was said is text', async () => {
	await quiet();
	const session = await newLead();
	await ended(session);
	const [message, ...more] = await messagesOf(session);
	assert.deepEqual(more, []);
	const text = JSON.stringify(message);
	assert.match(message.text, /^New lead: score \d+ \(high priority\)$/);
	for (const part of ['senior_title', 'Northwind', 'CTO', 'dana.reyes@lead-test.example',
		`https://admin.scribe.test/sessions/${session.session_id}`])
		assert.ok(text.includes(part), `${part} in ${text}`);
	for (const part of ['<!', '<@', 'http://evil'])
		assert.ok(!text.includes(part), `${part} in ${text}`);
	const audit = await sql(stack, `select actor, action from audit_log where session_id = :'id'
		and actor = 'slack_lead'`, { id: session.session_id });
	assert.deepEqual(audit, [['slack_lead', 'contact_read']]);

	await say(session, 'As I said: budget of $200,000, and it is urgent.');
	await say(session, 'Did you hear me? I am the CTO.');
	assert.equal((await messagesOf(session)).length, 1, 'only the first time');
});

test('200 leads while Slack is busy, broken and silent: one message each', async () => {
	const before = (await messages()).length;
	const fault = (fault, times) => stack.sim.fault({ provider: 'slack', fault, times });
	await fault({ status: 429, retry_after: 1 }, 3);
	await fault({ status: 500 }, 8);
	await fault({ silence: true }, 5);
	await fault({ cut_after_bytes: 0 }, 5);
	await fault({ status: 429 }, 2);
	await fault({ delay_ms: 9000 }, 3);
	const sessions = [];
	const lane = async () => {
		while (sessions.length < 200) {
			const place = sessions.length;
			sessions.push(null);
			sessions[place] = await newLead();
		}
	};
	await Promise.all(Array.from({ length: 8 }, lane));
	await poll(async () => {
		await hurry();
		const [[n]] = await sql(stack, `select count(*) from jobs where kind = 'slack_lead'
			and state in ('ready', 'running')`);
		return n === '0';
	}, { deadlineMs: 180000, everyMs: 300 });
	const sent = (await messages()).slice(before).map(sessionOf).sort();
	assert.deepEqual(sent, sessions.map(({ session_id }) => session_id).sort());
	const states = await sql(stack, `select state, count(*) from slack_alerts group by 1`);
	const uncertain = states.find(([state]) => state === 'uncertain')?.[1];
	assert.equal(uncertain, '13', `each silence is on record: ${JSON.stringify(states)}`);
	const notes = await sql(stack, `select count(*) from jobs where kind = 'slack_lead'
		and state = 'dead' and last_error like '%uncertain: %'`);
	assert.deepEqual(notes, [['13']]);
});

test('what Slack will never take is not tried again', async () => {
	for (const [fault, word] of [
		[{ status: 400 }, 'invalid_payload'],
		[{ status: 404, code: 'no_service' }, 'no_service'],
		[{ status: 410 }, 'channel_is_archived'],
		[{ status: 302, headers: { location: 'http://127.0.0.1:9/' } }, '302'],
	]) {
		await stack.sim.fault({ provider: 'slack', fault });
		const session = await newLead();
		const [state, , error] = await ended(session);
		assert.equal(state, 'dead');
		assert.ok(error.includes(word), error);
		assert.equal((await messagesOf(session)).length, 0);
	}
});

test('a person may have an uncertain or refused one sent after all', async () => {
	await stack.sim.fault({ provider: 'slack', fault: { status: 404 } });
	const session = await newLead();
	assert.equal((await ended(session))[0], 'dead');
	await sql(stack, `update jobs set state = 'ready', run_at = now(), attempts = 0,
		finished_at = null where kind = 'slack_lead' and key = :'id'`, { id: session.session_id });
	await poll(async () => (await messagesOf(session)).length === 1);
	await sql(stack, `update slack_alerts set state = 'uncertain' where session_id = :'id'`,
		{ id: session.session_id });
	assert.equal((await ended(session))[0], 'done');
	await sql(stack, `update jobs set state = 'ready', run_at = now(), attempts = 0,
		finished_at = null where kind = 'slack_lead' and key = :'id'`, { id: session.session_id });
	await poll(async () => (await messagesOf(session)).length === 2);
	/* A worker that died while sending is not a person who asks; the doubt is on record. */
	await ended(session);
	await sql(stack, `update slack_alerts set state = 'sending' where session_id = :'id'`,
		{ id: session.session_id });
	await sql(stack, `update jobs set state = 'ready', run_at = now(), finished_at = null
		where kind = 'slack_lead' and key = :'id'`, { id: session.session_id });
	const [state, , error] = await ended(session);
	assert.equal(state, 'dead');
	assert.match(error, /uncertain: /);
	assert.deepEqual(
		await sql(stack, `select state from slack_alerts where session_id = :'id'`, {
			id: session.session_id,
		}),
		[['uncertain']],
	);
	assert.equal((await messagesOf(session)).length, 2);
});

test('no contact datum is in a log, a job, or the database in plain', async () => {
	const made = dump(stack);
	assert.equal(made.status, 0, made.stderr);
	const dir = join(stack.dir, 'log');
	const logs = readdirSync(dir).filter((name) => name.endsWith('.log'))
		.map((name) => [name, readFileSync(join(dir, name), 'utf8')]);
	for (const [name, text] of [['the dump', made.stdout], ...logs])
		for (const datum of ['lead-test.example', 'dana.reyes', '555 0123', '5550123'])
			assert.ok(!text.toLowerCase().includes(datum), `${datum} in ${name}`);
	const payloads = await sql(stack, `select distinct member from jobs,
		jsonb_object_keys(payload) member where kind = 'slack_lead' order by 1`);
	assert.deepEqual(payloads.flat(), ['session_id', 'turn']);
});
