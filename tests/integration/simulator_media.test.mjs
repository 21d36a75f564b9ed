/* The official clients against the provider simulator: what they understand of it is what they
 * understand of the real services, so the simulator cannot drift from them unseen. This file:
 * hearing, speaking and embedding. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ElevenLabs, ElevenLabsError } from '@elevenlabs/elevenlabs-js';
import Groq from 'groq-sdk';
import OpenAI from 'openai';
import { collect, newGroq, newOpenAI, newVoice, skipWaits, useSimulator } from './env/sdk.mjs';

const used = useSimulator();

const bytesOf = async (stream) => Buffer.concat(await collect(stream));

/* A WAV of silence: enough of a file for the services' own checks. */
const wav = (seconds, rate = 16000) => {
	const data = Buffer.alloc(Math.round(seconds * rate) * 2);
	const head = Buffer.alloc(44);
	head.write('RIFF', 0);
	head.writeUInt32LE(36 + data.length, 4);
	head.write('WAVEfmt ', 8);
	head.writeUInt32LE(16, 16);
	head.writeUInt16LE(1, 20);
	head.writeUInt16LE(1, 22);
	head.writeUInt32LE(rate, 24);
	head.writeUInt32LE(rate * 2, 28);
	head.writeUInt16LE(2, 32);
	head.writeUInt16LE(16, 34);
	head.write('data', 36);
	head.writeUInt32LE(data.length, 40);
	return Buffer.concat([head, data]);
};

describe('transcriptions', () => {
	const upload = async (options = {}, bytes = wav(0.5), name = 'speech.wav') =>
		newGroq(used.env).audio.transcriptions.create({
			file: await Groq.toFile(bytes, name, { type: 'audio/wav' }),
			model: 'whisper-large-v3-turbo',
			...options,
		});

	test('an upload is heard; the record tells the form as it came', async () => {
		const heard = await upload({ language: 'en', temperature: 0 });
		assert.equal(heard.text, 'This is a simulated transcript.');
		const [{ parts }] = await used.sim.requests();
		const file = parts.find((part) => part.name === 'file');
		assert.deepEqual(
			[file.filename, file.type, file.size],
			['speech.wav', 'audio/wav', 16044],
		);
		assert.equal(parts.find((part) => part.name === 'language').value, 'en');
	});

	test('verbose_json carries the evidence', async () => {
		await used.sim.reply({
			provider: 'groq',
			reply: {
				text: 'Thank you.',
				no_speech_prob: 0.9,
				avg_logprob: -1.4,
			},
		});
		const heard = await upload({
			response_format: 'verbose_json',
			timestamp_granularities: ['segment', 'word'],
		});
		assert.equal(heard.duration, 0.5);
		assert.equal(heard.segments[0].no_speech_prob, 0.9);
		assert.equal(heard.segments[0].avg_logprob, -1.4);
		assert.deepEqual(
			heard.words.map((word) => word.word),
			['Thank', 'you.'],
		);
		assert.match(heard.x_groq.id, /^req_/);
	});

	const refused = [
		[
			'a file name without a known extension',
			{},
			wav(0.5),
			'speech.bin',
			Groq.BadRequestError,
		],
		[
			'bytes that are no WAV',
			{},
			Buffer.from('no sound here'),
			'speech.wav',
			Groq.BadRequestError,
		],
		[
			'a content type of another kind',
			{},
			wav(0.5),
			'speech.mp3',
			Groq.BadRequestError,
		],
		['an empty file', {}, Buffer.alloc(0), 'speech.wav', Groq.BadRequestError],
		[
			'an unknown model',
			{ model: 'whisper-9' },
			wav(0.5),
			'speech.wav',
			Groq.NotFoundError,
		],
		[
			'an unknown format',
			{ response_format: 'srt' },
			wav(0.5),
			'speech.wav',
			Groq.BadRequestError,
		],
		[
			'words without verbose_json',
			{ timestamp_granularities: ['word'] },
			wav(0.5),
			'speech.wav',
			Groq.BadRequestError,
		],
		['more than 25 MB', {}, wav(820), 'speech.wav', Groq.APIError],
	];
	for (const [what, options, bytes, name, error] of refused)
		test(`${what} is refused`, () =>
			assert.rejects(upload(options, bytes, name), error));

	test('OpenAI hears too', async () => {
		const heard = await newOpenAI(used.env).audio.transcriptions.create({
			file: await OpenAI.toFile(wav(0.5), 'speech.wav'),
			model: 'whisper-1',
		});
		assert.equal(heard.text, 'This is a simulated transcript.');
	});
});

describe('openai: embeddings', () => {
	const embed = (options) =>
		newOpenAI(used.env).embeddings.create({
			model: 'text-embedding-3-small',
			input: 'a cat sat',
			...options,
		});
	const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

	test("base64, the client's default, and float give the same unit vector", async () => {
		const packed = (await embed()).data[0].embedding;
		const plain = (await embed({ encoding_format: 'float' })).data[0].embedding;
		assert.equal(packed.length, 1536);
		assert.ok(Math.abs(dot(packed, plain) - 1) < 1e-5);
	});

	test('texts that share words are nearer than texts that do not', async () => {
		const { data } = await embed({
			input: ['a cat sat', 'the cat sat down', 'tax law'],
		});
		const [cat, cats, law] = data.map((item) => item.embedding);
		assert.ok(dot(cat, cats) > dot(cat, law) + 0.3);
	});

	test('a shuffled batch is told apart by index', async () => {
		await used.sim.reply({
			provider: 'openai',
			operation: 'embed',
			reply: { shuffle: true },
		});
		const input = ['one', 'two', 'three'];
		const { data, usage } = await embed({ input, dimensions: 256 });
		assert.deepEqual(
			data.map((item) => item.index),
			[2, 1, 0],
		);
		assert.equal(data[0].embedding.length, 256);
		assert.equal(usage.total_tokens, 3);
	});

	const refused = [
		['an empty text', { input: '' }],
		['no texts', { input: [] }],
		['2049 texts', { input: Array(2049).fill('x') }],
		['8193 tokens', { input: 'x '.repeat(8193) }],
		['more dimensions than the model has', { dimensions: 4096 }],
		['an unknown member', { truncate: true }],
	];
	for (const [what, options] of refused)
		test(`${what} is a BadRequestError`, () =>
			assert.rejects(embed(options), OpenAI.BadRequestError));

	test('an empty purse is told by its code', async () => {
		await used.sim.fault({
			provider: 'openai',
			fault: { status: 429, quota: 'insufficient' },
		});
		await assert.rejects(embed(), { status: 429, code: 'insufficient_quota' });
	});
});

describe('elevenlabs', () => {
	const speak = (
		options = {},
		client = newVoice(used.env),
		voice = used.env.ELEVENLABS_VOICE_ID,
	) => client.textToSpeech.convert(voice, { text: 'Hello, visitor.', ...options });
	const isFrame = (audio, at) => audio.readUInt16BE(at) === 0xfffb;

	test('convert gives MP3 frames, mono, as long as the text asks', async () => {
		const audio = await bytesOf(await speak({ modelId: 'eleven_flash_v2_5' }));
		assert.ok(isFrame(audio, 0) && audio[2] >> 4 === 9 && audio[3] >> 6 === 3);
		const frames = Math.ceil((15 * 60 * 44.1) / 1152);
		assert.equal(audio.length, Math.floor((frames * 144000 * 128) / 44100));
		const longer = await bytesOf(await speak({ text: 'Hello, visitor. '.repeat(4) }));
		assert.ok(longer.length > 3 * audio.length);
	});

	test('stream gives the same sound; PCM comes in the asked rate', async () => {
		const whole = await bytesOf(await speak());
		const pieces = await newVoice(used.env).textToSpeech.stream(
			used.env.ELEVENLABS_VOICE_ID,
			{ text: 'Hello, visitor.' },
		);
		assert.deepEqual(await bytesOf(pieces), whole);
		const pcm = await bytesOf(await speak({ outputFormat: 'pcm_16000' }));
		assert.equal(pcm.length, 15 * 60 * 16 * 2);
	});

	test('a stream has the pace that was asked for', async () => {
		await used.sim.reply({
			provider: 'elevenlabs',
			operation: 'speak_stream',
			reply: { first_ms: 50, speed: 10, duration_ms: 3000 },
		});
		const began = performance.now();
		const pieces = await newVoice(used.env).textToSpeech.stream(
			used.env.ELEVENLABS_VOICE_ID,
			{ text: 'Hello, visitor.' },
		);
		assert.ok((await bytesOf(pieces)).length > 47000);
		assert.ok(performance.now() - began >= 50 + 250);
	});

	const statusCode = (code, status) => (error) => {
		assert.ok(error instanceof ElevenLabsError, error.constructor.name);
		assert.equal(error.statusCode, code);
		if (status) assert.equal(error.body.detail.status, status);
		return true;
	};

	test("refusals have the service's status and both shapes of detail", async () => {
		await assert.rejects(
			speak({}, newVoice(used.env, { apiKey: 'other' })),
			statusCode(401, 'invalid_api_key'),
		);
		await assert.rejects(
			speak({}, newVoice(used.env), 'nobody'),
			statusCode(400, 'voice_not_found'),
		);
		await assert.rejects(
			speak({ text: 'x'.repeat(10001) }),
			statusCode(400, 'max_character_limit_exceeded'),
		);
		await assert.rejects(speak({ outputFormat: 'mp3_44100_192' }), statusCode(403));
		await assert.rejects(speak({ voiceSettings: { stability: 3 } }), (error) => {
			assert.ok(error instanceof ElevenLabs.UnprocessableEntityError);
			assert.deepEqual(error.body.detail[0].loc, [
				'body',
				'voice_settings',
				'stability',
			]);
			return true;
		});
	});

	test('busy and over the plan are both 429, told apart by status', async () => {
		await used.sim.fault(
			['busy', 'concurrent'].map((quota) => ({
				provider: 'elevenlabs',
				fault: { status: 429, quota },
			})),
		);
		await assert.rejects(speak(), statusCode(429, 'system_busy'));
		await assert.rejects(speak(), statusCode(429, 'too_many_concurrent_requests'));
	});

	test('Retry-After is waited for by the client', async (t) => {
		const waits = skipWaits(t, 3000);
		await used.sim.fault({
			provider: 'elevenlabs',
			fault: { status: 429, quota: 'busy', retry_after: 3 },
		});
		await speak({}, newVoice(used.env, { maxRetries: 1 }));
		assert.deepEqual(waits, [3000]);
	});

	test('a voice cut in the middle is an error, not short audio', async () => {
		await used.sim.fault({ provider: 'elevenlabs', fault: { cut_after_bytes: 2000 } });
		await assert.rejects(async () => bytesOf(await speak()));
		const [request] = await used.sim.wait({
			provider: 'elevenlabs',
			state: 'received',
		});
		assert.equal(request.finished, false);
	});
});
