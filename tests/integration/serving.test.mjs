/* How programs serve: connections are kept without a thread, and nobody makes others wait by
 * saying nothing, leaving, or asking too much. Some of it speaks to a program's own socket. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { bodyOf, connectTo, headOf, inTime } from './env/fastcgi_client.mjs';
import {
	keyHeaders, newSession, pairOf, poll, post, programUrl, root, sql, TALK, useStack,
} from './env/index.mjs';

const ORIGIN = 'https://app.example.com';
const THREADS = 2;
const QUEUE = 2;
const AT_ONCE_MS = 8000; /* who waits for a silent peer waits for ten seconds, and more */
const AT_LAST_MS = 30_000;
const SILENT = 40; /* more than a program has threads */
const BODY_MS = 10_000; /* and so does who waits for a body */
const BODIES = 5; /* of a mebibyte, and of that a quarter for an address */

const stack = useStack({
	functions: [...TALK, 'recall_memories', 'text_to_speech'],
	simulator: true,
	env: {
		TTS_PROVIDERS: 'elevenlabs',
		ELEVENLABS_FIRST_MS: '25000',
		ELEVENLABS_MS: '25000',
		LLM_FIRST_TOKEN_MS: '25000',
		LLM_TOTAL_MS: '28000',
		SCRIBE_THREADS: String(THREADS),
		SCRIBE_QUEUE: String(QUEUE),
		SCRIBE_BODY_MS: String(BODY_MS),
		SCRIBE_BODIES: String(BODIES),
		SCRIBE_ALLOWED_ORIGINS: ORIGIN,
		SCRIBE_COMPAT_ERRORS: '1',
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
	await stack.sim.wait({ provider: 'elevenlabs', count: length + THREADS });
	return { answers, release: () => stack.sim.release(words) };
};

/* Connections that the program has accepted: nobody else has its ends. */
const descriptors = async (name) => {
	return (await readdir(`/proc/${stack.pidOf(name)}/fd`)).length;
};

/* The sizes of the requests that it holds in files in memory. */
const filesOf = async (name) => {
	const dir = `/proc/${stack.pidOf(name)}/fd`;
	const files = (await readdir(dir)).map((fd) => {
		try {
			return readlinkSync(join(dir, fd)).startsWith('/memfd:request') ? join(dir, fd) : null;
		} catch (error) {
			if (error.code === 'ENOENT') return null;
			throw error;
		}
	});
	return files.filter(Boolean).map((path) => statSync(path, { throwIfNoEntry: false })?.size);
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

/* The beginning of a request that no socket holds. */
const PART = Buffer.alloc(8 + 0x8000);
PART.set([1, 5, 0, 1, 0x80, 0, 0, 0]);
const LARGE = Buffer.concat([headOf({ CONTENT_LENGTH: '500000' }), PART, PART, PART]);

/* As systemd does: see socket_lender.c. */
const lend = (name, program) => {
	const { BUILD, FLAVOUR } = stack.env;
	const at = (...path) => join(BUILD, FLAVOUR, ...path);
	const child = spawn(
		at('integration/socket_lender'),
		[join(stack.dir, 'run', `${name}.sock`), at('bin', program)],
		{
			cwd: root,
			env: {
				...stack.env,
				SCRIBE_ANON_KEY: stack.anonKey,
				SCRIBE_JWT_SECRET: stack.jwtSecret,
				DATABASE_URL: programUrl(stack),
			},
			stdio: ['pipe', 'pipe', 'inherit'],
		},
	);
	const ended = once(child, 'exit');
	return {
		makeBlocking: async () => {
			child.stdin.write('.');
			await once(child.stdout, 'data');
		},
		end: async () => {
			child.stdin.end();
			assert.deepEqual(await ended, [0, null]);
		},
	};
};

test('a program that starts beside takes nobody from the one that runs', async () => {
	const socket = lend('lent', 'modes');
	await poll(() => existsSync(join(stack.dir, 'run/lent.sock')));
	const peers = [];
	const ask = async () => {
		const peer = await connectTo(stack, 'lent');
		peers.push(peer);
		const get = { REQUEST_METHOD: 'GET', HTTP_APIKEY: stack.anonKey, PATH_INFO: '/modes' };
		assert.equal((await peer.request(get, '')).status, 200);
	};
	try {
		await ask();
		await socket.makeBlocking();
		await ask();
		await ask();
	} finally {
		hangUp(peers);
		await socket.end();
	}
});

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
		await stack.sim.wait({ provider: 'elevenlabs', count: length + 1 });
		const second = speakTo(peer, '');
		await stack.sim.release('hold early');
		assert.equal((await first).status, 200);
		assert.equal((await second).status, 400);
		hangUp([peer]);
	});

	test('takes large bodies, and such in many pieces', async () => {
		const peer = await connectTo(stack, 'create_session');
		const body = '{"mode": "mentor"}'.padEnd(900_000);
		for (let i = 0; i < 2; i++) assert.equal((await peer.request({}, body)).status, 200);
		const answer = peer.answerTo(headOf({ CONTENT_LENGTH: String(body.length) }));
		const bytes = bodyOf(body);
		for (let at = 0, n = 1; at < bytes.length; at += n, n = 1 + ((n * 7) % 8191)) {
			peer.socket.write(bytes.subarray(at, at + n));
			await new Promise(setImmediate);
		}
		assert.equal((await answer).status, 200);
		assert.equal((await peer.request({}, '{}')).status, 200);
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

	test('of turns, the existing page is told in words', async () => {
		await stack.sim.fault({
			provider: 'groq',
			operation: 'chat',
			fault: { hold: 'full house' },
			times: -1,
		});
		const sessions = [];
		for (let i = 0; i <= THREADS + QUEUE; i++) sessions.push(await newSession(stack));
		const page = { 'x-client-info': 'supabase-js-web/2.55.0' };
		const all = sessions.map((session) => {
			const body = { ...pairOf(session), user_message: 'Hello.', audio: false };
			return post(stack, 'agent_reply', body, page);
		});
		/* All others are held. */
		const refused = await Promise.race(all);
		assert.equal(refused.json.code, 'unavailable', refused.text);
		assert.equal(refused.status, 200);
		assert.match(refused.json.text, /wait a moment/);
		assert.equal(refused.json.audio_base64, null);
		await stack.sim.reset();
		await stack.sim.release('full house');
		await Promise.all(all);
	});

	test('is refused to who asked for most, whoever came first', async () => {
		const held = await holdAllThreads('hold greedy');
		const greedy = { REMOTE_ADDR: '192.0.2.7' };
		const peers = await connectMany(QUEUE + 2, 'text_to_speech');
		/* They may be accepted only when all have asked, and then in this order. */
		const [first, own, last] = [peers.slice(0, QUEUE), ...peers.slice(QUEUE)];
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

/* A POST through nginx of which `sent` bytes have left, and no more: {request, answer}. */
const halfPost = (name, { from, size, sent }) => {
	const request = http.request(`${stack.baseUrl}/functions/v1/${name}`, {
		method: 'POST',
		localAddress: from,
		agent: false,
		headers: { ...keyHeaders(stack), 'content-length': size, origin: ORIGIN },
	});
	const answered = new Promise((done, fail) => {
		request.on('error', fail);
		request.on('response', async (response) => {
			const { statusCode: status, headers } = response;
			const text = Buffer.concat(await response.toArray()).toString();
			done({ status, headers, json: JSON.parse(text) });
		});
	});
	const answer = inTime('an answer', answered, AT_LAST_MS);
	answer.catch(() => {}); /* who hangs up does not want it */
	request.write(' '.repeat(sent));
	return { request, answer, hangUp: () => request.destroy() };
};
const MIB = 1 << 20;
const LARGE_BODY = 900_000; /* nearly what an address may have */
const wholePost = (name, from, size) => {
	const { request, answer } = halfPost(name, { from, size, sent: size - 2 });
	request.end('{}');
	return answer;
};
const assertTooMuch = ({ status, headers, json }) => {
	assert.deepEqual([status, json.code], [429, 'rate_limited']);
	assert.equal(json.request_id, headers['x-request-id']);
	assert.ok(Number(headers['retry-after']) >= 1);
};

const slow = (more = {}) =>
	halfPost('create_session', { from: '127.0.0.1', size: MIB, sent: 1, ...more });

describe('bodies under way', () => {
	test('of one address are so many bytes; another one is served', async () => {
		const posts = Array.from({ length: 4 }, () => slow({ sent: MIB / 2 }));
		const refused = await Promise.race(posts.map(({ answer }) => answer));
		assertTooMuch(refused);
		assert.equal(refused.headers['access-control-allow-origin'], ORIGIN);
		const { status } = await wholePost('create_session', '127.0.0.2', LARGE_BODY);
		assert.equal(status, 200);
		posts.forEach(({ hangUp }) => hangUp());
		await poll(async () => {
			const { status } = await wholePost('create_session', '127.0.0.1', LARGE_BODY);
			return status === 200;
		});
	});

	test('of one address are so many connections; another one is served', async () => {
		const posts = Array.from({ length: 200 }, () => slow({ size: 500 }));
		assertTooMuch(await Promise.race(posts.map(({ answer }) => answer)));
		const { status } = await wholePost('create_session', '127.0.0.2', LARGE_BODY);
		assert.equal(status, 200);
		posts.forEach(({ hangUp }) => hangUp());
	});

	test('of many addresses make place for one that has less', async () => {
		const posts = Array.from({ length: 2 * BODIES }, (_, i) =>
			slow({ from: `127.0.0.${i + 10}`, sent: LARGE_BODY }));
		assertTooMuch(await Promise.race(posts.map(({ answer }) => answer)));
		const { status } = await wholePost('create_session', '127.0.0.2', MIB / 4);
		assert.equal(status, 200);
		posts.forEach(({ hangUp }) => hangUp());
	});

	test('that wait for a thread make place, too', async () => {
		const held = await holdAllThreads('hold bodies');
		const peers = await connectMany(QUEUE + 1, 'text_to_speech');
		const ask = (peer, i, size) =>
			peer.request(
				{ HTTP_APIKEY: stack.anonKey, REMOTE_ADDR: `192.0.2.${i}` },
				JSON.stringify({ text: `Large ${i}.` }).padEnd(size),
			);
		const waiting = peers.slice(0, QUEUE).map((peer, i) => ask(peer, i, MIB));
		const arriving = Array.from({ length: BODIES - QUEUE }, (_, i) =>
			halfPost('text_to_speech', { from: `127.0.0.${i + 10}`, size: MIB, sent: 0.95 * MIB }));
		/* All that is sent is there: those that wait have most. */
		await poll(async () => {
			const sizes = await filesOf('text_to_speech');
			const whole = sizes.filter((size) => size >= MIB);
			return sizes.length === BODIES && whole.length === QUEUE &&
				sizes.every((size) => size > 0.9 * MIB);
		});
		const visitor = ask(peers[QUEUE], 100, MIB / 2);
		assertTooMuch(await Promise.race(waiting));
		await held.release();
		const statuses = await Promise.all(waiting.map(async (answer) => (await answer).status));
		assert.deepEqual(statuses.sort(), [200, 429]);
		assert.equal((await visitor).status, 200);
		for (const answer of held.answers) assert.equal((await answer).status, 200);
		arriving.forEach(({ hangUp }) => hangUp());
		hangUp(peers);
	});

	test('are on no disk', async () => {
		const { hangUp } = slow({ sent: LARGE_BODY });
		const sizes = () => filesOf('create_session');
		await poll(async () => (await sizes()).some((size) => size > LARGE_BODY));
		const files = await readdir(join(stack.dir, 'run', 'nginx-tmp'), { recursive: true });
		assert.deepEqual(files.filter((name) => /\d/.test(name)), []);
		hangUp();
		await poll(async () => (await sizes()).length === 0);
	});

	test('reach a program that leaves', async () => {
		stack.expectRestart('create_session');
		const peer = await connectTo(stack, 'create_session');
		const bytes = bodyOf('{"mode": "mentor"}'.padEnd(300_000));
		const answer = peer.answerTo(headOf({ CONTENT_LENGTH: '300000' }), bytes.subarray(0, 9000));
		const pid = stack.pidOf('create_session');
		process.kill(pid, 'SIGTERM');
		for (let at = 9000; at < bytes.length; at += 9000) {
			peer.socket.write(bytes.subarray(at, at + 9000));
			await new Promise(setImmediate);
		}
		assert.equal((await answer).status, 200);
		hangUp([peer]);
		await poll(() => !existsSync(`/proc/${pid}`), { deadlineMs: 15_000 });
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

	test('a head whose body does not come, behind an answer', async () => {
		const peer = await connectTo(stack, 'recall_memories');
		const { status } = await peer.answerTo(headOf({ CONTENT_LENGTH: '10' }));
		assert.equal(status, 408);
		await peer.untilClosed();
	});

	test('a large body that breaks off or comes byte by byte, behind an answer', async () => {
		const peers = await connectMany(2 * THREADS, 'save_memory');
		const answers = peers.map((peer) => peer.answerTo(LARGE));
		const drop = Buffer.from([1, 5, 0, 1, 0, 1, 0, 0, 0x20]);
		const dribble = setInterval(() => peers[0].socket.write(drop), 100);
		const { status, ms } = await timed(post(stack, 'save_memory', {}));
		assert.equal(status, 400);
		assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
		const refused = await Promise.all(answers).finally(() => clearInterval(dribble));
		for (const { status, json } of refused)
			assert.deepEqual([status, json.code], [408, 'request_timeout']);
		await Promise.all(peers.slice(1).map((peer) => peer.untilClosed()));
		hangUp(peers);
	});

	/* nginx takes a connection for a good one as soon as it has sent all of a request. */
	test('but not if the rest of a refused request comes after all', async () => {
		const bytes = bodyOf('x'.repeat(300_000));
		const ask = async (here) => {
			const peer = await connectTo(stack, 'recall_memories');
			const head = headOf({ CONTENT_LENGTH: '300000' });
			const { status } = await peer.answerTo(head, bytes.subarray(0, here));
			assert.equal(status, 408);
			peer.socket.write(bytes.subarray(here));
			assert.equal((await peer.request({}, '{}')).status, 400);
			hangUp([peer]);
		};
		await Promise.all([20, 200_000].map(ask));
	});

	test('bodies that drip, with a 408, and they take no thread meanwhile', async () => {
		const posts = [
			...Array.from({ length: 2 * THREADS }, () => slow()),
			slow({ size: 500, sent: 1 }),
		];
		const dribble = setInterval(() => posts.forEach(({ request }) => request.write(' ')), 100);
		const answers = Promise.all(posts.map(({ answer }) => timed(answer)));
		const quick = await timed(post(stack, 'create_session', {}));
		assert.equal(quick.status, 200);
		assert.ok(quick.ms < AT_ONCE_MS, `${quick.ms} ms`);
		for (const { status, json, ms } of await answers.finally(() => clearInterval(dribble))) {
			assert.deepEqual([status, json.code], [408, 'request_timeout']);
			assert.ok(ms >= BODY_MS - 500, `${ms} ms`);
		}
		posts.forEach(({ hangUp }) => hangUp());
	});

	test('and so does nginx a head that drips', async () => {
		const { port } = new URL(stack.baseUrl);
		const socket = net.connect({ port, host: '127.0.0.1' }).on('error', () => {});
		const closed = new Promise((done) => socket.on('close', done));
		socket.resume().write('POST /functions/v1/create_session HTTP/1.1\r\nX-Long: ');
		const dribble = setInterval(() => socket.write('x'), 200);
		await inTime('closing', closed, AT_LAST_MS).finally(() => clearInterval(dribble));
	});

	test('what is only kept, after a minute', () =>
		Promise.all(idle.map((peer) => peer.untilClosed(90_000))));
});
