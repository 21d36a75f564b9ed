/* Errors go to Sentry: by what and where, with how often, and without a word of anybody's; a Sentry
 * that is ill is no reason for anything to wait. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startSentry } from '../simulator/sentry.mjs';
import {
	keyHeaders, newSession, pairOf, poll, pollJob, post, root, setJobDue, sql, TALK,
	useStack,
} from './env/index.mjs';

const sentry = await startSentry();
after(() => sentry.stop());
const stack = useStack({
	functions: [...TALK, 'groq_chat'],
	simulator: true,
	env: {
		LLM_PROVIDERS: 'groq',
		SENTRY_DSN: sentry.dsn,
		SENTRY_ENVIRONMENT: 'staging',
		SENTRY_RELEASE: 'scribe@1.2.3',
	},
});

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const WORD = 'zqxjkv';

/* A request is told of behind its answer. */
const countsErrors = async (name, n, body) => {
	const lines = () => stack.logs(name).split('"event":"request_failed"').length;
	const before = lines();
	await body();
	await poll(() => lines() >= before + n);
};

/* So many requests that fail for a reason of ours. */
const fail = async (n) => {
	await stack.sim.fault({
		provider: 'groq', operation: 'chat', fault: { status: 500 }, times: -1,
	});
	const body = { messages: [{ role: 'user', content: `Tell me of ${WORD}.` }] };
	const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
	const headers = { ...keyHeaders(stack), traceparent };
	await countsErrors('groq_chat', n, async () => {
		for (let i = 0; i < n; i++)
			assert.ok((await post(stack, 'groq_chat', body, headers)).status >= 500);
	});
};

const told = (from = 0) =>
	sentry.events.slice(from).filter(({ logger }) => logger === 'groq_chat');
const counted = (events) => events.reduce((n, { extra }) => n + extra.count, 0);
const pollTold = (fn) => pollJob(stack, 'tell_errors', fn);
const isHeld = async () => {
	const held = await sql(stack, `select 1 from send_paces
		where channel = 'sentry' and held_until > now()`);
	return held.length > 0;
};
const letGo = () => sql(stack, `update send_paces set held_until = now() where channel = 'sentry'`);

test('a storm of an error is an event or two, which say how often and where', async () => {
	const STORM = 40;
	await fail(STORM);
	await pollTold(() => counted(told()) >= STORM);
	assert.equal(counted(told()), STORM);
	assert.ok(told().length < 10, `${told().length} events`);
	for (const event of sentry.events) {
		assert.equal(event.environment, 'staging');
		assert.equal(event.release, 'scribe@1.2.3');
		assert.equal(event.level, 'error');
		assert.match(event.exception.values[0].type, /^[a-z_]+$/);
	}
	const [event] = told();
	const [frame] = event.exception.values[0].stacktrace.frames;
	assert.deepEqual(event.fingerprint.slice(0, 2), ['groq_chat', 'request_failed']);
	assert.equal(event.fingerprint[2], event.tags.code);
	assert.equal(event.fingerprint[3], frame.filename);
	assert.match(`${frame.filename}:${frame.lineno}`, /^(common|functions)\/[\w/]+\.c:\d+$/);
	assert.equal(event.tags.trace_id, TRACE);
	assert.deepEqual(sentry.refused, []);
	assert.ok(sentry.bodies.every((body) => !body.includes(WORD)));
	assert.ok(sentry.bodies.every((body) => !body.includes(stack.anonKey)));
});

test('the same error again is of the same group', async () => {
	const groups = new Set(told().map(({ fingerprint }) => fingerprint.join()));
	const n = sentry.events.length;
	await fail(3);
	await pollTold(() => counted(told(n)) >= 3);
	for (const { fingerprint } of told(n)) groups.add(fingerprint.join());
	assert.equal(counted(told(n)), 3);
	assert.ok(groups.size <= 3, [...groups].join('\n'));
});

/* One round, from its beginning to its end. */
const goRound = async () => {
	await setJobDue(stack, 'tell_errors', '0 s');
	await poll(async () => (await sql(stack, `select 1 from jobs where kind = 'tell_errors'
		and state = 'ready' and run_at > now() + interval '30 s'`)).length > 0);
};

/* One in which something is told; there may be one before it that found nothing yet. */
const goTellingRound = async () => {
	const n = sentry.events.length;
	await poll(async () => {
		await goRound();
		return sentry.events.length > n;
	});
};

test('what goes on happening while it is told is of the next round', async () => {
	await goRound();
	const n = sentry.events.length;
	await fail(1);
	sentry.meanwhile = () => fail(1);
	await goTellingRound();
	sentry.meanwhile = null;
	const first = told(n);
	const groups = new Set(first.map(({ fingerprint }) => fingerprint.join()));
	assert.ok(first.length > 0 && groups.size === first.length, `${first.length} events`);
	await pollTold(() => counted(told(n)) >= 1 + first.length);
});

/* What else is to be told waits for the next round, and so it has its turn. */
test('one that is slow has its thread for one event a round', async () => {
	await goRound();
	const n = sentry.events.length;
	const failBoth = async () => {
		await fail(1);
		const pair = pairOf(await newSession(stack));
		const message = { ...pair, user_message: 'Hello.', audio: false };
		await countsErrors('agent_reply', 1, async () =>
			assert.ok((await post(stack, 'agent_reply', message)).status >= 500));
	};
	const loggers = () => sentry.events.slice(n).map(({ logger }) => logger);
	await failBoth();
	sentry.meanwhile = () => pause(1100); // longer than a round
	await goTellingRound();
	assert.equal(loggers().length, 1);
	await failBoth();
	await goTellingRound();
	assert.deepEqual(loggers().sort(), ['agent_reply', 'groq_chat']);
	sentry.meanwhile = null;
	await pollTold(() => counted(sentry.events.slice(n)) >= 4);
	assert.equal(counted(sentry.events.slice(n)), 4);
});

test('an event that Sentry will not have is dropped, and keeps no other waiting', async () => {
	await goRound();
	const asked = sentry.bodies.length;
	sentry.answer = { status: 413 };
	await fail(1);
	await pollTold(() => sentry.bodies.length > asked);
	await goRound();
	sentry.answer = null;
	assert.ok(!(await isHeld()));
	const n = sentry.events.length;
	await fail(2);
	await pollTold(() => counted(told(n)) >= 2);
	assert.equal(counted(told(n)), 2);
});

test('who is asked for less tells nothing for so long, and then all of it', async () => {
	sentry.answer = { status: 429, headers: { 'retry-after': '3000' } };
	const n = sentry.events.length;
	await fail(2);
	await pollTold(isHeld);
	sentry.answer = null;
	const [[s]] = await sql(stack, `select extract(epoch from held_until - now())::int
		from send_paces where channel = 'sentry'`);
	assert.ok(Number(s) > 2000 && Number(s) <= 3000, `held for ${s} s`);
	const asked = sentry.bodies.length;
	await goRound();
	assert.equal(sentry.bodies.length, asked, 'it was asked while it wanted silence');
	await letGo();
	await pollTold(() => counted(told(n)) >= 2);
	assert.equal(counted(told(n)), 2);
});

test('nobody waits for one that never answers, and it is told later', async () => {
	const n = sentry.events.length;
	sentry.isSilent = true;
	const asked = sentry.bodies.length;
	await fail(1);
	await pollTold(() => sentry.bodies.length > asked);
	await stack.sim.reset();
	const pair = pairOf(await newSession(stack));
	const message = { ...pair, user_message: 'Hello there.', audio: false };
	assert.equal((await post(stack, 'agent_reply', message)).status, 200);
	await poll(isHeld);
	sentry.isSilent = false;
	await letGo();
	await pollTold(() => counted(told(n)) >= 1);
	assert.equal(counted(told(n)), 1);
});

test('no log knows the key, and none is needed', () => {
	for (const name of ['summarize_session', 'groq_chat', 'agent_reply'])
		assert.ok(!stack.logs(name).includes(sentry.key), name);
	const build = join(process.env.BUILD ?? join(root, 'build'), process.env.FLAVOUR ?? 'asan');
	const program = join(build, 'bin/summarize_session');
	const check = (env) =>
		spawnSync(program, ['--check-config'], {
			cwd: stack.dir, encoding: 'utf8', env: { DATABASE_URL: 'postgresql:///x', ...env },
		}).stderr;
	const wrong = `https://${sentry.key}@sentry.example/one`;
	assert.match(check({ SENTRY_DSN: wrong }), /^SENTRY_DSN: expected/m);
	assert.ok(!check({ SENTRY_DSN: wrong }).includes(sentry.key));
	const farOff = check({ SENTRY_DSN: `https://${sentry.key}@sentry.example:99999/1` });
	assert.match(farOff, /^SENTRY_DSN: its port must be/m);
	assert.ok(!farOff.includes(sentry.key));
	const file = join(stack.dir, 'dsn');
	writeFileSync(file, `${wrong}\n`);
	assert.match(check({ SENTRY_DSN_FILE: file }), /^SENTRY_DSN: expected/m);
	for (const env of [{}, { SENTRY_DSN: sentry.dsn }]) assert.doesNotMatch(check(env), /SENTRY/);
});
