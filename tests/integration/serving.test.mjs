/* How programs serve: connections are kept without a thread, and nobody makes others wait by
 * saying nothing, leaving, or asking too much. Some of it speaks to a program's own socket. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import { connectTo, headOf } from './env/fastcgi_client.mjs';
import { keyHeaders, poll, post, sql, useStack } from './env/index.mjs';

const ORIGIN = 'https://app.example.com';
const THREADS = 2;
const QUEUE = 2;
const AT_ONCE_MS = 8000; /* who waits for a silent peer waits for ten seconds, and more */
const SILENT = 40; /* more than a program has threads */

const stack = useStack({
	simulator: true,
	env: {
		TTS_PROVIDERS: 'elevenlabs',
		ELEVENLABS_FIRST_MS: '25000',
		ELEVENLABS_MS: '25000',
		SCRIBE_THREADS: String(THREADS),
		SCRIBE_QUEUE: String(QUEUE),
		SCRIBE_ALLOWED_ORIGINS: ORIGIN,
	},
});

const connectMany = (n, name) =>
	Promise.all(Array.from({ length: n }, () => connectTo(stack, name)));
const hangUp = (peers) => peers.forEach(({ socket }) => socket.destroy());
const elevenlabs = () => stack.sim.requests({ provider: 'elevenlabs' });
const speak = (text, headers = {}) =>
	post(stack, 'text_to_speech', { text }, { ...keyHeaders(stack), ...headers });
const speakTo = (peer, text, more = {}) =>
	peer.request({ HTTP_APIKEY: stack.anonKey, ...more }, JSON.stringify({ text }));
const timed = async (promise) => {
	const start = performance.now();
	const answer = await promise;
	return { ...answer, ms: performance.now() - start };
};

/* Requests whose provider holds its answers back until released; all threads are at work then. */
const holdAllThreads = async (words) => {
	await stack.sim.fault({ provider: 'elevenlabs', fault: { hold: words }, times: THREADS });
	const { length } = await elevenlabs();
	const answers = Array.from({ length: THREADS }, (_, i) => speak(`${words} ${i}`));
	await stack.sim.wait({ provider: 'elevenlabs', count: length + THREADS, timeout_ms: 60_000 });
	return { answers, release: () => stack.sim.release(words) };
};

/* Connections that the program has accepted: nobody else has its ends. */
const descriptors = async (name) => {
	return (await readdir(`/proc/${stack.pidOf(name)}/fd`)).length;
};

const threadsOf = (name) =>
	Number(
		/Threads:\s+(\d+)/.exec(
			readFileSync(`/proc/${stack.pidOf(name)}/status`, 'utf8'),
		)[1],
	);

/* One that is asked nothing and one that was asked once; the last test here looks at them. Of a
 * program that no test makes leave. */
const idle = [];

/* The beginning of a request that is begun before all of its body is there. */
const PART = Buffer.alloc(8 + 0x8000);
PART.set([1, 5, 0, 1, 0x80, 0, 0, 0]);
const LARGE = Buffer.concat([headOf({ CONTENT_LENGTH: '500000' }), PART, PART, PART]);

describe('peers that say nothing', () => {
	before(async () => {
		idle.push(...(await connectMany(2, 'recall_memories')));
		assert.equal((await idle[1].request({}, '{}')).status, 400);
	});

	test('take no thread, whether they never begin or break off in a head', async () => {
		assert.equal((await post(stack, 'create_session', {})).status, 200);
		const before = threadsOf('create_session');
		const peers = await connectMany(2 * SILENT, 'create_session');
		const head = headOf({ CONTENT_LENGTH: '2' });
		for (const [i, { socket }] of peers.entries())
			if (i % 2) socket.write(head.subarray(0, 1 + i % (head.length - 1)));
		await poll(async () => (await descriptors('create_session')) > 2 * SILENT);
		const { status, ms } = await timed(post(stack, 'create_session', {}));
		assert.equal(status, 200);
		assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
		assert.ok(threadsOf('create_session') <= before + THREADS);
		hangUp(peers);
	});

	test('nor if the body never comes', async () => {
		const peers = await connectMany(2 * SILENT, 'create_session');
		for (const { socket } of peers) socket.write(headOf({ CONTENT_LENGTH: '10' }));
		await poll(async () => (await descriptors('create_session')) > 2 * SILENT);
		const { status, ms } = await timed(post(stack, 'create_session', {}));
		assert.equal(status, 200);
		assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
		hangUp(peers);
	});

	test('hold a thread for seconds, if a large body breaks off', async () => {
		const peers = await connectMany(THREADS, 'text_to_speech');
		for (const { socket } of peers) socket.write(LARGE);
		await poll(async () => (await speak('')).status === 400);
		hangUp(peers);
	});

	test('nor for longer than a request may take, if it comes byte by byte', async () => {
		const peers = await connectMany(THREADS, 'create_session');
		for (const { socket } of peers) socket.write(LARGE);
		const drop = Buffer.from([1, 5, 0, 1, 0, 1, 0, 0, 0x20]);
		const dribble = setInterval(() => peers.forEach(({ socket }) => socket.write(drop)), 500);
		const isServed = async () => (await post(stack, 'create_session', {})).status === 200;
		await poll(isServed, { deadlineMs: 30_000 }).finally(() => clearInterval(dribble));
		hangUp(peers);
	});

	test('do not keep a program from leaving', async () => {
		stack.expectRestart('create_session');
		const peers = await connectMany(SILENT, 'create_session');
		for (const { socket } of peers.slice(0, SILENT / 2))
			socket.write(headOf({}).subarray(0, 20));
		await poll(async () => (await descriptors('create_session')) > SILENT);
		const pid = stack.pidOf('create_session');
		process.kill(pid, 'SIGTERM');
		await poll(() => !existsSync(`/proc/${pid}`), { deadlineMs: 30_000 });
		await poll(async () => (await post(stack, 'create_session', {})).status === 200);
		hangUp(peers);
	});

	test('nor does a head in pieces fail, or what is no request disturb', async () => {
		const peer = await connectTo(stack, 'create_session');
		const head = headOf({ CONTENT_LENGTH: '2' });
		const answer = peer.request({}, '{}'); /* the first, whole */
		assert.equal((await answer).status, 200);
		for (const bytes of ['GET / HTTP/1.0\r\n\r\n', Buffer.alloc(100), head.subarray(8)]) {
			const stranger = await connectTo(stack, 'create_session');
			stranger.socket.write(bytes);
			await stranger.untilClosed();
		}
		/* Parameters that lie about their length. */
		const liar = await connectTo(stack, 'create_session');
		const wrong = Buffer.from(headOf({}));
		wrong.writeUInt32BE(0xffffffff, 24);
		liar.socket.write(wrong);
		liar.socket.write(Buffer.from([1, 5, 0, 1, 0, 0, 0, 0]));
		await liar.untilClosed();
		assert.equal((await peer.request({}, '{}')).status, 200);
		hangUp([peer]);
	});
});

describe('a kept connection', () => {
	test('serves one request after the other, and none leaves anything to the next', async () => {
		const peer = await connectTo(stack, 'create_session');
		const first = await peer.request(
			{
				HTTP_X_REQUEST_ID: 'first-1',
				HTTP_ORIGIN: ORIGIN,
				HTTP_IDEMPOTENCY_KEY: crypto.randomUUID(),
			},
			'{"mode":"mentor"}',
		);
		const second = await peer.request({}, '{}');
		assert.deepEqual([first.status, second.status], [200, 200]);
		assert.equal(first.headers['x-request-id'], 'first-1');
		assert.equal(first.headers['access-control-allow-origin'], ORIGIN);
		assert.notEqual(second.headers['x-request-id'], 'first-1');
		assert.equal(second.headers['access-control-allow-origin'], undefined);
		assert.equal(second.headers['idempotency-replayed'], undefined);
		assert.notEqual(second.json.session_id, first.json.session_id);
		assert.notEqual(second.json.session_secret, first.json.session_secret);
		const [[mode]] = await sql(stack, "select current_mode from sessions where id = :'id'", {
			id: second.json.session_id,
		});
		assert.notEqual(mode, 'mentor');
		hangUp([peer]);
	});

	test('a body that nobody read is not taken for the next request', async () => {
		const peer = await connectTo(stack, 'create_session');
		const body = 'x'.repeat(1 << 20);
		for (let i = 0; i < 3; i++) {
			const refused = await peer.request({ HTTP_ORIGIN: 'https://foreign.example' }, body);
			assert.equal(refused.status, 403);
			assert.equal((await peer.request({}, '{}')).status, 200);
		}
		hangUp([peer]);
	});

	test('may bring the next request while one is in hand', async () => {
		const peer = await connectTo(stack, 'text_to_speech');
		await stack.sim.fault({ provider: 'elevenlabs', fault: { hold: 'hold early' } });
		const { length } = await elevenlabs();
		const first = speakTo(peer, 'The first.');
		await stack.sim.wait({ provider: 'elevenlabs', count: length + 1, timeout_ms: 60_000 });
		const second = speakTo(peer, '');
		await stack.sim.release('hold early');
		assert.equal((await first).status, 200);
		assert.equal((await second).status, 400);
		hangUp([peer]);
	});

	test('is closed behind the answer where its peer wants that', async () => {
		const peer = await connectTo(stack, 'create_session');
		assert.equal((await peer.request({}, '{}', { keep: false })).status, 200);
		await peer.untilClosed();
	});

	test('takes no thread while nothing is asked on it', async () => {
		const peers = await connectMany(SILENT, 'create_session');
		for (const peer of peers) assert.equal((await peer.request({}, '{}')).status, 200);
		const { status, ms } = await timed(post(stack, 'create_session', {}));
		assert.equal(status, 200);
		assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
		for (const peer of peers) assert.equal((await peer.request({}, '{}')).status, 200);
		hangUp(peers);
	});
});

describe('more than can be served', () => {
	test('is told 503 at once, readably, and when to come again; the rest is served', async () => {
		const held = await holdAllThreads('hold many');
		const peers = await connectMany(QUEUE, 'text_to_speech');
		const waiting = peers.map((peer, i) => speakTo(peer, `Queued ${i}.`));
		const refused = await poll(async () => {
			const answer = await Promise.race([
				timed(speak('One too many.', { Origin: ORIGIN })),
				...waiting.map((answer) => answer.then(() => null)),
			]);
			return answer?.status === 503 && answer;
		});
		assert.ok(refused.ms < AT_ONCE_MS, `${refused.ms} ms`);
		assert.equal(refused.json.code, 'unavailable');
		assert.equal(refused.json.request_id, refused.headers.get('x-request-id'));
		assert.ok(Number(refused.headers.get('retry-after')) >= 1);
		assert.equal(refused.headers.get('access-control-allow-origin'), ORIGIN);
		await held.release();
		for (const answer of [...held.answers, ...waiting])
			assert.equal((await answer).status, 200);
		hangUp(peers);
	});

	test('is refused to who asked for most, whoever came first', async () => {
		const held = await holdAllThreads('hold greedy');
		const greedy = { REMOTE_ADDR: '192.0.2.7' };
		const peers = await connectMany(QUEUE + 2, 'text_to_speech');
		const [last, own, ...first] = peers;
		const waiting = first.map((peer, i) => speakTo(peer, `Greedy ${i}.`, greedy));
		await poll(async () => {
			const answer = await Promise.race([
				speakTo(own, 'Greedy too.', greedy),
				...waiting.map((answer) => answer.then(() => null)),
			]);
			return answer?.status === 503;
		});
		const visitor = speakTo(last, 'The visitor.', { REMOTE_ADDR: '192.0.2.8' });
		const refused = await Promise.race(waiting);
		assert.equal(refused.status, 503);
		await held.release();
		const statuses = await Promise.all(waiting.map(async (answer) => (await answer).status));
		assert.deepEqual(statuses.sort(), [200, 503]);
		assert.equal((await visitor).status, 200);
		for (const answer of held.answers) assert.equal((await answer).status, 200);
		hangUp(peers);
	});

	test('a request whose client has left is not begun', async () => {
		const held = await holdAllThreads('hold gone');
		const before = (await elevenlabs()).length;
		const leaver = await connectTo(stack, 'text_to_speech');
		speakTo(leaver, 'Nobody hears this.').catch(() => {});
		await new Promise((done) => leaver.socket.end(done)); /* all of it is on its way */
		leaver.socket.destroy();
		await held.release();
		for (const answer of held.answers) assert.equal((await answer).status, 200);
		assert.equal((await speak('The next.')).status, 200);
		const heard = (await elevenlabs()).slice(before);
		assert.equal(heard.length, 1, JSON.stringify(heard));
	});
});

/* These wait for time itself, so together. */
describe('a program closes', { concurrency: true }, () => {
	test('half a head, whether nothing or a byte now and then comes behind it', async () => {
		const peers = await connectMany(2, 'recall_memories');
		const head = headOf({ CONTENT_LENGTH: '2', PADDING: 'x'.repeat(1000) });
		let sent = 40;
		for (const { socket } of peers) socket.write(head.subarray(0, sent));
		const dribble = setInterval(() => {
			peers[1].socket.write(head.subarray(sent, ++sent));
		}, 200);
		const closed = Promise.all(peers.map((peer) => peer.untilClosed()));
		await closed.finally(() => clearInterval(dribble));
	});

	test('a head whose body does not come', async () => {
		const peer = await connectTo(stack, 'recall_memories');
		peer.socket.write(headOf({ CONTENT_LENGTH: '10' }));
		await peer.untilClosed();
	});

	test('what is only kept, after a minute', () =>
		Promise.all(idle.map((peer) => peer.untilClosed(90_000))));
});
