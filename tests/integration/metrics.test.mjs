/* /metrics: what the programs count together, told to who runs the system and to nobody else. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, test } from 'node:test';
import {
	keyHeaders, newSession, operate, pairOf, poll, post, request, sql, useStack,
} from './env/index.mjs';

const stack = useStack({ name: 'metrics', simulator: true, env: { METRICS_PORT: '0' } });
stack.expectRestart('create_session');

/** Each value by its name with its labels. */
const numbers = async () => {
	const { status, text } = await operate(stack, '/metrics');
	assert.equal(status, 200, text);
	const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
	return Object.fromEntries(lines.map((line) => {
		const at = line.lastIndexOf(' ');
		return [line.slice(0, at), Number(line.slice(at + 1))];
	}));
};

const CREATED = 'scribe_requests_total{program="create_session",status="200"}';
const CREATED_TIMES = 'scribe_request_duration_seconds_count{program="create_session"}';
const FIRST = 'scribe_provider_first_seconds_count{provider="groq",operation="llm.reply"}';
const REPLIED = 'scribe_provider_calls_total{provider="groq",operation="llm.reply",outcome="ok"}';

test('a turn is counted: its calls, what they cost, and how long it took', async () => {
	const before = await numbers();
	const pair = pairOf(await newSession(stack));
	const { status } = await post(stack, 'agent_reply', { ...pair, user_message: 'Hello there.' });
	assert.equal(status, 200);
	const now = await poll(async () => {
		const found = await numbers();
		return found[REPLIED] > before[REPLIED] && found;
	});
	const grown = (name) => now[name] - (before[name] ?? 0);
	assert.equal(grown(CREATED), 1);
	assert.equal(grown(CREATED_TIMES), 1);
	assert.equal(grown('scribe_requests_total{program="agent_reply",status="200"}'), 1);
	assert.equal(grown(REPLIED), 1);
	assert.equal(grown('scribe_turns_total{result="answered"}'), 1);
	assert.equal(grown('scribe_turn_seconds_count{stage="first_audio"}'), 1);
	assert.ok(grown('scribe_provider_tokens_total{provider="groq"}') > 0);
	assert.ok(grown('scribe_provider_characters_total{provider="elevenlabs"}') > 0);
	assert.ok(grown('scribe_provider_cost_total{provider="elevenlabs",unit="characters"}') > 0);
	assert.ok(now[FIRST] > 0);
	assert.equal(now['scribe_breaker_state{breaker="llm.groq.reply"}'], 0);
	assert.equal(now.scribe_database_up, 1);
	assert.equal(now['scribe_processes{program="agent_reply"}'], 1);
	assert.ok(Object.keys(now).some((name) => name.startsWith('scribe_jobs_waiting{')));
	assert.ok(Object.keys(now).some((name) => /resident_bytes\{program="agent_reply"/.test(name)));
});

test('a failure is counted by its kind, and the fallback behind it', async () => {
	const before = await numbers();
	const pair = pairOf(await newSession(stack));
	const fault = { status: 429 };
	await stack.sim.fault({ provider: 'groq', operation: 'chat', fault, times: 1 });
	await post(stack, 'agent_reply', { ...pair, user_message: 'Hello again.', audio: false });
	const now = await poll(async () => {
		const found = await numbers();
		const all = Object.keys(found).filter((name) => /rate_limited/.test(name));
		const sum = (of) => all.reduce((n, name) => n + (of[name] ?? 0), 0);
		return sum(found) > sum(before) && found;
	});
	await stack.sim.reset();
	assert.ok(now);
});

test('promtool finds nothing to say of it', async () => {
	const { text, headers } = await operate(stack, '/metrics');
	assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
	const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text });
	assert.equal(status, 0, `${stdout}${stderr}`);
	assert.equal(`${stdout}${stderr}`, '');
	for (const line of text.split('\n')) {
		const [, help] = line.match(/^# HELP \S+ (.*)$/) ?? [];
		assert.ok(help === undefined || help.length > 20, line);
	}
});

test('nobody else is told', async () => {
	for (const path of ['/metrics', '/functions/v1/metrics'])
		assert.equal((await request(stack, 'GET', path)).status, 404, path);
	assert.equal((await operate(stack, '/functions/v1/modes')).status, 404);
});

test('what a stranger sends is in no label', async () => {
	const mark = 'zqxjkv';
	await request(stack, 'GET', `/functions/v1/${mark}`);
	const headers = { origin: `http://${mark}` };
	await request(stack, mark.toUpperCase(), '/functions/v1/modes', { headers });
	await post(stack, 'create_session', { mode: mark, visitor_id: mark }, keyHeaders(stack));
	assert.ok(!(await operate(stack, '/metrics')).text.toLowerCase().includes(mark));
});

test('sums go on over a killed process', async () => {
	const before = await numbers();
	const pid = stack.pidOf('create_session');
	const answers = Array.from({ length: 20 }, () =>
		post(stack, 'create_session', {}, keyHeaders(stack)).then(({ status }) => status, () => 0));
	process.kill(pid, 'SIGKILL');
	const ok = (await Promise.all(answers)).filter((status) => status === 200).length;
	await newSession(stack);
	const now = await numbers();
	const counted = now[CREATED] - before[CREATED];
	assert.ok(counted >= ok + 1 && counted <= 21, `${counted} counted, ${ok} answered`);
	assert.equal(now['scribe_requests_in_flight{program="create_session"}'], 0);
	assert.equal(now['scribe_processes{program="create_session"}'], 1);
});

test('without the database the rest is told, in time', async () => {
	const refuse = (many) => sql(stack, `alter role scribe_app connection limit ${many}`);
	await refuse(0);
	after(() => refuse(-1));
	await sql(stack, `select pg_terminate_backend(pid) from pg_stat_activity
		where usename = 'scribe_app'`);
	const now = await poll(async () => {
		const found = await numbers();
		return found.scribe_database_up === 0 && found;
	});
	assert.ok(now[CREATED] > 0);
	await refuse(-1);
	await poll(async () => (await numbers()).scribe_database_up === 1);
});
