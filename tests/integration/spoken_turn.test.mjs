/* One request for a spoken turn: agent_reply hears a recording and answers it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
	audio, longSpeech, newSession, pairOf, post, readEvents, sql, supabase, supabaseVersions,
	useStack,
} from './env/index.mjs';

const stack = useStack();

const CLIP = audio('speech/spk1_snt5.wav');
const WORDS = /best part of the week/i;

const say = (session, bytes, more = {}, headers = {}) =>
	post(stack, 'agent_reply', {
		...pairOf(session),
		audio_base64: typeof bytes === 'string' ? bytes : bytes.toString('base64'),
		audio: false,
		...more,
	}, headers);

const type = (session, user_message) =>
	post(stack, 'agent_reply', { ...pairOf(session), user_message, audio: false });

const headersOf = ({ session_id, session_secret }, more = {}) => ({
	'content-type': 'audio/wav',
	'x-session-id': session_id,
	'x-session-secret': session_secret,
	...more,
});

const sayRaw = (session, bytes, more = {}) =>
	post(stack, 'agent_reply', bytes, headersOf(session, more));

const utterances = (session) =>
	sql(
		stack,
		`select speaker, text, asr_conf from utterances where session_id = :'id' order by position`,
		{ id: session.session_id },
	);

const turnsOf = async (session) =>
	Number((await sql(stack, `select turn from sessions where id = :'id'`, {
		id: session.session_id,
	}))[0][0]);

/* What the program noted of a request: what it cost, not what was said. */
const noted = (id) =>
	stack.logs('agent_reply').split('\n').filter((line) => line.includes(id))
		.map((line) => JSON.parse(line)).find(({ event }) => event === 'request');

const assertHeard = ({ status, text, json }) => {
	assert.equal(status, 200, text);
	assert.match(json.heard.text, WORDS);
	assert.ok(json.heard.confidence > 0.5 && json.heard.confidence <= 1);
	assert.equal(json.heard.language, 'en');
	assert.ok(json.heard.audio_ms > 1500);
	assert.ok(json.timings.heard_ms > 0);
	assert.ok(json.text.length > 5);
};

test('a recording in JSON is heard and answered, and both sides are kept', async () => {
	const session = await newSession(stack);
	const more = { audio: true, mode: 'mentor', turn_id: 't-1' };
	const answer = await say(session, CLIP, more, { 'x-request-id': 'heard-1' });
	assertHeard(answer);
	assert.ok(noted('heard-1').decode_ms > 0);
	assert.equal(answer.json.provider, 'builtin');
	assert.ok(answer.json.audio_base64.length > 16000);
	assert.equal(answer.json.current_mode, 'mentor');
	assert.equal(answer.json.turn_id, 't-1');
	const [said, replied] = await utterances(session);
	assert.deepEqual(said.slice(0, 2), ['visitor', answer.json.heard.text]);
	assert.ok(Math.abs(said[2] - answer.json.heard.confidence) < 0.001, said[2]);
	assert.deepEqual(replied, ['agent', answer.json.text, '']);
	assert.ok(!stack.logs('agent_reply').includes('best part of the week'));
	assert.equal((await type(session, 'Hello.')).json.heard, undefined);
	assert.equal((await utterances(session))[2][2], '', 'what is written was not heard');
});

test('a recording may be the body, and its session in headers, which no log holds', async () => {
	const session = await newSession(stack);
	const answer = await sayRaw(session, CLIP, { 'x-turn-id': 'turn of a raw body' });
	assertHeard(answer);
	assert.ok(answer.json.audio_base64.length > 16000);
	assert.equal(answer.json.turn_id, 'turn of a raw body');
	assert.deepEqual((await utterances(session)).map(([who]) => who), ['visitor', 'agent']);
	for (const name of ['access', 'nginx', 'agent_reply'])
		for (const text of [session.session_secret, 'turn of a raw body'])
			assert.ok(!stack.logs(name).includes(text), name);
});

/* What supabase-js, and fetch() where it is told nothing, say of bytes. */
const ANY_BYTES = { 'content-type': 'application/octet-stream' };

for (const version of supabaseVersions)
	test(`supabase-js (${version}) sends a Blob and an ArrayBuffer as they are`, async () => {
		const { functions } = supabase(stack, { version });
		const session = await newSession(stack);
		const { 'content-type': named, ...headers } = headersOf(session);
		const blob = new Blob([CLIP], { type: named });
		for (const body of [blob, await blob.arrayBuffer()]) {
			const { data, error } = await functions.invoke('agent_reply', { body, headers });
			assert.equal(await error?.context?.text(), undefined);
			assert.match(data.heard.text, WORDS);
		}
	});

test('supabase-js 2.55 sends nothing where a Content-Type is given, and is told so', async () => {
	const session = await newSession(stack);
	const { 'content-type': named, ...headers } = headersOf(session);
	const order = { body: new Blob([CLIP]), headers: { ...headers, 'Content-Type': named } };
	const old = await supabase(stack).functions.invoke('agent_reply', order);
	const { code, field, error } = await old.error.context.json();
	assert.deepEqual([code, field], ['invalid_audio', 'body']);
	assert.match(error, /^body: is empty/);
	const current = supabase(stack, { version: 'current' });
	const { data } = await current.functions.invoke('agent_reply', order);
	assert.match(data.heard.text, WORDS);
});

test('a recording without a Content-Type, and one under another', async () => {
	const session = await newSession(stack);
	const { 'content-type': _, ...headers } = headersOf(session);
	assertHeard(await sayRaw(session, CLIP, { 'content-type': '' }));
	for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'video/webm']) {
		const { status, json, text } = await sayRaw(session, CLIP, { 'content-type': type });
		assert.deepEqual([status, json.code, json.field],
			[400, 'invalid_request', 'Content-Type'], text);
		assert.match(json.error, /audio\/\.\.\. or application\/octet-stream/);
	}
	const written = { ...pairOf(session), user_message: 'Hello.', audio: false };
	for (const [more, type] of [
		[headers, 'application/json'],
		[headers, 'text/plain;charset=UTF-8'],
		[{}, 'application/octet-stream'],
	]) {
		const asked = { ...more, 'content-type': type };
		const answer = await post(stack, 'agent_reply', JSON.stringify(written), asked);
		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.json.heard, undefined, type);
	}
	const nothing = await sayRaw(session, '', { 'content-type': 'application/json' });
	assert.match(nothing.json.error, /the body is empty/);
});

/* The events of a turn that is asked for as a stream. */
const eventsOf = async (session, bytes, more = {}) => {
	const response = await fetch(`${stack.baseUrl}/functions/v1/agent_reply`, {
		method: 'POST',
		headers: headersOf(session, { accept: 'text/event-stream', ...more }),
		body: bytes,
	});
	assert.equal(response.status, 200);
	const events = [];
	for await (const event of readEvents(response.body)) events.push(event);
	return events;
};

test('as events: what was heard comes first, then the turn; to a key again, too', async () => {
	const session = await newSession(stack);
	const key = { 'idempotency-key': 'a spoken stream' };
	const [heard, meta, ...rest] = await eventsOf(session, CLIP, key);
	assert.deepEqual([heard.event, meta.event], ['heard', 'meta']);
	assert.match(heard.data.text, WORDS);
	const { event, data } = rest.at(-1);
	assert.equal(event, 'done');
	assert.deepEqual(data.heard, heard.data);
	assert.ok(rest.some((one) => one.event === 'audio'));
	const again = await eventsOf(session, CLIP, key);
	assert.deepEqual(again[0], heard);
	assert.deepEqual(again.filter((one) => one.event === 'heard').length, 1);
	assert.equal(again.at(-1).data.text, data.text);
	assert.equal(await turnsOf(session), 1);
	const silence = Buffer.from(CLIP);
	silence.fill(0, silence.indexOf('data') + 8);
	const nothing = await eventsOf(session, silence);
	const told = nothing.map((one) => [one.event, one.data.text]);
	assert.deepEqual(told, [['heard', ''], ['done', '']]);
	assert.equal(await turnsOf(session), 1);
});

test('nobody said anything: no turn, no words, and no model is asked', async () => {
	const session = await newSession(stack, { mode: 'storyteller' });
	const silence = Buffer.from(CLIP);
	silence.fill(0, silence.indexOf('data') + 8);
	for (const answer of [
		await say(session, silence, { audio: true, mode: 'mentor', turn_id: 'mine' }),
		await say(session, audio('noise/noise2.wav')),
		await sayRaw(session, silence),
	]) {
		const { status, json, text } = answer;
		assert.equal(status, 200, text);
		assert.deepEqual(
			[json.text, json.heard.text, json.extract, json.provider, json.audio_base64],
			['', '', null, null, null],
		);
		assert.equal(json.session_id, session.session_id);
		assert.equal(json.current_mode, 'storyteller');
		assert.ok(json.heard.audio_ms > 1000);
	}
	assert.deepEqual(await utterances(session), []);
	assert.equal(await turnsOf(session), 0);
});

test('who only shows that they listen, into a reply, begins no turn', async () => {
	const session = await newSession(stack);
	const said = { ...pairOf(session), text: 'Okay.' };
	const { json: { audio_base64: uhHuh } } = await post(stack, 'text_to_speech', said);
	const { json, text } = await say(session, uhHuh, { barge_in: true, turn_id: 'mine' });
	assert.match(json.heard?.text ?? text, /^ok(ay)?\W?$/i);
	assert.equal(json.heard.is_backchannel, true);
	assert.deepEqual([json.text, json.turn_id, json.current_mode], ['', 'mine', 'professional']);
	const typed = (user_message, more) => post(stack, 'agent_reply',
		{ ...pairOf(session), user_message, audio: false, barge_in: true, ...more });
	assert.equal((await typed('Mm-hm.')).json.text, '');
	const prepared = await typed('Uh-huh.', { speculative: true });
	assert.deepEqual(prepared.json, { prepared: false }, prepared.text);
	const wrong = await typed('Mm-hm.', { session_secret: crypto.randomUUID() });
	assert.equal(wrong.status, 401, wrong.text);
	assert.equal(await turnsOf(session), 0);
	assert.deepEqual(await utterances(session), []);
	const late = await typed(`${'okay '.repeat(420)} please stop, I want to kill myself`);
	assert.match(late.json.text, /seriously/, 'all of it is read');
	assert.ok((await typed('Yes.')).json.text, 'to somebody in danger a word is one');
	await sql(stack, `delete from utterances where session_id = :'id'`, { id: session.session_id });
	const stop = await typed('Okay, stop.');
	assert.ok(stop.json.text, 'who wants the word has it');
	const answer = await say(session, uhHuh);
	assert.ok(answer.json.text, 'an answer is one');
	assert.equal(answer.json.heard.is_backchannel, undefined);
	assert.equal((await utterances(session)).length, 4);
});

test('what was heard is the message: the same words are one turn, however they came', async () => {
	const session = await newSession(stack);
	const first = await say(session, CLIP);
	/* As if it were over only now: a busy machine may take the two seconds for the rest. */
	await sql(stack, `update turns set finished_at = now() + interval '1 minute'
		where session_id = :'id'`, { id: session.session_id });
	const answers = [first, ...await Promise.all(
		[say(session, CLIP.toString('base64url')), sayRaw(session, CLIP)],
	)];
	answers.forEach(assertHeard);
	assert.equal(new Set(answers.map(({ json }) => json.turn_id)).size, 1);
	const typed = await type(session, answers[0].json.heard.text);
	assert.equal(typed.json.turn_id, answers[0].json.turn_id);
	assert.equal(typed.json.heard, undefined);
	assert.equal((await utterances(session)).length, 2);
	assert.equal(await turnsOf(session), 1);
});

test('an Idempotency-Key covers the recording, in JSON and as the body', async () => {
	const session = await newSession(stack);
	const other = audio('speech/spk1_snt1.wav');
	const ways = {
		JSON: say,
		body: (of, bytes, _, headers) => sayRaw(of, bytes, headers),
		bytes: (of, bytes, _, headers) => sayRaw(of, bytes, { ...headers, ...ANY_BYTES }),
	};
	for (const [name, way] of Object.entries(ways)) {
		const key = { 'idempotency-key': `short ${name}` };
		const first = await way(session, CLIP, {}, key);
		assertHeard(first);
		const turns = await turnsOf(session);
		const again = await way(session, CLIP, {}, key);
		assert.equal(again.text, first.text, name);
		assert.equal(again.headers.get('idempotency-replayed'), 'true');
		assert.equal(await turnsOf(session), turns);
		assert.equal((await way(session, other, {}, key)).status, 422, name);
		const stranger = { ...session, session_secret: crypto.randomUUID() };
		assert.equal((await way(stranger, CLIP, {}, key)).status, 401, name);
	}
});

test('a recording or words, one of them: the field is named', async () => {
	const session = await newSession(stack);
	for (const [more, field] of [
		[{ user_message: 'Hello.' }, 'audio_base64'],
		[{ audio_base64: undefined }, 'user_message'],
		[{ audio_base64: null }, 'user_message'],
		[{ audio_base64: 7 }, 'audio_base64'],
		[{ language: 'x'.repeat(41) }, 'language'],
		[{ language: 'klingon' }, 'language'],
		[{ mode: 'pirate' }, 'mode'],
	]) {
		const { status, json, text } = await say(session, CLIP, more);
		assert.deepEqual([status, json.code, json.field], [400, 'invalid_request', field], text);
	}
	for (const [headers, field] of [
		[{ 'x-session-id': '' }, 'X-Session-Id'],
		[{ 'x-session-secret': '' }, 'X-Session-Secret'],
		[{ 'x-session-secret': 'x'.repeat(201) }, 'X-Session-Secret'],
		[{ 'x-turn-id': 'x'.repeat(101) }, 'X-Turn-Id'],
		[{ 'x-turn-id': '\xff' }, 'X-Turn-Id'],
	]) {
		const { status, json, text } = await sayRaw(session, CLIP, headers);
		assert.deepEqual([status, json.field], [400, field], text);
	}
	assert.deepEqual(await utterances(session), []);
});

test('without the session no decoder and no recogniser is at work', async () => {
	const session = await newSession(stack);
	const wrong = { ...session, session_secret: crypto.randomUUID() };
	for (const [i, ask] of [say, sayRaw].entries()) {
		const id = `wrong-secret-${i}`;
		const headers = { 'x-request-id': id };
		const answer = await (ask === say
			? say(wrong, CLIP, {}, headers)
			: sayRaw(wrong, CLIP, headers));
		assert.equal(answer.status, 401, answer.text);
		assert.equal(answer.json.code, 'invalid_session');
		assert.equal(noted(id).decode_ms, 0);
	}
	const unknown = { ...session, session_id: 'no uuid\xe9' };
	assert.equal((await sayRaw(unknown, CLIP)).status, 400, 'not UTF-8');
	assert.equal((await sayRaw({ ...session, session_id: 'no uuid' }, CLIP)).status, 401);
});

test('what can not be decoded is 400 invalid_audio', async () => {
	const session = await newSession(stack);
	for (const [answer, field] of [
		[await say(session, audio('malformed/awful.wav')), 'audio_base64'],
		[await say(session, '!!!!'), 'audio_base64'],
		[await say(session, ''), 'audio_base64'],
		[await sayRaw(session, audio('malformed/bad.wav')), 'body'],
		[await sayRaw(session, Buffer.from('{"user_message":"Hello."}')), 'body'],
		[await sayRaw(session, Buffer.alloc(0)), 'body'],
		[await sayRaw(session, audio('malformed/bad.wav'), ANY_BYTES), 'body'],
	]) {
		assert.deepEqual([answer.status, answer.json.code], [400, 'invalid_audio'], answer.text);
		assert.equal(answer.json.field, field);
	}
	assert.deepEqual(await utterances(session), []);
});

test('too much is 413: of base64, bytes, seconds, body, JSON without a recording', async () => {
	const session = await newSession(stack);
	const answers = {
		base64: await say(session, Buffer.alloc(12.5 * 2 ** 20, 1)),
		bytes: await sayRaw(session, Buffer.alloc(12.5 * 2 ** 20, 1)),
		seconds: await say(session, longSpeech(121)),
		'seconds of a body': await sayRaw(session, longSpeech(121)),
		'bytes of any kind': await sayRaw(session, Buffer.alloc(12.5 * 2 ** 20, 1), ANY_BYTES),
		'a body of any kind': await sayRaw(session, Buffer.alloc(18 * 2 ** 20, 1), ANY_BYTES),
		body: await say(session, 'A'.repeat(18 * 2 ** 20)),
		text: await post(stack, 'agent_reply', {
			...pairOf(session),
			user_message: 'Hello.',
			padding: 'x'.repeat(1 << 20),
		}),
		'bytes without a session beside': await post(stack, 'agent_reply', JSON.stringify({
			...pairOf(session),
			user_message: 'Hello.',
			padding: 'x'.repeat(1 << 20),
		}), ANY_BYTES),
	};
	for (const [name, { status, json, text }] of Object.entries(answers))
		assert.deepEqual([status, json.code], [413, 'payload_too_large'], `${name}: ${text}`);
	for (const name of ['base64', 'seconds'])
		assert.equal(answers[name].json.field, 'audio_base64', name);
	for (const name of ['bytes', 'seconds of a body', 'bytes of any kind'])
		assert.equal(answers[name].json.field, 'body', name);
	assert.deepEqual(await utterances(session), []);
});

/* A recording at three times the rate, as browsers make them. */
const at48kHz = (wav) => {
	const at = wav.indexOf('data') + 8;
	const head = Buffer.from(wav.subarray(0, at));
	const sound = Buffer.alloc(3 * (wav.length - at));
	for (let i = 0; i < sound.length / 2; i++)
		sound.writeInt16LE(wav.readInt16LE(at + 2 * Math.floor(i / 3)), 2 * i);
	head.writeUInt32LE(48000, 24);
	head.writeUInt32LE(96000, 28);
	head.writeUInt32LE(sound.length, at - 4);
	return Buffer.concat([head, sound]);
};

test('one of more than 1 MiB is heard as a small one is', async () => {
	const large = at48kHz(audio('speech/jfk.wav'));
	assert.ok(large.length > 1 << 20);
	const asBytes = (session, bytes) => sayRaw(session, bytes, ANY_BYTES);
	const answers = await Promise.all(
		[say, sayRaw, asBytes].map(async (way) => way(await newSession(stack), large)),
	);
	for (const { status, json, text } of answers) {
		assert.equal(status, 200, text);
		assert.match(json.heard.text, /what your country can do for you/i);
		assert.equal(json.heard.audio_ms, 11000);
	}
});
