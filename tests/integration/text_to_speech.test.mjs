/* text_to_speech: what is spoken, what is not, and to whom. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import http from 'node:http';
import { test } from 'node:test';
import { keyHeaders, newSession, pairOf, post, sql, supabase, useStack } from './env/index.mjs';

const stack = useStack();

const say = (body, headers = keyHeaders(stack)) => post(stack, 'text_to_speech', body, headers);
const bytesOf = ({ json }) => Buffer.from(json.audio_base64, 'base64');

const tokenOf = (sub) => {
	const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
	const claims = { role: 'authenticated', sub, exp: Math.floor(Date.now() / 1000) + 3600 };
	const text = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
	return `${text}.${createHmac('sha256', stack.jwtSecret).update(text).digest('base64url')}`;
};

/* Frames of MPEG audio: version, bit rate, sample rate and channels of each. */
const BIT_RATES = { 3: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320] };
const SAMPLE_RATES = { 3: [44100, 48000, 32000] };

const framesOf = (mp3) => {
	const frames = [];
	for (let at = 0; at + 4 <= mp3.length; ) {
		assert.equal(mp3.readUInt16BE(at) & 0xffe0, 0xffe0, `no frame at ${at}`);
		const version = (mp3[at + 1] >> 3) & 3;
		assert.equal(version, 3, 'MPEG 1');
		const rate = BIT_RATES[version][(mp3[at + 2] >> 4) - 1];
		const hertz = SAMPLE_RATES[version][(mp3[at + 2] >> 2) & 3];
		frames.push({ rate, isMono: mp3[at + 3] >> 6 === 3, ms: (1152 / hertz) * 1000 });
		at += Math.floor((144000 * rate) / hertz) + ((mp3[at + 2] >> 1) & 1);
	}
	return frames;
};

test('a text becomes mono MP3 at a constant 128 kbit/s', async () => {
	const answer = await say({ text: 'Hello there. It is good to hear from you.' });
	assert.equal(answer.status, 200, answer.text);
	const { json } = answer;
	assert.equal(json.format, 'mp3');
	assert.equal(json.text, 'Hello there. It is good to hear from you.');
	assert.equal(json.original_text, json.text);
	assert.equal(json.provider, 'local');
	assert.deepEqual(json.debug_commands, []);
	const mp3 = bytesOf(answer);
	const frames = framesOf(mp3);
	assert.ok(frames.every(({ rate, isMono }) => rate === 128 && isMono));
	const played = frames.reduce((sum, { ms }) => sum + ms, 0);
	assert.ok(played > 1500 && played < 8000, `${played} ms`);
	assert.ok(Math.abs((mp3.length * 8) / 128 - played) < 60, 'a page derives time from size');
});

test('the same text again comes from the cache, another voice does not', async () => {
	const text = `Cached ${crypto.randomUUID().slice(0, 8)}`;
	const first = await say({ text });
	const again = await say({ text });
	assert.equal(first.json.cached, false);
	assert.equal(again.json.cached, true);
	assert.equal(again.json.audio_base64, first.json.audio_base64);
	assert.equal((await say({ text, format: 'wav' })).json.cached, false);
	assert.equal((await say({ text, voice_id: 'other' })).json.cached, false);
});

test('nobody hears from the cache what another was told', async () => {
	const text = `Told ${crypto.randomUUID().slice(0, 8)}`;
	const isCached = async (headers, pair = {}) => {
		const { status, json } = await say({ text, ...pair }, headers);
		assert.equal(status, 200);
		return json.cached;
	};
	const [ana, ben] = [pairOf(await newSession(stack)), pairOf(await newSession(stack))];
	const bearer = (sub) => ({ authorization: `Bearer ${tokenOf(sub)}` });
	assert.equal(await isCached({}, ana), false);
	assert.equal(await isCached({}, ana), true);
	assert.equal(await isCached({}, ben), false, 'another session');
	assert.equal(await isCached(keyHeaders(stack)), false, 'the key alone');
	assert.equal(await isCached(keyHeaders(stack), ana), true, 'as the address does');
	assert.equal(await isCached(bearer('ana')), false, 'a subject');
	assert.equal(await isCached(bearer('ana')), true);
	assert.equal(await isCached(bearer('ben')), false, 'another subject');
	assert.equal(await isCached({}, ben), true);
	const elsewhere = await new Promise((resolve, reject) => {
		const asked = http.request(`${stack.baseUrl}/functions/v1/text_to_speech`, {
			method: 'POST',
			localAddress: '127.0.0.9',
			headers: { 'content-type': 'application/json', ...keyHeaders(stack) },
		});
		asked.on('error', reject);
		asked.on('response', async (response) =>
			resolve(JSON.parse(Buffer.concat(await response.toArray()))),
		);
		asked.end(JSON.stringify({ text }));
	});
	assert.equal(elsewhere.cached, false, 'another address');
	const kept = () =>
		sql(stack, `select count(*) from audio_cache where session_id = :'id'`, {
			id: ana.session_id,
		});
	assert.deepEqual(await kept(), [['1']]);
	await sql(stack, `delete from sessions where id = :'id'`, { id: ana.session_id });
	assert.deepEqual(await kept(), [['0']], 'it goes with its session');
});

test('WAV on request', async () => {
	const wav = bytesOf(await say({ text: 'Hello.', format: 'wav' }));
	assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
	assert.equal(wav.readUInt32LE(4), wav.length - 8);
	assert.equal(wav.readUInt16LE(22), 1);
	assert.equal(wav.readUInt16LE(34), 16);
});

test('pauses are heard and not read', async () => {
	const length = async (text) => {
		const answer = await say({ text, format: 'wav' });
		assert.doesNotMatch(answer.json.text, /pause/);
		return (bytesOf(answer).length - 44) / 2 / 16000;
	};
	const plain = await length('One thing. Another thing.');
	assert.ok((await length('One thing. [pause:2s] Another thing.')) > plain + 1.7);
	const longest = await length('One thing. [pause:60] Another thing.');
	assert.ok(longest < plain + 3.5 && longest > plain + 2.5, 'at most three seconds');
});

test('leaked tool text is not spoken', async () => {
	const { json } = await say({
		text: 'Nice. save_extract{"intent":"x","entities":{"a":{}}} Tell me more.',
	});
	assert.equal(json.text, 'Nice. Tell me more.');
	assert.equal(json.debug_commands.length, 1);
	assert.match(json.debug_commands[0], /^save_extract/);
});

test('nothing to speak is no audio and no error', async () => {
	for (const text of ['\u200b', '...', '[pause:1s]', ' \n ', '***']) {
		const answer = await say({ text });
		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.json.audio_base64, null);
	}
});

test('a key or a session is needed', async () => {
	const none = await say({ text: 'hi' }, {});
	assert.equal(none.status, 401);
	assert.equal(none.json.code, 'unauthorized');
	const session = await newSession(stack);
	assert.equal((await say({ text: 'hi', ...pairOf(session) }, {})).status, 200);
	const wrong = { ...pairOf(session), session_secret: crypto.randomUUID() };
	const refused = await say({ text: 'hi', ...wrong }, {});
	assert.equal(refused.status, 401);
	assert.equal(refused.json.code, 'invalid_session');
});

test('a bad request names its field', async () => {
	for (const [body, field] of [
		[{}, 'text'],
		[{ text: '' }, 'text'],
		[{ text: 'x'.repeat(5001) }, 'text'],
		[{ text: 'ABC '.repeat(1200) }, 'text'], // would be spelled for ten minutes
		[{ text: 'x', format: 'ogg' }, 'format'],
		[{ text: 'x', voice_id: 7 }, 'voice_id'],
	]) {
		const answer = await say(body);
		assert.equal(answer.status, 400, answer.text);
		assert.equal(answer.json.field, field);
	}
});

test('any writing is spoken or passed over, never an error', async () => {
	for (const [text, isSpoken] of [
		['naïve café — “quoted”', true],
		['100 % & €5 @home', true],
		['A'.repeat(300), true],
		['a '.repeat(2000), true],
		['9'.repeat(4000), true], // its beginning
		['日本語のテキスト', false], // the local voice knows English only, and says so
		['🙂🙂', false],
	]) {
		const answer = await say({ text });
		assert.equal(answer.status, 200, `${text.slice(0, 20)}: ${answer.text.slice(0, 200)}`);
		assert.equal(answer.json.audio_base64 !== null, isSpoken, text.slice(0, 20));
	}
	assert.deepEqual((await say({ text: '日本語のテキスト' })).json.degraded, ['tts']);
});

test('supabase-js gets it as a page does', async () => {
	const { data, error } = await supabase(stack).functions.invoke('text_to_speech', {
		body: { text: 'Hello from the page.' },
	});
	assert.equal(error, null);
	assert.ok(framesOf(Buffer.from(data.audio_base64, 'base64')).length > 20);
});
