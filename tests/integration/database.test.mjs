/* The database dies under the programs: nobody hangs, nothing that was acknowledged is lost, and
 * they find it again by themselves (useStack sees to it that they are the same processes). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
	familyOf, killDatabase, restartUnit, takeDatabaseAway, whileFrozen,
} from './env/breaking.mjs';
import {
	functionNames,
	keyHeaders,
	newSession,
	pairOf,
	poll,
	post,
	request,
	sql,
	useStack,
	whileLocked,
} from './env/index.mjs';

const stack = useStack({ env: { DB_CONNECT_MS: '1000', SCRIBE_COMPAT_ERRORS: '1' } });
const PAGE = { 'x-client-info': 'supabase-js-web/2.55.0' };
const CLIENTS = 6;
const KILLS = 2;
/* Who waits for what it took to run out waits for more than half a minute. */
const AT_ONCE_MS = 25000;

const talk = (session, user_message, headers) =>
	post(stack, 'agent_reply', { ...pairOf(session), user_message, audio: false }, headers);

const waitsForLock = async () =>
	(await sql(stack, 'select from pg_locks where not granted')).length;

const openSessions = (n) =>
	Promise.all(Array.from({ length: n }, () => post(stack, 'create_session', {})));

const assertUnavailable = (answer) => {
	assert.equal(answer.status, 503, answer.text);
	assert.equal(answer.json.code, 'unavailable');
	assert.ok(Number(answer.headers.get('retry-after')) >= 1);
	assert.doesNotMatch(answer.text, /postgres|SQLSTATE|libpq|\/run\//i);
};

/* Talks until told to stop; what was acknowledged, and every other answer there was. */
const startVisitor = async (name) => {
	const session = await newSession(stack);
	const heard = [];
	const others = [];
	let isOver = false;
	const over = (async () => {
		for (let i = 0; !isOver; i++) {
			const words = `${name} says number ${i}.`;
			const answer = await talk(session, words);
			if (answer.status === 200) heard.push([words, answer.json.text]);
			else others.push(answer);
		}
	})();
	const stop = async () => {
		isOver = true;
		await over;
		return { session, heard, others };
	};
	return { stop, count: () => heard.length };
};

test('killed while everybody talks: what was answered is kept', async () => {
	const names = Array.from({ length: CLIENTS }, (_, i) => `Visitor ${i}`);
	const visitors = await Promise.all(names.map(startVisitor));
	const all = () => visitors.reduce((sum, { count }) => sum + count(), 0);
	for (let i = 0; i < KILLS; i++) {
		const before = all();
		await poll(() => all() > before + CLIENTS);
		await killDatabase(stack);
	}
	const before = all();
	await poll(() => all() > before + CLIENTS);
	const stories = await Promise.all(visitors.map(({ stop }) => stop()));
	assert.ok(stories.some(({ others }) => others.length), 'somebody noticed');
	for (const { session, heard, others } of stories) {
		others.forEach(assertUnavailable);
		const rows = await sql(
			stack,
			`select speaker, text from utterances where session_id = :'id' order by position`,
			{ id: session.session_id },
		);
		for (const [words, reply] of heard) {
			const at = rows.findIndex(([, text]) => text === words);
			assert.deepEqual(rows[at], ['visitor', words]);
			assert.deepEqual(rows[at + 1], ['agent', reply], 'its reply follows it');
			assert.equal(rows.filter(([, text]) => text === words).length, 1, 'once');
		}
	}
});

/* Where others get a status, the existing page gets a sentence that it plays. */
const assertToldAloud = async (stack, body, code, words) => {
	const { status, json, text } = await post(stack, 'agent_reply', body, PAGE);
	assert.equal(status, 200, text);
	assert.equal(json.code, code);
	assert.match(json.text, words);
	assert.equal(json.extract, null);
	assert.ok(json.error && json.request_id);
	assert.ok(Buffer.from(json.audio_base64, 'base64').length > 16000, 'more than a second');
};

test('a turn that can not be is told to the existing page aloud, to others as ever', async () => {
	const [session, expired] = [await newSession(stack), await newSession(stack)];
	await sql(
		stack,
		`update sessions set last_active_at = now() - interval '2 days' where id = :'id'`,
		{ id: expired.session_id },
	);
	const user_message = 'Hello.';
	const long = 'word '.repeat(6401);
	const wrong = { ...pairOf(session), session_secret: pairOf(expired).session_secret };
	for (const [body, status, code, words] of [
		[{ ...pairOf(expired), user_message }, 401, 'session_expired', /reload the page/],
		[{ ...wrong, user_message }, 401, 'invalid_session', /reload the page/],
		[{ ...pairOf(session), user_message: long }, 400, 'invalid_request', /fewer words/],
	]) {
		await assertToldAloud(stack, body, code, words);
		await assertToldAloud(stack, body, code, words); /* what is kept of it plays as well */
		const node = { 'x-client-info': 'supabase-js-node/2.55.0' };
		const other = await post(stack, 'agent_reply', body, node);
		assert.equal(other.status, status, other.text);
	}
	const mute = await post(
		stack, 'agent_reply', { ...pairOf(expired), user_message, audio: false }, PAGE,
	);
	assert.equal(mute.json.audio_base64, null);
	const nudge = await post(
		stack,
		'agent_reply',
		{ ...pairOf(expired), user_message: 'Go on. [PROACTIVE_FOLLOWUP: true]' },
		PAGE,
	);
	assert.deepEqual([nudge.status, nudge.json.text], [200, '\u200b'], 'nobody said anything');
	assert.equal(nudge.json.audio_base64, null);
	for (const body of [
		{ ...pairOf(expired), cancel: true, turn_id: 'a' },
		{ ...pairOf(session), user_message: ' ' },
		{ ...pairOf(session), user_message, mode: 'pirate' },
	])
		assert.notEqual((await post(stack, 'agent_reply', body, PAGE)).status, 200);
});

const healthOfAll = async () => {
	const answers = await Promise.all(
		functionNames().map((name) => request(stack, 'GET', `/readyz/${name}`)),
	);
	return [...new Set(answers.map(({ status }) => status))];
};

test('away: a clear no at once, and a voice all the same', async () => {
	const session = await newSession(stack);
	const bringBack = await takeDatabaseAway(stack);
	const clip = Buffer.alloc(100).toString('base64');
	for (const [name, body] of [
		['create_session', {}],
		['agent_reply', { ...pairOf(session), user_message: 'Hello.' }],
		['speech_to_text', { ...pairOf(session), audio_base64: clip }],
		['text_to_speech', { ...pairOf(session), text: 'By the session.' }],
	])
		assertUnavailable(await post(stack, name, body));
	await assertToldAloud(
		stack, { ...pairOf(session), user_message: 'Hello.' }, 'unavailable', /wait a moment/,
	);
	const health = await request(stack, 'GET', '/readyz/agent_reply', { headers: PAGE });
	assert.equal(health.status, 503, 'its health is no turn');
	const once = { 'idempotency-key': crypto.randomUUID() };
	assertUnavailable(await post(stack, 'create_session', {}, once));
	assert.deepEqual(await healthOfAll(), [503]);
	const spoken = await post(stack, 'text_to_speech', { text: 'By the key.' }, keyHeaders(stack));
	assert.equal(spoken.status, 200, 'the cache is a convenience');
	assert.ok(spoken.json.audio_base64.length > 8000);
	(await openSessions(40)).forEach(assertUnavailable);
	await bringBack();
	assert.deepEqual(await healthOfAll(), [200]);
	assert.equal((await talk(session, 'Hello.')).status, 200);
});

test('restarted while the end of a turn is stored: it is once it is back', async () => {
	const session = await newSession(stack);
	const { status, json, text } = await whileLocked(stack, 'turn_answers', async () => {
		const answer = talk(session, 'Hello.');
		await poll(waitsForLock);
		await restartUnit(stack, 'postgresql');
		return answer;
	});
	assert.equal(status, 200, text);
	const rows = await poll(() => sql(stack, `select speaker, text from utterances
		where session_id = :'id' order by position`, { id: session.session_id }));
	assert.deepEqual(rows, [['visitor', 'Hello.'], ['agent', json.text]]);
});

/* The process lives on, and with it whatever it could not give up. */
test('away while a turn is answered: the same request is answered once it is back', async () => {
	const session = await newSession(stack);
	const once = { 'idempotency-key': crypto.randomUUID() };
	const send = () => talk(session, 'Hello.', once);
	let bringBack;
	await whileLocked(stack, 'turns', async () => {
		const failing = send();
		await poll(waitsForLock);
		bringBack = await takeDatabaseAway(stack);
		assertUnavailable(await failing);
	});
	await bringBack();
	const isFree = async () => {
		const answer = await send();
		return answer.status !== 409 && answer;
	};
	const { status, text } = await poll(isFree, { deadlineMs: AT_ONCE_MS });
	assert.equal(status, 200, text);
});

test('frozen: waiting ends, and goes on when it thaws', async () => {
	const session = await newSession(stack);
	await whileFrozen(familyOf(stack.pidOf('postgresql')), async () =>
		(await openSessions(12)).forEach(assertUnavailable),
	);
	/* Not at once: what was given up meanwhile is cleared away first. */
	await poll(async () => (await talk(session, 'Are you there?')).status === 200);
	await poll(async () => (await openSessions(12)).every(({ status }) => status === 200));
});
