/* /metrics: what the programs count together, told to who runs the system and to nobody else. */
import assert from 'node:assert/strict';
import { killUnit, whileFrozen } from './env/breaking.mjs';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
	keyHeaders, newSession, operate, pairOf, poll, post, postFrom, request, sql, useStack,
} from './env/index.mjs';

const BEACONS = 30; /* of one address, in a minute */
const stack = useStack({
	name: 'metrics',
	simulator: true,
	env: { METRICS_PORT: '0', RATE_BROWSER_TIMINGS: `${BEACONS}` },
});
stack.expectRestart('create_session', 'modes', 'metrics');

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

test('what a disk has left is told of each that matters, as df tells it', async () => {
	const now = await numbers();
	const [, ...lines] = spawnSync('df', ['-B1', '--output=size,avail', stack.dir])
		.stdout.toString().trim().split('\n');
	const [size, free] = lines[0].trim().split(/ +/).map(Number);
	const of = (name, dir) => now[`scribe_disk_${name}{dir="${dir}"}`];
	for (const dir of [stack.dir, `${stack.dir}/storage`]) {
		assert.equal(of('bytes', dir), size);
		assert.ok(Math.abs(of('free_bytes', dir) - free) < 0.05 * size, dir);
	}
	assert.ok(!Object.keys(now).some((name) => name.startsWith('scribe_backup')));
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

const HEARD = 'scribe_browser_first_audio_seconds';
const browserErrors = (kind) => `scribe_browser_errors_total{kind="${kind}"}`;
const AS_BEACON = { 'content-type': 'text/plain;charset=UTF-8' };

test('what browsers tell is counted apart from what we know, and nothing else of it', async () => {
	const before = await numbers();
	assert.equal(before[browserErrors('playback')], 0, 'a first failure is seen as one');
	const seen = {
		first_audio_ms: [840, 2600.5], stalls: 2, stalled_ms: 1500,
		errors: { network: 3, refused: 1 },
		text: 'zqxjkv', session_secret: 'zqxjkv',
	};
	const { status, json, headers } = await post(stack, 'browser_timings', JSON.stringify(seen), {
		...AS_BEACON, origin: stack.baseUrl,
	});
	assert.equal(status, 200);
	assert.deepEqual(json, { success: true });
	assert.equal(headers.get('access-control-allow-origin'), stack.baseUrl);
	const now = await numbers();
	const grown = (name) => now[name] - before[name];
	assert.equal(grown(`${HEARD}_count`), 2);
	assert.equal(grown(`${HEARD}_bucket{le="1"}`), 1);
	assert.ok(Math.abs(grown(`${HEARD}_sum`) - 3.44) < 0.01);
	assert.equal(grown('scribe_browser_stalls_total'), 2);
	assert.equal(grown('scribe_browser_stalled_seconds_total'), 1.5);
	assert.equal(grown(browserErrors('network')), 3);
	assert.equal(grown(browserErrors('refused')), 1);
	assert.equal(grown('scribe_turn_seconds_count{stage="first_audio"}'), 0);
	const log = readFileSync(join(stack.dir, 'log/browser_timings.log'), 'utf8');
	assert.doesNotMatch(log, /zqxjkv/);
});

test('what is no such timing is refused by its name, and none of it is counted', async () => {
	const before = await numbers();
	const good = { first_audio_ms: [1], stalls: 1, stalled_ms: 1, errors: { silence: 1 } };
	for (const [field, value] of [
		['first_audio_ms', 840], ['first_audio_ms', [-1]], ['first_audio_ms', [120_001]],
		['first_audio_ms', ['1']], ['first_audio_ms', Array(51).fill(1)],
		['stalls', 1001], ['stalls', 1.5], ['stalls', '1'], ['stalled_ms', -1],
		['stalled_ms', 120_000_001], ['errors', []], ['errors', { silence: 1001 }],
		['errors', { silence: 1, zqxjkv: 1 }], ['errors', { silence: null }],
	]) {
		const { status, json } = await post(stack, 'browser_timings', { ...good, [field]: value });
		assert.equal(status, 400, JSON.stringify({ [field]: value }));
		assert.equal(json.field, field);
		assert.doesNotMatch(json.error, /zqxjkv/);
	}
	for (const body of ['', 'x', '[]', '{"stalls":1'])
		assert.equal((await post(stack, 'browser_timings', body, AS_BEACON)).status, 400, body);
	const large = { ...good, text: 'x'.repeat(4096) };
	const { status, json } = await post(stack, 'browser_timings', large);
	assert.deepEqual([status, json.code], [413, 'payload_too_large']);
	const foreign = { ...AS_BEACON, origin: 'https://elsewhere.example' };
	const refused = await post(stack, 'browser_timings', JSON.stringify(good), foreign);
	assert.deepEqual([refused.status, refused.json.code], [403, 'origin_not_allowed']);
	const now = await numbers();
	const browsers = Object.entries(now).filter(([name]) => name.startsWith('scribe_browser_'));
	for (const [name, value] of browsers) assert.equal(value, before[name], name);
});

test('of one address only so many are taken', async () => {
	const tell = () => postFrom(stack, '127.0.0.9', 'browser_timings', { stalls: 0 });
	const statuses = [];
	for (let i = 0; i < 2 * BEACONS && !statuses.includes(429); i++)
		statuses.push((await tell()).status);
	assert.ok(statuses.includes(429), `${statuses}`);
	assert.ok(statuses.filter((status) => status === 200).length >= BEACONS, `${statuses}`);
	assert.equal((await post(stack, 'browser_timings', { stalls: 0 })).status, 200);
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
	const starts = 'scribe_program_starts_total{program="create_session"}';
	assert.equal(now[starts], before[starts] + 1);
});

test('a process that hangs is told', async () => {
	const hanging = () => numbers().then((now) =>
		Object.entries(now).filter(([name, n]) =>
			n && name.startsWith('scribe_processes_hanging')));
	assert.deepEqual(await hanging(), []);
	await whileFrozen([stack.pidOf('create_session')], () => poll(async () => {
		const [found] = await hanging();
		return found?.[0] === 'scribe_processes_hanging{program="create_session"}';
	}));
	await poll(async () => (await hanging()).length === 0);
});

const unanswered = (status) => `scribe_nginx_failures_total{program="modes",status="${status}"}`;
const askModes = async () => (await request(stack, 'GET', '/functions/v1/modes')).status;

test('what nginx had to answer itself is counted for the program that did not', async () => {
	const before = await numbers();
	assert.equal(before[unanswered(504)], 0, 'a first failure is seen as one');
	assert.equal(await whileFrozen([stack.pidOf('modes')], askModes), 504);
	const now = await poll(async () => {
		const found = await numbers();
		return found[unanswered(504)] === 1 && found;
	});
	assert.equal(now[unanswered(502)], 0);
	await poll(async () => (await askModes()) === 200);
});

test('it is heard by the next process, and by one whose socket was taken away', async () => {
	const before = (await numbers())[unanswered(504)];
	await killUnit(stack, 'metrics');
	const place = join(stack.dir, 'run/told/nginx');
	rmSync(place);
	await poll(() => existsSync(place));
	/* A worker of nginx finds out by the first that it tells. */
	await poll(async () => {
		assert.equal(await whileFrozen([stack.pidOf('modes')], askModes), 504);
		return (await numbers())[unanswered(504)] > before;
	}, { deadlineMs: 120_000 });
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
	assert.equal((await post(stack, 'create_session', {}, keyHeaders(stack))).status, 503);
	const by = (name) => `${name}{program="create_session",status="503"}`;
	const then = await numbers();
	assert.ok(then[by('scribe_requests_total')] > 0);
	assert.ok(!then[by('scribe_nginx_failures_total')], 'a program answered');
	await refuse(-1);
	await poll(async () => (await numbers()).scribe_database_up === 1);
});
