/* What `make bench-turn` measures with, measured: a benchmark that is wrong is believed. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runLoad, startProvider } from '../bench/drive.mjs';
import { poll } from './env/client.mjs';
import { collect, newGroq, newOpenAI, newVoice } from './env/sdk.mjs';

const flavour = process.env.FLAVOUR ?? 'asan';
const DELAYS = {
	...{ first_ms: 60, tokens_per_s: 100, tokens: 10, extract_ms: 40 },
	...{ speech_ms: 30, speech_speed: 10 },
};
const ask = (messages = [{ role: 'user', content: 'Hello' }]) => ({
	model: 'llama-3.3-70b-versatile',
	messages,
});

describe('the provider', () => {
	let provider;
	let env;
	before(async () => {
		provider = await startProvider({ flavour, ...DELAYS });
		env = {
			...{ GROQ_API_KEY: 'k', OPENAI_API_KEY: 'k', ELEVENLABS_API_KEY: 'k' },
			GROQ_BASE_URL: provider.url,
			OPENAI_BASE_URL: `${provider.url}/v1`,
			ELEVENLABS_BASE_URL: provider.url,
		};
	});
	after(() => provider.stop());

	test("Groq's client reads its stream, which takes as long as was said", async () => {
		const began = performance.now();
		const chunks = await collect(
			await newGroq(env).chat.completions.create({ ...ask(), stream: true }),
		);
		assert.ok(performance.now() - began >= 60 + 9 * 10 - 1);
		const text = chunks.map((chunk) => chunk.choices[0].delta.content ?? '').join('');
		assert.match(text, /^[A-Z][a-z ]+\. [A-Z][a-z ]+\.$/);
		assert.equal(text.split(' ').length, DELAYS.tokens);
		assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
		assert.equal(chunks.at(-1).x_groq.usage.completion_tokens, DELAYS.tokens);
	});

	test('a word tells whose request it was, in the reply and in the log', async () => {
		const dir = mkdtempSync(join(tmpdir(), 'scribe-provider-'));
		const log = join(dir, 'log');
		const other = await startProvider({ flavour, ...DELAYS, sentences: 3, tokens: 12, log });
		try {
			const asked = ask([{ role: 'user', content: 'zqold Hello zqnew.' }]);
			const groq = newGroq({ ...env, GROQ_BASE_URL: other.url });
			const chunks = await collect(
				await groq.chat.completions.create({ ...asked, stream: true }),
			);
			const text = chunks.map((chunk) => chunk.choices[0].delta.content ?? '').join('');
			assert.match(text, /^(?:[A-Z][a-z]* zqnew [a-z]+ [a-z]+\. ?){3}$/);
			const [tag, what, from, to, how] = readFileSync(log, 'utf8').trim().split(' ');
			assert.deepEqual([tag, what, how], ['zqnew', 'reply', 'whole']);
			assert.ok(Number(to) - Number(from) >= (60 + 11 * 10 - 1) * 1000);
		} finally {
			await other.stop();
			rmSync(dir, { recursive: true });
		}
	});

	test('no two replies are the same', async () => {
		const reply = async () =>
			(await collect(await newGroq(env).chat.completions.create({ ...ask(), stream: true })))
				.map((chunk) => chunk.choices[0].delta.content ?? '')
				.join('');
		assert.notEqual(await reply(), await reply());
	});

	test('a forced call comes whole', async () => {
		const named = (name) => ({ type: 'function', function: { name } });
		for (const [name, member] of [
			['save_extract', 'intent'],
			['save_summary', 'executive_summary'],
		]) {
			const answer = await newGroq(env).chat.completions.create({
				...ask(),
				tools: [named(name)],
				tool_choice: named(name),
			});
			const call = answer.choices[0].message.tool_calls[0].function;
			assert.equal(call.name, name);
			assert.ok(JSON.parse(call.arguments)[member]);
		}
	});

	test("ElevenLabs' client gets whole MP3 frames that last as long as the text", async () => {
		const spoken = await newVoice(env).textToSpeech.convert('Voice', {
			text: 'A "quoted" text of fifty characters, all of it here',
			outputFormat: 'mp3_44100_128',
		});
		const audio = Buffer.concat(await collect(spoken));
		let frames = 0;
		for (let at = 0; at < audio.length; frames++) {
			assert.equal(audio.readUInt32BE(at) & 0xfffffdff, 0xfffb90c4 | 0);
			at += 417 + ((audio[at + 2] >> 1) & 1);
			assert.ok(at <= audio.length);
		}
		const ms = (frames * 1152 * 1000) / 44100;
		assert.ok(ms > 2900 && ms < 3200, `${ms} ms`);
		assert.ok(Math.abs((audio.length * 8) / ms - 128) < 1);
	});

	test('its stream is as quick as was said, and the same sound', async () => {
		const words = { text: 'A text of some fifty characters, all of it here.' };
		const { textToSpeech } = newVoice(env);
		const began = performance.now();
		const pieces = await collect(await textToSpeech.stream('Voice', words));
		const took = performance.now() - began;
		const sound = Buffer.concat(pieces);
		const whole = Buffer.concat(await collect(await textToSpeech.convert('Voice', words)));
		assert.deepEqual(sound, whole);
		assert.ok(pieces.length > 3, `${pieces.length} pieces`);
		assert.ok(took >= 30 + ((sound.length - 4096) * 8) / 128 / 10 - 1, `${took} ms`);
	});

	test("OpenAI's client gets vectors, near each other where words are shared", async () => {
		const { data } = await newOpenAI(env).embeddings.create({
			model: 'text-embedding-3-small',
			input: ['The bakery burns "bread"', 'the BAKERY burns', 'A boat\non a lake'],
		});
		const dot = (a, b) => a.embedding.reduce((sum, x, i) => sum + x * b.embedding[i], 0);
		assert.deepEqual(
			data.map(({ embedding }) => embedding.length),
			[1536, 1536, 1536],
		);
		for (const one of data) assert.ok(Math.abs(dot(one, one) - 1) < 1e-3);
		assert.ok(dot(data[0], data[1]) > 0.7);
		assert.ok(Math.abs(dot(data[0], data[2])) < 0.3);
	});

	test('who leaves is counted and holds nothing', async () => {
		const leave = new AbortController();
		const stream = await newGroq(env).chat.completions.create(
			{ ...ask(), stream: true },
			{ signal: leave.signal },
		);
		for await (const chunk of stream) if (chunk.choices[0].delta.content) break;
		leave.abort();
		const stats = await poll(async () => {
			const now = await provider.stats();
			return now.gone > 0 && now;
		});
		assert.equal(stats.waiting, 0);
	});
});

/* A server that answers as the test says; `answer` gets (response, body, number of the request). */
const withServer = async (answer, fn) => {
	let n = 0;
	const server = createServer(async (request, response) => {
		const number = n++;
		answer(response, Buffer.concat(await collect(request)).toString(), number);
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	try {
		return await fn(server.address().port);
	} finally {
		server.closeAllConnections();
		server.close();
	}
};

const load = (port, options) =>
	runLoad({ flavour, port, path: '/', messages: ['"m":1'], ...options });

describe('the load', () => {
	test('a stall is felt by all that were due in it', async () => {
		const waiting = [];
		const stall = (response) => {
			waiting.push(response);
			if (waiting.length < 20) return;
			for (const one of waiting.splice(0)) one.end('{}');
		};
		const report = await withServer(stall, (port) => load(port, { rate: 40, seconds: 0.5 }));
		assert.deepEqual(report.answers, { 200: 20 });
		/* The first waited for the last, 475 ms; the tenth for half of that. */
		assert.ok(report.max_ms >= 470, `${report.max_ms}`);
		assert.ok(report.p50_ms >= 220, `${report.p50_ms}`);
		assert.equal(report.in_flight_max, 20);
	});

	test('a lane is never in two requests, and each message is sent once', async () => {
		const busy = new Set();
		const bodies = [];
		const hold = (response, text) => {
			const body = JSON.parse(text);
			bodies.push(body.m);
			assert.ok(!busy.has(body.lane), 'a lane is busy');
			busy.add(body.lane);
			setTimeout(() => {
				busy.delete(body.lane);
				response.end('{}');
			}, 60);
		};
		const report = await withServer(hold, (port) =>
			load(port, {
				...{ rate: 50, seconds: 1, in_use: 2 },
				lanes: Array.from({ length: 50 }, (_, i) => `"lane":${i}`),
				messages: Array.from({ length: 50 }, (_, i) => `"m":${i}`),
			}),
		);
		assert.deepEqual(report.answers, { 200: 50 });
		assert.equal(new Set(bodies).size, 50);
	});

	test('marks are found across pieces, failures by their kind', async () => {
		const answer = (response, _, n) => {
			if (n % 4 === 0) response.destroy();
			else if (n % 4 === 1) response.writeHead(503).end('no');
			else if (n % 4 === 2)
				response.write('{"degr', () => setImmediate(() => response.end('aded"}')));
			/* The fourth is not answered at all. */
		};
		const report = await withServer(answer, (port) =>
			load(port, { rate: 20, seconds: 1, timeout_ms: 3000, marks: ['"degraded"', 'no'] }),
		);
		assert.deepEqual(report.answers, { 200: 5, 503: 5, closed: 5, timeout: 5 });
		assert.deepEqual(report.marked, { '"degraded"': 5, no: 5 });
	});

	test('pieces of sound that come out of turn are found, however they are cut', async () => {
		const streams = [
			['{"seq":0,"part":0,', '{"seq":0,"part":1,', '{"seq":1,"part":0,'],
			['{"seq":0,"pa', 'rt":0,"x":"{\\"seq', '{"se', 'q":1,"part":0}'],
			['{"seq":0,"part":0,', '{"seq":0,"part":2,'],
			['{"seq":1,"part":0,'],
			['{"seq":0,"part":0,', '{"seq":1,"part":1,'],
		];
		const answer = (response, _, n) => {
			const pieces = [...streams[n]];
			const next = () => {
				const piece = pieces.shift();
				if (piece) response.write(piece, () => setImmediate(next));
				else response.end();
			};
			next();
		};
		const report = await withServer(answer, (port) =>
			load(port, { rate: streams.length, seconds: 1, ordered: 1 }),
		);
		assert.deepEqual(report.answers, { 200: streams.length });
		assert.equal(report.disordered, 3);
	});

	test('a mark is timed when it comes, not when its answer ends', async () => {
		const answer = (response) => {
			response.write('event: early');
			setTimeout(() => response.end('event: late'), 500);
		};
		const marks = ['early', 'late', 'never'];
		const report = await withServer(answer, (port) =>
			load(port, { rate: 10, seconds: 1, marks }),
		);
		const { early, late } = report.marks_ms;
		assert.ok(late.p50 >= early.p50 + 250, JSON.stringify(report.marks_ms));
		assert.ok(report.p50_ms >= late.p50);
	});
});
