/* What one address does to take the service away from others, as often as it is let: the kinds of
 * attack, and a process of its own that runs one of them (attacks.mjs starts it).
 *
 *   node tests/bench/attackers.mjs KIND BASE_URL < {"keys":[...],"pairs":[...],"anonKey":"..."}
 *
 * From 127.0.0.2 to 127.0.0.20, LANES requests at once from each. Who is refused asks again after
 * a quarter of a second: what is measured is what the service does, not how much a kernel can
 * carry. Runs until its stdin ends; then prints {answers: {STATUS: n}} and leaves. */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { audio, flacOfManyKeys, longSpeech } from '../integration/env/recordings.mjs';

const FROM = Array.from({ length: 19 }, (_, i) => `127.0.0.${i + 2}`);
const LANES = 4;
const REFUSED_MS = 250;
const DRIP_MS = 1000;
const MIB = 1 << 20;
const BROKEN_FROM = 12;
const BROKEN_TO = 4096;

/* ---- recordings ---- */

/* The first bytes stay, for what is no recording at all is refused unseen. */
const broken = (bytes) => {
	const copy = Buffer.from(bytes);
	const part = Math.min(BROKEN_TO, copy.length) - BROKEN_FROM;
	for (let i = 0; i < part / 4; i++)
		copy[BROKEN_FROM + Math.floor(Math.random() * part)] = Math.random() * 256;
	return copy;
};

const FORMATS = ['opus.ogg', 'opus.webm', 'vorbis.ogg', 'plain.mp3', 'aac.m4a', 'sound.flac'];

/* ---- requests ---- */

const answers = {};
const count = (what) => (answers[what] = (answers[what] ?? 0) + 1);

let isOver = false;
const open = new Set(); /* what is to be ended when it is over */

const keep = (it) => {
	open.add(it);
	it.once('close', () => open.delete(it));
	return it;
};

const send = (base, from, { method = 'POST', path, body, headers = {} }) => {
	const request = keep(
		http.request(`${base}${path}`, {
			...{ method, localAddress: from },
			headers: {
				'content-type': 'application/json',
				...(body && { 'content-length': Buffer.byteLength(body) }),
				...headers,
			},
		}),
	);
	request.on('error', () => {}); /* who waits for its answer is told */
	request.end(body);
	return request;
};

const ask = async (base, from, order) => {
	try {
		const [response] = await once(send(base, from, order), 'response');
		response.resume();
		await once(response, 'end');
		count(response.statusCode);
		return response.statusCode;
	} catch (error) {
		if (!isOver) count(error.code ?? error.name);
		return 0;
	}
};

const askOn = async (base, from, next) => {
	while (!isOver) {
		const status = await ask(base, from, next());
		if (status !== 200) await pause(REFUSED_MS);
	}
};

const posts = (name, body) => ({ path: `/functions/v1/${name}`, body: JSON.stringify(body) });

/* Orders that each lane of each address sends, one after the other. */
const asking = (orderOf, lanes = LANES) => (base, know) =>
	Promise.all(
		FROM.flatMap((from) =>
			Array.from({ length: lanes }, (_, lane) =>
				askOn(base, from, orderOf(know, lane)))),
	);

/** A recording is made once: what is in the body beside it is small. */
const hearing = (recordingOf) =>
	asking((know) => {
		const [pair] = know.pairs;
		return () => posts('speech_to_text', { ...pair, audio_base64: recordingOf() });
	});

const same = (make) => {
	let made;
	return () => (made ??= make().toString('base64'));
};

/* ---- connections that are not used as they are meant ---- */

const connect = (base, from) => {
	const { hostname, port } = new URL(base);
	const socket = keep(net.connect({ host: hostname, port, localAddress: from }));
	socket.on('error', (error) => count(error.code));
	socket.resume();
	return socket;
};

/* Whatever is closed is opened again. */
const holding = (lanes, use) => async (base, know) => {
	const hold = async (from) => {
		while (!isOver) {
			const socket = connect(base, from);
			const timer = use(socket, know);
			await new Promise((resolve) => socket.once('close', resolve));
			clearInterval(timer);
			count('closed');
			await pause(REFUSED_MS);
		}
	};
	await Promise.all(FROM.flatMap((from) => Array.from({ length: lanes }, () => hold(from))));
};

const headOf = (name, length) =>
	`POST /functions/v1/${name} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n` +
	`content-length: ${length}\r\n\r\n`;

const drip = (name) => (socket) => {
	socket.write(headOf(name, MIB));
	return setInterval(() => socket.write(' '), DRIP_MS);
};

/* ---- the kinds ---- */

const words = (n) =>
	Array.from({ length: n }, () => randomBytes(3).toString('hex')).join(' ');
const sentences = (bytes) =>
	Array.from({ length: Math.ceil(bytes / 40) }, (_, i) => `The sentence ${words(3)} is ${i}.`)
		.join(' ')
		.slice(0, bytes);

let blanks;
const largeBody = () => (blanks ??= Buffer.alloc(17 * MIB, 32));

const large = (name) => asking(() => () => ({
	path: `/functions/v1/${name}`,
	body: largeBody(),
}));

export const KINDS = {
	/* 60 000 distinct keys of comments keep libav busy for as long as it is let. */
	flac: hearing(same(() => flacOfManyKeys(60000))),
	broken: hearing(() =>
		broken(audio(`formats/${FORMATS[Math.floor(Math.random() * FORMATS.length)]}`))
			.toString('base64')),
	/* Valid ones, of the length that the review took. */
	long: hearing(same(() => longSpeech(110))),
	/* Short ones, as many as the rate allows. */
	short: hearing(same(() => audio('speech/spk1_snt3.wav'))),
	/* Who has left when work has begun. */
	leaving: (base, know) => {
		const audio_base64 = longSpeech(20).toString('base64');
		const body = JSON.stringify({ ...know.pairs[0], audio_base64 });
		return holding(LANES, (socket) => {
			socket.write(headOf('speech_to_text', body.length) + body);
			return setInterval(() => socket.destroy(), DRIP_MS);
		})(base, know);
	},
	options: asking(() => () => ({
		...{ method: 'OPTIONS', path: '/functions/v1/agent_reply' },
		...{ body: largeBody(), headers: { origin: 'http://127.0.0.1' } },
	}), 2),
	bodies: large('speech_to_text'),
	drip: holding(40, (socket, know) => {
		const names = ['speech_to_text', 'agent_reply', 'create_session', 'collect_email'];
		return drip(names[know.turn++ % names.length])(socket);
	}),
	silent: holding(100, (socket, know) => {
		if (know.turn++ % 2) socket.write('POST /functions/v1/agent_reply HTTP/1.1\r\nhost:');
		return undefined;
	}),
	signups: asking(() => () =>
		posts('collect_email', { email: `${randomUUID()}@example.com`, name: 'A. Body' })),
	speech: asking((know) => () =>
		posts('text_to_speech', { ...know.pairs[0], text: sentences(4900) })),
	chat: asking((know) => () =>
		posts('groq_chat', {
			...know.pairs[0],
			messages: Array.from({ length: 20 }, () => ({
				...{ role: 'user', content: sentences(2000) },
			})),
		})),
	/* The visitor's own, as somebody who has seen them would send them. */
	keys: asking((know) => () => ({
		...posts('agent_reply', { ...know.pairs[0], user_message: 'Hello there.' }),
		headers: { 'idempotency-key': know.keys[know.turn++ % know.keys.length] },
	})),
	sessions: asking((know) => () => ({
		...posts('create_session', { visitor_id: randomUUID(), consent: true }),
		headers: { 'idempotency-key': know.keys[know.turn++ % know.keys.length] },
	})),
	/* Each from a session of its own, so that none supersedes another. */
	turns: asking((know) => {
		const pair = know.pairs[know.turn++ % know.pairs.length];
		return () => posts('agent_reply', { ...pair, user_message: sentences(1900) });
	}),
	memories: asking((know, lane) => {
		const pair = know.pairs[know.turn++ % know.pairs.length];
		return () =>
			lane % 2
				? posts('save_memory', { ...pair, content: sentences(7900), scope: 'long' })
				: posts('recall_memories', { ...pair, query: sentences(900) });
	}),
	summaries: asking((know) => {
		const pair = know.pairs[know.turn++ % know.pairs.length];
		return () => posts('summarize_session', pair);
	}),
};

/* ---- the process ---- */

const run = async (kind, base) => {
	const lines = createInterface({ input: process.stdin });
	const [text] = await once(lines, 'line');
	const attack = KINDS[kind](base, { ...JSON.parse(text), turn: 0 });
	await once(lines, 'close');
	isOver = true;
	for (const it of open) it.destroy();
	await Promise.race([attack, pause(2000)]);
	console.log(JSON.stringify({ answers }));
	process.exit(0);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(...process.argv.slice(2));
