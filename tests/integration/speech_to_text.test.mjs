/* speech_to_text with the local recogniser: recordings, noise, broken files, containers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
	audio, flacOfManyKeys, keyHeaders, newSession, pairOf, post, supabase, useStack,
} from './env/index.mjs';

const stack = useStack();

const hear = async (bytes, more = {}) => {
	const session = await newSession(stack);
	const audio_base64 = typeof bytes === 'string' ? bytes : bytes.toString('base64');
	return post(stack, 'speech_to_text', { ...pairOf(session), audio_base64, ...more });
};

const words = (text) =>
	text.toLowerCase().replace(/[^a-z0-9' ]/g, ' ').split(/\s+/).filter(Boolean);

/* Levenshtein distance over words: what word error rates count. */
const distance = (a, b) => {
	let row = b.map((_, i) => i + 1);
	for (const [i, x] of a.entries()) {
		let corner = i;
		let left = i + 1;
		row = row.map((above, j) => {
			left = Math.min(above + 1, left + 1, corner + (x === b[j] ? 0 : 1));
			corner = above;
			return left;
		});
	}
	return b.length ? row.at(-1) : a.length;
};

const transcripts = audio('transcripts.tsv').toString().trimEnd().split('\n')
	.map((line) => line.split('\t'));

test('six public recordings are heard with at most 5 % of words wrong', async () => {
	let wrong = 0;
	let all = 0;
	for (const [file, wanted] of transcripts.filter(([name]) => name.startsWith('speech/'))) {
		const { status, json, text } = await hear(audio(file));
		assert.equal(status, 200, text);
		assert.equal(json.provider, 'local');
		assert.equal(json.language, 'en');
		assert.ok(json.confidence > 0.5 && json.confidence <= 1);
		assert.ok(json.audio_ms > 2000 && json.duration_ms >= 0);
		wrong += distance(words(wanted), words(json.text));
		all += words(wanted).length;
	}
	assert.ok(wrong / all <= 0.05, `${wrong} of ${all} words wrong`);
});

test('noise, silence and hum are no speech', async () => {
	const wav = (sampleAt) => {
		const n = 3 * 16000;
		const bytes = Buffer.alloc(44 + 2 * n);
		bytes.write('RIFF', 0);
		bytes.writeUInt32LE(36 + 2 * n, 4);
		bytes.write('WAVEfmt ', 8);
		bytes.writeUInt32LE(16, 16);
		bytes.writeUInt16LE(1, 20);
		bytes.writeUInt16LE(1, 22);
		bytes.writeUInt32LE(16000, 24);
		bytes.writeUInt32LE(32000, 28);
		bytes.writeUInt16LE(2, 32);
		bytes.writeUInt16LE(16, 34);
		bytes.write('data', 36);
		bytes.writeUInt32LE(2 * n, 40);
		for (let i = 0; i < n; i++) bytes.writeInt16LE(Math.round(sampleAt(i)), 44 + 2 * i);
		return bytes;
	};
	const clips = {
		noise2: audio('noise/noise2.wav'),
		noise3: audio('noise/noise3.wav'),
		silence: wav(() => 0),
		hum: wav((i) => 3000 * Math.sin((2 * Math.PI * 50 * i) / 16000)),
	};
	for (const [name, bytes] of Object.entries(clips)) {
		const { status, json, text } = await hear(bytes);
		assert.equal(status, 200, text);
		assert.equal(json.text, '', name);
	}
});

test('a short yes and a real thank you get through', async () => {
	for (const [line, wanted] of [['Yes.', /^yes[.!]?$/i], ['Thank you.', /^thank you[.!]?$/i]]) {
		const spoken = await post(
			stack,
			'text_to_speech',
			{ text: line, format: 'wav' },
			keyHeaders(stack),
		);
		const { json } = await hear(spoken.json.audio_base64);
		assert.match(json.text.trim(), wanted);
	}
});

test('MP3 is heard too, and a data URL is tolerated', async () => {
	const spoken = await post(
		stack,
		'text_to_speech',
		{ text: 'The weather is lovely today.' },
		keyHeaders(stack),
	);
	const { json } = await hear(`data:audio/webm;base64,${spoken.json.audio_base64}`);
	assert.match(json.text, /weather is lovely today/i);
});

test('base64 may come in lines and URL-safe', async () => {
	const wav = audio('speech/spk1_snt3.wav');
	const { json } = await hear(wav);
	const plain = wav.toString('base64');
	const others = {
		lines: plain.replace(/.{76}/g, '$&\r\n'),
		'URL-safe': wav.toString('base64url'),
		both: wav.toString('base64url').replace(/.{64}/g, '$&\n'),
		'data URL': `data:audio/wav;base64,\n${plain.replace(/.{64}/g, '$&\n')}\n`,
	};
	assert.match(others['URL-safe'], /[-_]/);
	for (const [name, text] of Object.entries(others)) {
		const answer = await hear(text);
		assert.equal(answer.status, 200, `${name}: ${answer.text}`);
		assert.equal(answer.json.text, json.text, name);
		assert.equal(answer.json.audio_ms, json.audio_ms, name);
	}
	assert.equal((await hear(`${plain.slice(0, 100)} ${plain.slice(100)}`)).status, 400);
});

test('what can not be decoded is 400 invalid_audio', async () => {
	const clips = {
		awful: audio('malformed/awful.wav'),
		bad: audio('malformed/bad.wav'),
		null: audio('malformed/null.wav'),
		text: Buffer.from('this is no audio at all, whatever it may claim'),
		empty: Buffer.from('RIFF'),
		'not base64': '!!!!',
	};
	for (const [name, bytes] of Object.entries(clips)) {
		const answer = await hear(bytes);
		assert.equal(answer.status, 400, `${name}: ${answer.text}`);
		assert.equal(answer.json.code, 'invalid_audio', name);
		assert.equal(answer.json.field, 'audio_base64', name);
	}
});

test('too much is 413: of base64, of seconds, of body', async () => {
	const flac = (await hear(Buffer.alloc(12.5 * 2 ** 20, 1)));
	assert.equal(flac.status, 413, flac.text.slice(0, 200));
	assert.equal(flac.json.code, 'payload_too_large');
	const body = await hear('A'.repeat(18 * 2 ** 20));
	assert.equal(body.status, 413);
	assert.equal(body.json.code, 'payload_too_large');
	const long = Buffer.alloc(44 + 8000 * 121);
	audio('speech/jfk.wav').copy(long, 0, 0, 44);
	long.writeUInt32LE(long.length - 8, 4);
	long.writeUInt32LE(16, 16);
	long.write('WAVEfmt ', 8);
	long.writeUInt16LE(1, 20);
	long.writeUInt16LE(1, 22);
	long.writeUInt32LE(8000, 24);
	long.writeUInt32LE(8000, 28);
	long.writeUInt16LE(1, 32);
	long.writeUInt16LE(8, 34);
	long.write('data', 36);
	long.writeUInt32LE(long.length - 44, 40);
	const seconds = await hear(long);
	assert.equal(seconds.status, 413, seconds.text.slice(0, 200));
	assert.equal(seconds.json.field, 'audio_base64');
});

test('a recording made to be decoded for ever is refused, and keeps nobody waiting', async () => {
	const bad = flacOfManyKeys(60000);
	const clip = audio('speech/spk1_snt3.wav');
	const refused = Promise.all([hear(bad), hear(bad), hear(bad)]);
	const heard = await hear(clip);
	assert.equal(heard.status, 200, heard.text);
	assert.match(heard.json.text, /air is pure/i);
	for (const answer of await refused) {
		assert.equal(answer.status, 400, answer.text);
		assert.equal(answer.json.code, 'invalid_audio');
		assert.equal(answer.json.field, 'audio_base64');
	}
});

test('in less than a fifth of a second nothing is said', async () => {
	const whole = audio('speech/spk1_snt3.wav');
	const from = 44 + 2 * 16000;
	for (const [ms, provider] of [[190, null], [600, 'local']]) {
		const sound = whole.subarray(from, from + 32 * ms);
		const head = Buffer.from(whole.subarray(0, 44));
		head.writeUInt32LE(36 + sound.length, 4);
		head.writeUInt32LE(sound.length, 40);
		const { status, json, text } = await hear(Buffer.concat([head, sound]));
		assert.equal(status, 200, text);
		assert.equal(json.audio_ms, ms);
		assert.equal(json.provider, provider);
		if (!provider) assert.equal(json.text, '');
	}
});

test('missing and wrong fields are named, sessions are proven', async () => {
	const session = await newSession(stack);
	for (const [body, field] of [
		[{ ...pairOf(session) }, 'audio_base64'],
		[{ ...pairOf(session), audio_base64: 5 }, 'audio_base64'],
		[{ ...pairOf(session), audio_base64: 'AAAA', language: 7 }, 'language'],
		[{ ...pairOf(session), audio_base64: 'AAAA', language: 'klingon' }, 'language'],
		[{ audio_base64: 'AAAA' }, 'session_id'],
	]) {
		const answer = await post(stack, 'speech_to_text', body);
		assert.equal(answer.status, 400, answer.text);
		assert.equal(answer.json.field, field);
	}
	const stranger = { session_id: session.session_id, session_secret: crypto.randomUUID() };
	const answer = await post(stack, 'speech_to_text', { ...stranger, audio_base64: 'AAAA' });
	assert.equal(answer.status, 401);
	assert.equal(answer.json.code, 'invalid_session');
});

test('language takes codes, regions, names and auto, and one that nobody knows', async () => {
	for (const language of ['en', 'EN-us', 'English', 'auto', '', 'ga-IE']) {
		const { json, text } = await hear(audio('speech/spk1_snt3.wav'), { language });
		assert.match(json.text ?? text, /air is pure/i, language);
	}
});

test('its old name still answers, and supabase-js gets along with both', async () => {
	const client = supabase(stack);
	const session = await newSession(stack);
	for (const name of ['speech_to_text', 'speech_to_text_groq']) {
		const { data, error } = await client.functions.invoke(name, {
			body: {
				...pairOf(session),
				audio_base64: audio('speech/spk1_snt3.wav').toString('base64'),
			},
		});
		assert.equal(error, null);
		assert.match(data.text, /air is pure/i);
	}
	assert.ok(!stack.logs('speech_to_text').includes('air is pure'));
});
