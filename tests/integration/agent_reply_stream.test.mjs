/* agent_reply as a stream, with simulated providers: in which order it comes, and what is left of a
 * turn whose model or voice fails, or whose client leaves. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { databaseIsBack, familyOf, restartUnit, whileFrozen } from './env/breaking.mjs';
import { always, CHAINS, CLIP, heal, turn } from './env/faults.mjs';
import { bodyOf, connectTo, headOf } from './env/fastcgi_client.mjs';
import {
	newSession, pairOf, poll, post, readEvents, sql, TALK, useStack, whileLocked,
} from './env/index.mjs';

const CUT_SHORT = 'That is where I stop.';
const CUT_SHORT_DE = 'Hier höre ich auf.';

const stack = useStack({
	functions: TALK,
	simulator: true,
	env: {
		...CHAINS,
		LLM_FIRST_TOKEN_MS: '2000',
		LLM_IDLE_MS: '2000',
		ELEVENLABS_FIRST_MS: '2000',
		EXTRACT_MS: '20000',
		CUT_SHORT_LINE_EN: CUT_SHORT,
		CUT_SHORT_LINE_DE: CUT_SHORT_DE,
	},
});

stack.expectRestart('agent_reply');

beforeEach(() => heal(stack));

const TWO = 'We make bread for hotels. What do you need from us?';

const says = (text, times = -1) =>
	stack.sim.reply({
		provider: 'groq',
		operation: 'chat',
		match: { stream: true },
		reply: { text },
		times,
	});

const replies = (fault, times = -1) =>
	stack.sim.fault({
		provider: 'groq',
		operation: 'chat',
		match: { stream: true },
		fault,
		times,
	});

const open = async (session, user_message, { more = {}, headers = {}, signal } = {}) => {
	const response = await fetch(`${stack.baseUrl}/functions/v1/agent_reply`, {
		method: 'POST',
		headers: {
			'content-type': 'application/json',
			accept: 'text/event-stream',
			...headers,
		},
		body: JSON.stringify({ ...pairOf(session), user_message, ...more }),
		signal,
	});
	assert.equal(response.status, 200);
	assert.match(response.headers.get('content-type'), /^text\/event-stream/);
	return readEvents(response.body);
};

const rest = async (events) => {
	const all = [];
	for await (const event of events) all.push(event);
	return all;
};

const until = async (events, name) => {
	const seen = [];
	for (;;) {
		const { value, done } = await events.next();
		assert.ok(!done, `the stream ended before ${name}: ${JSON.stringify(seen)}`);
		seen.push(value);
		if (value.event === name) return seen;
	}
};

const hear = async (session, message, options) => rest(await open(session, message, options));

const of = (events, name) => events.filter(({ event }) => event === name).map(({ data }) => data);
const shown = (events) => of(events, 'text').map(({ delta }) => delta).join('');
const spoken = (events) => of(events, 'audio').map(({ text }) => text ?? '').join('');
const done = (events) => {
	const { event, data } = events.at(-1);
	assert.equal(event, 'done', JSON.stringify(data));
	return data;
};

/* Whole frames of MPEG 1, layer III, 44.1 kHz, mono, 128 kbit/s, from first byte to last. */
const assertPlays = (bytes) => {
	let at = 0, frames = 0;
	while (at < bytes.length) {
		assert.equal(bytes.readUInt16BE(at) & 0xfffe, 0xfffa, `no frame at ${at}`);
		assert.equal(bytes[at + 2] & 0xfc, 0x90, 'another rate');
		assert.equal(bytes[at + 3] >> 6, 3, 'not mono');
		at += 417 + ((bytes[at + 2] >> 1) & 1);
		frames++;
	}
	assert.equal(at, bytes.length);
	assert.ok(frames > 0);
};

const assertInOrder = (events) => {
	const parts = of(events, 'audio');
	let seq = -1, part = 0, isLast = true;
	for (const audio of parts) {
		if (audio.part === 0) {
			assert.ok(isLast, 'a piece ends before the next begins');
			assert.equal(audio.seq, ++seq);
			part = 0;
		}
		assert.deepEqual([audio.seq, audio.part, audio.format], [seq, part++, 'mp3']);
		assert.equal(typeof audio.text, audio.part === 0 ? 'string' : 'undefined');
		isLast = audio.is_last;
	}
	assert.ok(isLast);
	for (let i = 0; i <= seq; i++)
		assertPlays(Buffer.concat(parts.filter((audio) => audio.seq === i)
			.map((audio) => Buffer.from(audio.audio_base64, 'base64'))));
	return seq + 1;
};

const stored = async (session) =>
	sql(stack, `select speaker, text from utterances where session_id = :'id' order by position`, {
		id: session.session_id,
	});

const chats = async () =>
	(await stack.sim.requests({ provider: 'groq', operation: 'chat' })).filter(
		({ body }) => body.stream,
	);

const modelEnds = () =>
	poll(async () => (await chats()).at(-1)?.ended_after_ms != null);

test('what comes, and in which order', async () => {
	await says(`${TWO} This is one sentence too many.`);
	const session = await newSession(stack);
	const events = await hear(session, 'I run a hotel.', { more: { turn_id: 'mine' } });
	const names = events.map(({ event }) => event);
	assert.equal(names[0], 'meta');
	assert.deepEqual(events[0].data, {
		session_id: session.session_id,
		turn_id: 'mine',
		current_mode: 'professional',
	});
	assert.ok(names.indexOf('text') < names.indexOf('audio'), 'text before its audio');
	assert.ok(names.lastIndexOf('audio') < names.indexOf('extract'));
	assert.equal(names.indexOf('extract'), names.length - 2);
	const answer = done(events);
	assert.equal(answer.text, TWO);
	assert.equal(shown(events), TWO);
	assert.equal(spoken(events), TWO);
	assert.equal(assertInOrder(events), 2);
	assert.ok(!('audio_base64' in answer), 'what was sent is not sent again');
	assert.deepEqual(answer.extract, of(events, 'extract')[0]);
	const { provider, degraded, is_truncated } = answer;
	assert.deepEqual([provider, degraded, is_truncated], ['groq', undefined, undefined]);
	const { timings } = answer;
	const order = ['first_sentence_ms', 'first_audio_ms', 'last_audio_ms', 'total_ms'];
	for (const [i, name] of order.entries())
		assert.ok(timings[name] >= (i ? timings[order[i - 1]] : 1), JSON.stringify(timings));
	assert.equal(typeof timings.connection_reused, 'boolean');
	assert.deepEqual(await stored(session), [['visitor', 'I run a hotel.'], ['agent', TWO]]);
});

test('as JSON it is the same text, and one recording of all of it', async () => {
	await says(TWO);
	const { status, json, text } = await turn(stack, await newSession(stack), 'I run a hotel.', {
		audio: true,
	});
	assert.equal(status, 200, text);
	assert.equal(json.text, TWO);
	assertPlays(Buffer.from(json.audio_base64, 'base64'));
	const asked = await stack.sim.requests({ provider: 'elevenlabs' });
	assert.equal(asked.length, 2, 'a sentence each');
	assert.ok(json.timings.last_audio_ms >= json.timings.first_audio_ms);
});

test('a sentence is heard while the next is being written', async () => {
	await says(TWO);
	await replies({ hold: 'model', hold_after_chunks: 9 });
	const events = await open(await newSession(stack), 'I run a hotel.');
	const early = await until(events, 'audio');
	assert.equal(early.at(-1).data.text, 'We make bread for hotels.');
	const [asked] = await chats();
	assert.ok(!asked.finished, 'the model is in the middle of it');
	await stack.sim.release('model');
	const all = [...early, ...(await rest(events))];
	assert.equal(done(all).text, TWO);
	assertInOrder(all);
});

test('words are shown before their sentence is complete', async () => {
	await says('We make bread and cakes for hotels of every size. Yes.');
	await replies({ hold: 'model', hold_after_chunks: 6 });
	const events = await open(await newSession(stack), 'I run a hotel.');
	const early = await until(events, 'text');
	assert.ok('We make bread and cakes'.startsWith(early.at(-1).data.delta));
	await stack.sim.release('model');
	const all = [...early, ...(await rest(events))];
	assert.equal(shown(all), done(all).text);
});

/* A turn that was heard to the end, and what is learned of the visitor takes long. */
const openHeard = async (session, options) => {
	await says(TWO);
	await stack.sim.fault({
		provider: 'groq',
		operation: 'chat',
		match: { structured: true },
		fault: { hold: 'lead' },
	});
	const events = await open(session, 'We are Northwind and have $100,000.', options);
	const early = [...(await until(events, 'audio'))];
	while (spoken(early) !== TWO || !of(early, 'audio').at(-1).is_last)
		early.push(...(await until(events, 'audio')));
	return events;
};

test('neither audio nor the end waits for what is learned of the visitor', async () => {
	const events = await openHeard(await newSession(stack));
	const from = performance.now();
	const late = await rest(events);
	assert.ok(performance.now() - from < 8000, 'a model was waited for');
	assert.deepEqual(late.map(({ event }) => event), ['extract', 'done']);
	assert.ok(late[0].data.lead_score > 0);
});

test('two sentences are spoken at once, never more, and heard in their order', async () => {
	const four = 'We make bread. We sell cakes. We rent ovens. We teach bakers.';
	await says(four);
	for (const words of ['make bread', 'sell cakes'])
		await stack.sim.fault({
			provider: 'elevenlabs',
			match: { contains: words },
			fault: { hold: words },
		});
	const more = { is_performer_mode: true };
	const events = await open(await newSession(stack), 'I run a hotel.', { more });
	const early = [];
	while (shown(early) !== four) early.push(...(await until(events, 'text')));
	await stack.sim.wait({ provider: 'elevenlabs', count: 2 });
	assert.equal((await stack.sim.requests({ provider: 'elevenlabs' })).length, 2);
	await stack.sim.release('sell cakes');
	await stack.sim.wait({ provider: 'elevenlabs', count: 3 });
	assert.deepEqual(of(early, 'audio'), [], 'the second waits for the first');
	await stack.sim.release('make bread');
	const all = [...early, ...(await rest(events))];
	assert.equal(done(all).text, four);
	assert.equal(spoken(all), four);
	assertInOrder(all);
});

/* Two are what a voice says in a turn. */
test('a reply is over with its last sentence, whatever is written behind it', async () => {
	const two = 'We make bread. We sell cakes.';
	await says(`${two} We rent ovens. We teach bakers, and we do so all the year.`);
	await replies({ hold: 'model', hold_after_chunks: 12 }, 1);
	const session = await newSession(stack);
	const events = await hear(session, 'I run a hotel.', { more: { turn_id: 'over' } });
	const { text, is_truncated, usage } = done(events);
	assert.deepEqual([text, is_truncated], [two, undefined]);
	assert.ok(usage.prompt_tokens > 10 && usage.completion_tokens > 3, JSON.stringify(usage));
	assert.equal(spoken(events), two);
	await stack.sim.wait({ provider: 'groq', operation: 'chat', state: 'disconnected' });
	const { json } = await post(stack, 'agent_reply', {
		...pairOf(session), cancel: true, turn_id: 'over',
	});
	assert.deepEqual(json, { cancelled: false }, 'all of it was said');
});

test('without audio there are text and an end', async () => {
	await says(TWO);
	const more = { audio: false };
	const events = await hear(await newSession(stack), 'I run a hotel.', { more });
	assert.equal(shown(events), TWO);
	assert.equal(done(events).text, TWO);
	assert.deepEqual(of(events, 'audio'), []);
	assert.deepEqual(await stack.sim.requests({ provider: 'elevenlabs' }), []);
});

test('what is not for the ear is neither shown nor spoken', async () => {
	await says('<think>He wants. I plan.</think>Assistant: *smiles* We do **that**. ' +
		'save_extract{"intent": "a. B c."} What (laughs) for?');
	const events = await hear(await newSession(stack), 'I run a hotel.');
	assert.equal(done(events).text, 'We do that. What for?');
	assert.equal(shown(events), 'We do that. What for?');
	assert.equal(spoken(events), 'We do that. What for?');
});

test('thoughts that only their end gives away are not in a JSON answer', async () => {
	await says(`He runs a hotel. I should ask.</think>${TWO}`);
	const { json } = await turn(stack, await newSession(stack), 'I run a hotel.', { audio: true });
	assert.equal(json.text, TWO);
	assertPlays(Buffer.from(json.audio_base64, 'base64'));
});

/* A reply of which no voice says a word until the model has ended. */
const hearOnceWritten = async () => {
	await stack.sim.fault({ provider: 'elevenlabs', fault: { hold: 'voice' } });
	const stream = await open(await newSession(stack), 'I run a hotel.');
	await modelEnds();
	await stack.sim.release('voice');
	return rest(stream);
};

test('thoughts that are out when their end gives them away: the answer follows them', async () => {
	const thought = 'He runs a hotel. I should ask.';
	await says(`${thought} I will.</think>${TWO}`);
	const events = await hearOnceWritten();
	assert.equal(done(events).text, `${thought} ${TWO}`);
	assert.equal(spoken(events), `${thought} ${TWO}`);
	assert.equal(done(events).is_truncated, undefined);
});

test('a thought that is out when its end gives it away: the answer is said once', async () => {
	await says(`He runs a hotel. I will.</think>${TWO} We rent ovens.`);
	const more = { is_performer_mode: true };
	const events = await hear(await newSession(stack), 'I run a hotel.', { more });
	assert.equal(done(events).text, `He runs a hotel. ${TWO} We rent ovens.`);
	assert.equal(spoken(events), `He runs a hotel. ${TWO} We rent ovens.`);
});

test('what was shown of a thought is followed by all of the answer', async () => {
	const thought = 'He runs a hotel.';
	await says(`${thought} I should ask him for more</think>${TWO}`);
	await replies({ hold: 'model', hold_after_chunks: 8 }, 1);
	const stream = await open(await newSession(stack), 'I run a hotel.');
	const events = [];
	while (!shown(events).includes(' I ')) events.push(...(await until(stream, 'text')));
	await stack.sim.release('model');
	events.push(...(await rest(stream)));
	assert.equal(done(events).text, `${thought} ${TWO}`);
	assert.ok(shown(events).startsWith(`${thought} I should`), shown(events));
	assert.ok(shown(events).endsWith(` ${TWO}`), shown(events));
});

test('a model that breaks in what nobody is to hear has said all', async () => {
	await says(`${TWO} We rent ovens. We teach bakers.`);
	await replies({ sse_error: { after: 14, form: 'data' } }, 1);
	const events = await hearOnceWritten();
	assert.deepEqual([done(events).text, done(events).is_truncated], [TWO, undefined]);
	assert.equal(spoken(events), TWO);
});

test('a model that breaks after words are out: a line of ours, and nobody goes on', async () => {
	await says(TWO);
	const fault = { sse_error: { after: 10, form: 'data' } };
	await replies({ ...fault, hold: 'model', hold_after_chunks: 9 }, 1);
	const session = await newSession(stack);
	const stream = await open(session, 'I run a hotel.');
	const events = await until(stream, 'text');
	await stack.sim.release('model');
	events.push(...(await rest(stream)));
	const answer = done(events);
	assert.equal(answer.text, 'We make bread for hotels. That is where I stop.');
	assert.equal(spoken(events), answer.text);
	assert.equal(answer.is_truncated, true);
	assert.deepEqual([answer.provider, answer.degraded], ['groq', undefined]);
	assert.ok(shown(events).startsWith('We make bread for hotels.'));
	assert.ok(shown(events).endsWith(' That is where I stop.'));
	assert.equal((await chats()).length, 1);
	assert.deepEqual((await stored(session)).at(-1), ['agent', answer.text]);
});

test('what a model says of its account in the middle counts as at the beginning', async () => {
	await says(TWO);
	const fault = { sse_error: { after: 10, form: 'data', code: 'insufficient_quota' } };
	await replies({ ...fault, hold: 'model', hold_after_chunks: 9 }, 1);
	const stream = await open(await newSession(stack), 'I run a hotel.');
	const events = await until(stream, 'text');
	await stack.sim.release('model');
	events.push(...(await rest(stream)));
	assert.equal(done(events).is_truncated, true);
	const { json } = await turn(stack, await newSession(stack), 'I run a hotel.');
	assert.equal(json.provider, 'builtin');
	assert.equal((await chats()).length, 1, 'who has no quota is not asked');
});

test('a model that breaks is followed by another where nobody has heard a word', async () => {
	await says(TWO);
	await replies({ sse_error: { after: 10, form: 'data' } }, 1);
	const { json } = await turn(stack, await newSession(stack), 'I run a hotel.', { audio: true });
	const { provider, degraded, is_truncated } = json;
	assert.deepEqual([provider, degraded, is_truncated], ['builtin', ['llm'], undefined]);
	assert.doesNotMatch(json.text, /bread|stop/);
	assertPlays(Buffer.from(json.audio_base64, 'base64'));
});

test('what became of words that another engine replaces is not told of the reply', async () => {
	await says(TWO);
	const fault = { sse_error: { after: 10, form: 'data' } };
	await replies({ ...fault, hold: 'model', hold_after_chunks: 9 }, 1);
	const match = { contains: 'We make bread' };
	await stack.sim.fault({ provider: 'elevenlabs', match, fault: { status: 500 }, times: 1 });
	const from = stack.logs('agent_reply').length;
	const answer = turn(stack, await newSession(stack), 'I run a hotel.', { audio: true });
	await poll(() => stack.logs('agent_reply', from).includes('"capability":"tts"'));
	/* Meanwhile the voice of this machine says it. */
	await turn(stack, await newSession(stack), 'I run a hotel.', { audio: true });
	await stack.sim.release('model');
	const { json } = await answer;
	assert.deepEqual([json.provider, json.degraded], ['builtin', ['llm']]);
	assertPlays(Buffer.from(json.audio_base64, 'base64'));
});

test('a model that fails before its first word is followed by another', async () => {
	await replies({ status: 500 }, 1);
	const events = await hear(await newSession(stack), 'I run a hotel.');
	const answer = done(events);
	assert.deepEqual([answer.provider, answer.degraded], ['builtin', ['llm']]);
	assert.equal(spoken(events), answer.text);
	assertInOrder(events);
});

test('a voice that fails at a sentence: another speaks it, and it is told', async () => {
	await says(TWO);
	await stack.sim.fault({
		provider: 'elevenlabs',
		match: { contains: 'What do you need' },
		fault: { status: 500 },
	});
	const events = await hear(await newSession(stack), 'I run a hotel.');
	assert.deepEqual(done(events).degraded, ['tts']);
	assert.equal(spoken(events), TWO);
	assert.equal(assertInOrder(events), 2);
});

const FAULTS = {
	silent: { silence: true },
	slow: { drip: { bytes: 600, pause_ms: 200 } },
	'cut short': { cut_after_bytes: 2500 },
	garbage: { garbage: 'html' },
	limited: { status: 429, retry_after: 1 },
	failing: { status: 500 },
};

const assertSpoken = async (...faults) => {
	await says(TWO);
	for (const [provider, fault] of faults) await stack.sim.fault(always(provider, fault));
	const from = performance.now();
	const events = await hear(await newSession(stack), 'I run a hotel.');
	assert.ok(performance.now() - from < 29_000);
	const answer = done(events);
	assert.equal(spoken(events), answer.text);
	assert.ok(assertInOrder(events) > 0);
	const said = of(events, 'audio').map(({ text }) => text?.trim()).filter(Boolean);
	assert.equal(new Set(said).size, said.length, 'nothing is said twice');
	return answer;
};

for (const provider of ['groq', 'elevenlabs'])
	for (const [name, fault] of Object.entries(FAULTS))
		test(`${provider} ${name}: speech or an error, in time, and nothing twice`, async () => {
			const { degraded } = await assertSpoken([provider, fault]);
			if (provider === 'elevenlabs' && name !== 'slow') assert.deepEqual(degraded, ['tts']);
		});

const upstreamGone = (provider) => stack.sim.wait({ provider, state: 'disconnected' });

test('a client that leaves: model and voice stop, and the same message is answered', async () => {
	await says(TWO);
	await replies({ hold: 'model', hold_after_chunks: 9 }, 1);
	await stack.sim.fault({ provider: 'elevenlabs', fault: { silence: true } });
	const session = await newSession(stack);
	const leaving = new AbortController();
	const events = await open(session, 'I run a hotel.', { signal: leaving.signal });
	await until(events, 'text');
	await stack.sim.wait({ provider: 'elevenlabs' });
	leaving.abort();
	await assert.rejects(rest(events), { name: 'AbortError' });
	await Promise.all([upstreamGone('groq'), upstreamGone('elevenlabs')]);
	const again = await hear(session, 'I run a hotel.');
	assert.equal(done(again).text, TWO);
	const rows = await stored(session);
	assert.equal(rows.filter(([speaker]) => speaker === 'visitor').length, 1);
	assert.deepEqual(rows.at(-1), ['agent', TWO]);
});

test('a newer turn ends the stream of the older one', async () => {
	await says(TWO);
	await replies({ hold: 'model', hold_after_chunks: 9 }, 1);
	const session = await newSession(stack);
	const older = await open(session, 'I run a hotel.');
	await until(older, 'text');
	const newer = await hear(session, 'Wait, another question.');
	const { event, data } = (await rest(older)).at(-1);
	assert.deepEqual([event, data.code], ['error', 'superseded']);
	assert.equal(done(newer).text, TWO);
	await upstreamGone('groq');
});

/* A turn of which one sentence was sent, and the model is in the middle of the next. */
const openMidway = async (session, { message = 'I run a hotel.', ...options } = {}) => {
	await says(TWO);
	await replies({ hold: 'model', hold_after_chunks: 9 }, 1);
	const events = await open(session, message, options);
	for (let last = false; !last; ) last = (await until(events, 'audio')).at(-1).data.is_last;
	return events;
};

/* When a job has masked what was sealed only. */
const history = (session, deadlineMs) =>
	poll(async () => {
		const rows = await sql(stack, `select speaker, text, interrupted from utterances
			where session_id = :'id' order by position`, { id: session.session_id });
		return rows.length > 1 && rows.every(([, text]) => text) && rows;
	}, { deadlineMs });

const FIRST = ['agent', 'We make bread for hotels.', 't'];

const stops = {
	'a client that cancels': async (session, message) => {
		const events = await openMidway(session, { message, more: { turn_id: 'midway' } });
		const { status, json, text } = await post(stack, 'agent_reply', {
			...pairOf(session),
			cancel: true,
			turn_id: 'midway',
		});
		assert.deepEqual([status, json], [200, { cancelled: true }], text);
		const { event, data } = (await rest(events)).at(-1);
		assert.deepEqual([event, data.code], ['error', 'superseded']);
	},
	'a client that leaves': async (session, message) => {
		const leaving = new AbortController();
		const events = await openMidway(session, { message, signal: leaving.signal });
		leaving.abort();
		await assert.rejects(rest(events), { name: 'AbortError' });
	},
};

for (const [name, stop] of Object.entries(stops))
	test(`${name} in the middle: history is what was sent, and the model knows`, async () => {
		const session = await newSession(stack);
		await stop(session);
		await upstreamGone('groq');
		assert.deepEqual((await history(session))[1], FIRST);
		await stack.sim.reset();
		await says(TWO);
		await hear(session, 'Wait, another question.');
		const [{ body }] = await chats();
		assert.match(body.messages[0].content, /interrupted your last reply/);
		assert.equal(body.messages[2].content, FIRST[1]);
		assert.deepEqual((await history(session)).at(-1), ['agent', TWO, 'f']);
	});

test('what was sent is history, though it could not be stored when the client left', async () => {
	const session = await newSession(stack);
	const leaving = new AbortController();
	await says(TWO);
	await replies({ hold: 'model', hold_after_chunks: 9 }, 1);
	await stack.sim.fault({ provider: 'elevenlabs', fault: { hold: 'voice' } });
	const events = await open(session, 'I run a hotel.', { signal: leaving.signal });
	await until(events, 'text');
	await poll(async () => (await voiceOf('We make bread')) > 0);
	await whileLocked(stack, 'sessions', async () => {
		const from = stack.logs('agent_reply').length;
		await stack.sim.release('voice');
		for (let last = false; !last; ) last = (await until(events, 'audio')).at(-1).data.is_last;
		leaving.abort();
		await poll(() => stack.logs('agent_reply', from).includes('turn_not_given_up'));
	});
	assert.deepEqual((await history(session))[1], FIRST);
});

test('who interrupts at the first sound has heard that sentence, and it stands first', async () => {
	const talk = ['I run a hotel.', FIRST[1], 'Wait, another question.'];
	const told = async () =>
		(await chats()).at(-1).body.messages.slice(1).map(({ content }) => content);
	let session;
	/* Who sends a sentence notes it right behind that: one that was stopped in between is late. */
	await poll(async () => {
		session = await newSession(stack);
		const events = await openMidway(session);
		const newer = hear(session, talk[2], { more: { audio: false } });
		await rest(events);
		await newer;
		assert.deepEqual(await told(), talk);
		return true;
	}, { deadlineMs: 3000 });
	assert.match((await chats()).at(-1).body.messages[0].content, /interrupted your last reply/);
	/* However late that sentence is stored. */
	await sql(stack, `update utterances set position = default
		where session_id = :'id' and speaker = 'agent' and turn = 1`, { id: session.session_id });
	await hear(session, 'And one more.', { more: { audio: false } });
	assert.deepEqual(await told(), [...talk, TWO, 'And one more.']);
});

const LEAD = 'My name is Miriam Castellanos, I am the CEO, and we have $100,000 this quarter.';

for (const [name, stop] of Object.entries(stops))
	test(`${name} in the middle, and says no more: what was told is known`, async () => {
		const session = await newSession(stack, { consent: true });
		await stop(session, LEAD);
		const [[said, ...found], ...others] = await poll(async () => {
			const rows = await sql(stack, `select u.text, e.entities->>'budget_range',
				s.final_intent, s.lead_score = e.lead_score and e.lead_score > 0, t.state
				from sessions s join utterances u on u.session_id = s.id and u.speaker = 'visitor'
				join extracts e on e.utterance_id = u.id
				join turns t on t.session_id = s.id where s.id = :'id'`,
			{ id: session.session_id });
			return rows.length && rows;
		});
		assert.deepEqual(others, []);
		assert.match(said, /^My name is \[name\], I am the CEO/);
		/* A job may have made memories of it in between; the next one masks them. */
		await poll(async () => {
			const rows = await sql(stack, `select words || index_text || content::text
				from memories where session_id = :'id'`, { id: session.session_id });
			return rows.length > 0 && !/Miriam|Castellanos/.test(rows.join());
		});
		assert.deepEqual(found, ['$100,000', 'consulting_inquiry', 't',
			name.endsWith('cancels') ? 'superseded' : 'abandoned']);
	});

test('what was heard to the end was not interrupted by who answers at once', async () => {
	const session = await newSession(stack);
	await openHeard(session);
	await hear(session, 'Wait, another question.');
	const answers = (await history(session)).filter(([speaker]) => speaker === 'agent');
	assert.deepEqual(answers, [['agent', TWO, 'f'], ['agent', TWO, 'f']]);
});

test('nor by who leaves then', async () => {
	const session = await newSession(stack);
	const leaving = new AbortController();
	const headers = { 'idempotency-key': crypto.randomUUID() };
	const events = await openHeard(session, { signal: leaving.signal, headers });
	leaving.abort();
	await assert.rejects(rest(events), { name: 'AbortError' });
	await poll(async () => (await history(session))[1][2] === 'f');
	const { json } = await turn(stack, session, 'We are Northwind and have $100,000.');
	assert.ok(json.extract.lead_score > 0);
	await sql(stack, `update turns set finished_at = now() - interval '1 hour'
		where session_id = :'id'`, { id: session.session_id });
	const late = await hear(session, 'We are Northwind and have $100,000.', { headers });
	assert.equal(spoken(late), TWO);
	assert.equal((await chats()).length, 1, 'the answer was kept, and is for the key, too');
});

test('of a stream that is over only what was heard stays', async () => {
	await says(TWO);
	const session = await newSession(stack);
	const all = await hear(session, 'I run a hotel.', { more: { turn_id: 'played' } });
	assert.equal(done(all).text, TWO);
	const bytes = of(all, 'audio').filter(({ seq }) => seq === 0)
		.reduce((n, part) => n + Buffer.from(part.audio_base64, 'base64').length, 0);
	const { json, text } = await post(stack, 'agent_reply', {
		...pairOf(session),
		cancel: true,
		turn_id: 'played',
		heard_ms: Math.ceil(bytes / 16) + 30, /* 128 kbit/s */
	});
	assert.deepEqual(json, { cancelled: true }, text);
	assert.deepEqual((await history(session))[1], FIRST);
});

/* How much is heard of a stream's sound by who leaves out what it declares, in whole ms. */
const audibleMs = (events) => {
	const samples = of(events, 'audio').reduce((n, part) => {
		const bytes = Buffer.from(part.audio_base64, 'base64').length;
		const frames = Math.round((bytes * 8 * 44.1) / 128 / 1152); /* 128 kbit/s, 44.1 kHz */
		return n + frames * 1152 - (part.delay_samples ?? 0) - (part.padding_samples ?? 0);
	}, 0);
	return Math.floor((samples * 10) / 441);
};

test('who heard all that sounds has heard every word', async () => {
	await says(TWO);
	const session = await newSession(stack);
	const all = await hear(session, 'I run a hotel.', { more: { turn_id: 'played' } });
	const ms = audibleMs(all);
	const order = { ...pairOf(session), cancel: true, turn_id: 'played' };
	const heard = await post(stack, 'agent_reply', { ...order, heard_ms: ms });
	assert.deepEqual(heard.json, { cancelled: false }, heard.text);
	assert.deepEqual((await history(session))[1], ['agent', TWO, 'f']);
	const cut = await post(stack, 'agent_reply', { ...order, heard_ms: ms - 10 });
	assert.deepEqual(cut.json, { cancelled: true }, cut.text);
	assert.deepEqual((await history(session))[1], ['agent', TWO.replace(/ us.$/, ''), 't']);
});

test('the same message joins the stream that runs, and the one that is over', async () => {
	await says(TWO);
	await replies({ hold: 'model', hold_after_chunks: 9 }, 1);
	const session = await newSession(stack);
	const first = await open(session, 'I run a hotel.');
	const early = await until(first, 'audio');
	const joined = turn(stack, session, 'I run a hotel.', { audio: true });
	await stack.sim.release('model');
	const all = [...early, ...(await rest(first))];
	const { json } = await joined;
	assert.deepEqual([json.turn_id, json.text], [done(all).turn_id, TWO]);
	assertPlays(Buffer.from(json.audio_base64, 'base64'));
	await sql(stack, `update turns set finished_at = now() + interval '1 minute'
		where session_id = :'id'`, { id: session.session_id });
	const late = await hear(session, 'I run a hotel.');
	assert.deepEqual({ ...done(late) }, { ...done(all) });
	assert.equal(spoken(late), TWO);
	assert.equal(shown(late), TWO);
	assert.equal(assertInOrder(late), 1);
	assert.equal((await chats()).length, 1);
});

test('an Idempotency-Key brings a stream back, as events and as JSON', async () => {
	await says(TWO);
	const session = await newSession(stack);
	const headers = { 'idempotency-key': crypto.randomUUID() };
	const first = await hear(session, 'I run a hotel.', { headers });
	const again = await hear(session, 'I run a hotel.', { headers });
	assert.deepEqual(done(again), done(first));
	assert.equal(spoken(again), TWO);
	assertInOrder(again);
	const { json } = await turn(stack, session, 'I run a hotel.', { audio: undefined }, headers);
	assert.equal(json.text, TWO);
	assertPlays(Buffer.from(json.audio_base64, 'base64'));
	assert.equal((await chats()).length, 1);
});

test('and what is no reply, as the JSON it was', async () => {
	await says(TWO);
	const session = await newSession(stack);
	for (const [more, first] of [
		[{ cancel: true, turn_id: 'none' }, { cancelled: false }],
		[{ user_message: 'I run a hotel.', speculative: true }, { prepared: true }],
		[{ user_message: 'Mm-hm.', barge_in: true }, { text: '' }],
	]) {
		const headers = { accept: 'text/event-stream', 'idempotency-key': crypto.randomUUID() };
		const ask = () => post(stack, 'agent_reply', { ...pairOf(session), ...more }, headers);
		const [once, again] = [await ask(), await ask()];
		assert.equal(again.status, 200, again.text);
		if (first.text === undefined) assert.deepEqual(again.json, first);
		else assert.equal(again.text, once.text);
	}
});

test('an idle browser is answered without audio, and then with silence', async () => {
	await says('Are you still there?');
	const session = await newSession(stack);
	await hear(session, 'I run a hotel.');
	const nudges = [];
	for (let i = 0; i < 3; i++)
		nudges.push(await hear(session, `${'.'.repeat(i)} [PROACTIVE_FOLLOWUP: true]`));
	assert.deepEqual(nudges.map((events) => done(events).text),
		['Are you still there?', 'Are you still there?', '\u200b']);
	for (const events of nudges) assert.deepEqual(of(events, 'audio'), []);
});

test('to somebody in danger our own line comes before any model has a word', async () => {
	await says('I am here with you.');
	await replies({ hold: 'model', hold_after_chunks: 3 }, 1);
	const events = await open(await newSession(stack), 'I want to kill myself.');
	const early = await until(events, 'audio');
	assert.match(spoken(early), /^I take that seriously/);
	await stack.sim.release('model');
	const all = [...early, ...(await rest(events))];
	assert.match(done(all).text, /^I take that seriously.* I am here with you\.$/s);
	assert.equal(spoken(all), done(all).text);
	assert.equal(shown(all), done(all).text);
	assert.equal(done(all).extract, null);
	assertInOrder(all);
});

/* What a model has for somebody in danger when our own line is out already. */
const UNFIT = {
	breaks: ['I am here with you.', { sse_error: { after: 3, form: 'data' } }],
	'has nothing fit to say': ['What is your budget for the new shop?', {}],
	'has nothing to say': ['*nods*   (sighs)', {}],
};

/* A turn whose first model fails behind our line. */
const hearInDanger = async (session, [text, fault]) => {
	await says(text);
	await replies({ ...fault, hold: 'model', hold_after_chunks: 1 });
	const events = await open(session, 'I want to kill myself.');
	const early = await until(events, 'audio');
	await stack.sim.release('model');
	const all = [...early, ...(await rest(events))];
	const answer = done(all);
	assert.equal(spoken(all), answer.text);
	assert.equal(shown(all), answer.text);
	assert.equal(answer.is_truncated, undefined);
	assert.deepEqual(answer.degraded, ['llm']);
	assertInOrder(all);
	return answer;
};

for (const [name, failing] of Object.entries(UNFIT))
	test(`to somebody in danger a model that ${name} adds nothing to our line`, async () => {
		const session = await newSession(stack);
		const from = stack.logs('agent_reply').length;
		const { text, provider } = await hearInDanger(session, failing);
		assert.match(text, /^I take that seriously.* near you\.$/s);
		assert.equal(provider, 'builtin');
		assert.deepEqual((await stored(session)).at(-1), ['agent', text]);
		await poll(() => stack.logs('agent_reply', from).includes('"distress_line_alone"'));
	});

test('with a second model the stack goes on', async () => {
	await stack.commandWith({ LLM_PROVIDERS: 'groq,openai,builtin' }, 'reload', 'agent_reply');
});

for (const [name, fault] of Object.entries(FAULTS))
	test(`openai ${name}, and nobody before it: the same`, async () => {
		const { degraded } = await assertSpoken(['groq', { status: 500 }], ['openai', fault]);
		assert.deepEqual(degraded, ['llm']);
	});

test('behind our line, too, a model that fails is followed by another', async () => {
	await stack.sim.reply({
		provider: 'openai',
		operation: 'chat',
		match: { stream: true },
		reply: { text: 'I am here with you.' },
		times: -1,
	});
	const { text, provider } = await hearInDanger(await newSession(stack), UNFIT.breaks);
	assert.match(text, /^I take that seriously.* near you\. I am here with you\.$/s);
	assert.equal(provider, 'openai');
});

for (const [what, message, line] of [
	['', 'I run a hotel.', CUT_SHORT],
	[', nor where the words are of no language', 'Hotels.', CUT_SHORT],
	[', in the language of the words', 'Ich habe ein Hotel an der See.', CUT_SHORT_DE],
])
	test(`what was being written when it was cancelled is not passed over${what}`, async () => {
		const session = await newSession(stack);
		const events = await openMidway(session, { message, more: { turn_id: 'cut' } });
		await cancel(session, 'cut');
		await rest(events);
		const late = await hearOn(session, 'cut');
		assert.equal(shown(late), ` ${line}`);
		assert.equal(spoken(late), ` ${line}`);
		const { text, provider, is_truncated } = done(late);
		assert.equal(text, `We make bread for hotels. ${line}`);
		assert.deepEqual([provider, is_truncated], ['groq', true]);
	});

test('a reply that goes on is by whom it was, and as whole', async () => {
	const session = await newSession(stack);
	await cancelInTheSecond(session);
	const whole = done(await hearOn(session, 'cut'));
	assert.deepEqual([whole.provider, whole.is_truncated], ['groq', undefined]);
	const other = await newSession(stack);
	await says(TWO);
	await replies({ sse_error: { after: 10, form: 'data' } }, 1);
	const match = { contains: CUT_SHORT };
	await stack.sim.fault({ provider: 'elevenlabs', match, fault: { hold: 'voice' } });
	const events = await open(other, 'I run a hotel.', { more: { turn_id: 'cut' } });
	await poll(async () => (await voiceOf(match.contains)) > 0);
	await cancel(other, 'cut');
	await rest(events);
	const { provider, is_truncated } = done(await hearOn(other, 'cut'));
	assert.deepEqual([provider, is_truncated], ['groq', true]);
});

test('with one model, and patience for it, the stack goes on', async () => {
	const lonely = { LLM_PROVIDERS: 'groq', LLM_FIRST_TOKEN_MS: '20000', CUT_SHORT_LINE_EN: ' ' };
	await stack.commandWith(lonely, 'reload', 'agent_reply');
});

test('a model that breaks in its first sentence, and no line of ours: the error, too', async () => {
	await says('We make bread for hotels.');
	const fault = { sse_error: { after: 4, form: 'data' } };
	await replies({ ...fault, hold: 'model', hold_after_chunks: 3 }, 1);
	const session = await newSession(stack);
	const stream = await open(session, 'I run a hotel.');
	await until(stream, 'text');
	await stack.sim.release('model');
	const { event, data } = (await rest(stream)).at(-1);
	assert.deepEqual([event, data.code], ['error', 'upstream_failed']);
	assert.deepEqual(await stored(session), [], 'it may be said again');
});

test('no model at all: the error is an event', async () => {
	await replies({ status: 500 });
	const session = await newSession(stack);
	const events = await hear(session, 'I run a hotel.');
	const { event, data } = events.at(-1);
	assert.deepEqual([event, data.code], ['error', 'upstream_failed']);
	assert.ok(data.request_id);
	assert.deepEqual(await stored(session), [], 'it may be said again');
});

/* All that comes; what is held is released at so many comments. */
const readToComments = async (body, comments, held) => {
	const response = await fetch(`${stack.baseUrl}/functions/v1/agent_reply`, {
		method: 'POST',
		headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
		body: JSON.stringify(body),
	});
	assert.equal(response.status, 200);
	let text = '', before;
	for await (const bytes of response.body) {
		text += Buffer.from(bytes).toString();
		if (before !== undefined || (text.match(/^:$/gm) ?? []).length < comments) continue;
		before = text;
		await stack.sim.release(held);
	}
	return [before, text];
};

test('a turn that waits for its model has one thread, streamed or not', async () => {
	await replies({ hold: 'model', hold_after_chunks: 0 });
	const sessions = await Promise.all(Array.from({ length: 12 }, () => newSession(stack)));
	const status = `/proc/${stack.pidOf('agent_reply')}/status`;
	const threads = () => Number(/Threads:\s+(\d+)/.exec(readFileSync(status, 'utf8'))[1]);
	const before = threads();
	const waiting = sessions.map((session, i) =>
		i % 2
			? hear(session, TWO)
			: post(stack, 'agent_reply', { ...pairOf(session), user_message: TWO }));
	await poll(async () => {
		const asked = await stack.sim.requests({ provider: 'groq', operation: 'chat' });
		return asked.filter(({ body }) => body.stream).length === sessions.length;
	});
	/* Two may be there for others. */
	await poll(() => threads() <= before + sessions.length + 2);
	await stack.sim.release('model');
	await Promise.all(waiting);
});

test('a silence is broken by comments', async () => {
	await replies({ hold: 'model', hold_after_chunks: 0 }, 1);
	const body = { ...pairOf(await newSession(stack)), user_message: 'I run a hotel.' };
	const [, all] = await readToComments(body, 2, 'model');
	assert.match(all, /event: done/);
});

test('also the one before anything is heard', async () => {
	await stack.sim.fault({ provider: 'groq', operation: 'transcribe', fault: { hold: 'ear' } });
	const body = { ...pairOf(await newSession(stack)), audio_base64: CLIP };
	const [before, all] = await readToComments(body, 1, 'ear');
	assert.doesNotMatch(before, /event: heard/);
	assert.match(all, /event: heard[^]*event: done/);
});

test('and while the same message is answered to another', async () => {
	await says(TWO);
	await replies({ hold: 'model', hold_after_chunks: 0 }, 1);
	const session = await newSession(stack);
	const first = await open(session, 'I run a hotel.');
	await until(first, 'meta');
	const body = { ...pairOf(session), user_message: 'I run a hotel.' };
	const [before, all] = await readToComments(body, 1, 'model');
	assert.doesNotMatch(before, /event: meta/);
	assert.match(all, /event: done/);
	assert.equal(done(await rest(first)).text, TWO);
	assert.equal((await chats()).length, 1);
});

/* Asks for a reply whose second sentence is more than a socket holds. */
const askForMuch = async (session, { socket }) => {
	await says(TWO);
	await stack.sim.reply({
		provider: 'elevenlabs',
		match: { contains: 'What do you need' },
		reply: { duration_ms: 60_000 },
	});
	const body = JSON.stringify({ ...pairOf(session), user_message: 'I run a hotel.' });
	const accept = { HTTP_ACCEPT: 'text/event-stream', CONTENT_LENGTH: String(body.length) };
	socket.write(Buffer.concat([headOf(accept), bodyOf(body)]));
};

test('who takes nothing of a stream is gone: history is what was sent until then', async () => {
	const session = await newSession(stack);
	const peer = await connectTo(stack, 'agent_reply');
	peer.socket.pause();
	const from = performance.now();
	await askForMuch(session, peer);
	assert.deepEqual((await history(session, 30_000))[1], FIRST);
	assert.ok(performance.now() - from < 25_000, 'a thread waited longer for it');
	peer.socket.destroy();
});

test('who reads slowly and is interrupted reads the end, too', async () => {
	const session = await newSession(stack);
	const peer = await connectTo(stack, 'agent_reply');
	const isLong = () => told.includes('"seq":1');
	let told = '';
	/* Takes the first of the long sentence and then, for a while, nothing. */
	peer.socket.on('data', (bytes) => {
		const wasLong = isLong();
		told += bytes;
		if (isLong() && !wasLong) peer.socket.pause();
	});
	await askForMuch(session, peer);
	await poll(() => peer.socket.isPaused());
	const newer = hear(session, 'Wait, another question.');
	await poll(async () => {
		const states = await sql(stack, `select state from turns where session_id = :'id'`, {
			id: session.session_id,
		});
		return states.flat().includes('superseded');
	});
	peer.socket.resume();
	await newer;
	await poll(() => /event: error[^]*superseded/.test(told));
	peer.socket.destroy();
});

/* ---- a reply that was interrupted by mistake ---- */

const cancel = async (session, turn_id, more = {}) => {
	const body = { ...pairOf(session), cancel: true, turn_id, ...more };
	assert.deepEqual((await post(stack, 'agent_reply', body)).json, { cancelled: true });
};

const resume = (session, turn_id) =>
	post(stack, 'agent_reply', { ...pairOf(session), resume: true, turn_id });

const hearOn = (session, turn_id) =>
	hear(session, undefined, { more: { resume: true, turn_id } });

const voiceOf = async (words) =>
	(await stack.sim.requests({ provider: 'elevenlabs' })).filter(({ body }) =>
		body.text.includes(words),
	).length;

/* One sentence was sent, the voice is silent at the next, and all is written. */
const cancelInTheSecond = async (session, more = {}) => {
	await says(TWO);
	const match = { contains: 'What do you need' };
	const before = await voiceOf(match.contains);
	await stack.sim.fault({ provider: 'elevenlabs', match, fault: { hold: 'voice' } });
	const events = await open(session, 'I run a hotel.', { more: { turn_id: 'cut' } });
	const early = [];
	while (shown(early) !== TWO || !of(early, 'audio').at(-1)?.is_last)
		early.push((await events.next()).value);
	await poll(async () => (await voiceOf(match.contains)) > before);
	await cancel(session, 'cut', more);
	const { event, data } = (await rest(events)).at(-1);
	assert.deepEqual([event, data.code], ['error', 'superseded']);
	return early;
};

test('an interrupted reply goes on, and nothing is thought or said twice', async () => {
	const session = await newSession(stack);
	const early = await cancelInTheSecond(session, { heard_ms: 1 });
	const [[unsaid]] = await sql(stack, `select encode(unsaid, 'escape') from turn_answers
		where session_id = :'id'`, { id: session.session_id });
	assert.doesNotMatch(unsaid, /bread|need/, 'sealed');
	const late = await hearOn(session, 'cut');
	assert.deepEqual(late[0].event, 'meta');
	assert.equal(late[0].data.turn_id, 'cut');
	assert.equal(shown(late), ' What do you need from us?');
	assert.equal(done(late).text, TWO);
	assert.equal(assertInOrder([...early, ...late]), 2);
	assert.equal(await voiceOf('make bread'), 1);
	assert.equal((await chats()).length, 1);
	assert.deepEqual((await history(session)).slice(1), [['agent', TWO, 'f']]);
	assert.deepEqual(await sql(stack, `select 1 from turn_answers
		where session_id = :'id' and unsaid is not null`, { id: session.session_id }), []);
	await hear(session, 'Thank you.');
	assert.doesNotMatch((await chats()).at(-1).body.messages[0].content, /interrupted your last/);
});

test('so does one whose client lost its connection, more than once', async () => {
	await says(TWO);
	const session = await newSession(stack);
	const match = { contains: 'What do you need' };
	const leave = async (sentences, message, more) => {
		const before = await voiceOf(match.contains);
		await stack.sim.fault({ provider: 'elevenlabs', match, fault: { hold: 'voice' } });
		const leaving = new AbortController();
		const events = await open(session, message, { more, signal: leaving.signal });
		const early = await until(events, 'text');
		while (of(early, 'audio').filter(({ is_last }) => is_last).length < sentences)
			early.push(...(await until(events, 'audio')));
		await poll(async () => (await voiceOf(match.contains)) > before);
		leaving.abort();
		await assert.rejects(rest(events), { name: 'AbortError' });
	};
	await leave(1, 'I run a hotel.', { turn_id: 'cut' });
	await leave(0, undefined, { resume: true, turn_id: 'cut' });
	const late = await hearOn(session, 'cut');
	assert.equal(spoken(late), ' What do you need from us?');
	assert.equal(done(late).text, TWO);
	assert.equal((await chats()).length, 1);
	assert.deepEqual((await history(session)).slice(1), [['agent', TWO, 'f']]);
});

/* The first sentence is out, the second is not: its voice is silent. */
const openBetween = async (session, options) => {
	await says(TWO);
	const match = { contains: 'What do you need' };
	const before = await voiceOf(match.contains);
	await stack.sim.fault({ provider: 'elevenlabs', match, fault: { hold: 'voice' }, times: 1 });
	const events = await open(session, 'I run a hotel.', { more: { turn_id: 'cut' }, ...options });
	for (let last = false; !last; ) last = (await until(events, 'audio')).at(-1).data.is_last;
	await poll(async () => (await voiceOf(match.contains)) > before);
	return events;
};

const assertGoesOn = async (session, why) => {
	const late = await hearOn(session, 'cut');
	assert.equal(late.at(-1).event, 'done', `${why}: ${JSON.stringify(late.at(-1))}`);
	assert.equal(done(late).text, TWO, why);
	assert.equal(spoken(late), ' What do you need from us?', why);
};

test('so does one whose client knows sooner than we that its connection is lost', async () => {
	for (let i = 0; i < 10; i++) {
		const session = await newSession(stack);
		const leaving = new AbortController();
		const events = await openBetween(session, { signal: leaving.signal });
		leaving.abort();
		await assertGoesOn(session, `${i}`);
		await assert.rejects(rest(events), { name: 'AbortError' });
	}
});

test('one that has said nothing yet is not stopped by who would go on with it', async () => {
	const session = await newSession(stack);
	await says(TWO);
	await replies({ hold: 'model' }, 1);
	const events = open(session, 'I run a hotel.', { more: { turn_id: 'cut' } });
	await poll(async () => (await chats()).length > 0);
	const { status, json, text } = await resume(session, 'cut');
	assert.deepEqual([status, json.code], [404, 'not_found'], text);
	await stack.sim.release('model');
	assert.equal(done(await rest(await events)).text, TWO);
	assert.deepEqual(await stored(session), [['visitor', 'I run a hotel.'], ['agent', TWO]]);
});

test('and one whose connection was lost without a word', async () => {
	const session = await newSession(stack);
	const events = await openBetween(session);
	await assertGoesOn(session, 'nobody reads');
	const { event, data } = (await rest(events)).at(-1);
	assert.deepEqual([event, data.code], ['error', 'superseded']);
	assert.deepEqual((await history(session)).slice(1), [['agent', TWO, 'f']]);
});

/* A sentence is out, and nothing of it is stored, when the database is restarted. */
test('what was sent is history, though the database is away as its client leaves', async () => {
	await says(TWO);
	const session = await newSession(stack);
	await stack.sim.fault({ provider: 'elevenlabs', fault: { hold: 'voice' } });
	const leaving = new AbortController();
	const events = await open(session, 'I run a hotel.', { signal: leaving.signal });
	await poll(async () => (await voiceOf('make bread')) > 0);
	await whileLocked(stack, 'utterances', async () => {
		await stack.sim.release('voice');
		for (let last = false; !last; ) last = (await until(events, 'audio')).at(-1).data.is_last;
		leaving.abort();
		await poll(async () => (await sql(stack, 'select from pg_locks where not granted')).length);
		await restartUnit(stack, 'postgresql');
		await databaseIsBack(stack);
	});
	await assert.rejects(rest(events), { name: 'AbortError' });
	const [, [speaker, text]] = await history(session);
	assert.equal(speaker, 'agent');
	assert.match(text, /^We make bread for hotels\./);
});

const isLater = async (since) =>
	(await sql(stack, `select now() > :'since'::timestamptz + interval '1.1 seconds'`,
		{ since }))[0][0] === 't';

/* It stood still for so long that others counted it as dead, and its turn was stopped. */
const standStillAndSend = async (session) => {
	await heal(stack);
	await says(TWO);
	await stack.sim.fault({ provider: 'elevenlabs', fault: { hold: 'voice' } });
	const before = await voiceOf('make bread');
	const events = await open(session, 'I run a hotel.');
	await poll(async () => (await voiceOf('make bread')) > before);
	await whileFrozen(familyOf(stack.pidOf('agent_reply')), async () => {
		const [[since]] = await sql(stack, 'select now()::text');
		await poll(() => isLater(since));
		await sql(stack, `update turns set state = 'superseded', finished_at = now()
			where session_id = :'id'`, { id: session.session_id });
		await stack.sim.release('voice');
	});
	return rest(events);
};

test('what a process sends when it has stood still is history', async () => {
	for (let i = 0; i < 6; i++) {
		const session = await newSession(stack);
		const heard = of(await standStillAndSend(session), 'audio');
		const whole = heard.filter(({ is_last }) => is_last).length;
		const said = heard.filter(({ seq, text }) => text && seq < whole).map(({ text }) => text);
		assert.equal((await stored(session)).length, whole ? 2 : 1, `${i}: "${said.join('')}"`);
		if (whole) assert.equal((await history(session))[1][1], said.join(''));
	}
});

/* Before anything more of it is sent. */
const cancelAgain = async (session) => {
	const match = { contains: 'What do you need' };
	await stack.sim.fault({ provider: 'elevenlabs', match, fault: { silence: true } });
	const events = await open(session, undefined, { more: { resume: true, turn_id: 'cut' } });
	await until(events, 'text');
	await cancel(session, 'cut');
	assert.equal((await rest(events)).at(-1).event, 'error');
};

test('it may be interrupted again, and goes on again', async () => {
	const session = await newSession(stack);
	const early = await cancelInTheSecond(session);
	await cancelAgain(session);
	assert.deepEqual((await history(session))[1], FIRST);
	const late = await hearOn(session, 'cut');
	assert.equal(done(late).text, TWO);
	assert.equal(assertInOrder([...early, ...late]), 2);
	assert.equal((await chats()).length, 1);
});

/* What is unsaid is about to be taken from there. */
test('cancelled before it goes on, it does not, and may later', async () => {
	const session = await newSession(stack);
	await cancelInTheSecond(session);
	const waits = async () => (await sql(stack, `select 1 from pg_stat_activity
		where wait_event_type = 'Lock' and application_name = 'agent_reply'`)).length > 0;
	const early = await whileLocked(stack, 'turn_answers', async () => {
		const answer = resume(session, 'cut');
		await poll(waits);
		await cancel(session, 'cut');
		return answer;
	});
	assert.deepEqual([early.status, early.json.code], [409, 'superseded'], early.text);
	assert.deepEqual((await history(session))[1], FIRST);
	assert.equal(done(await hearOn(session, 'cut')).text, TWO);
});

test('what was said in distress stays so when the turn goes on', async () => {
	const session = await newSession(stack);
	await cancelInTheSecond(session);
	const mark = `update utterances set in_distress = true where session_id = :'id'`;
	await sql(stack, mark, { id: session.session_id });
	await cancelAgain(session);
	assert.deepEqual(await sql(stack, `select in_distress from utterances
		where session_id = :'id'`, { id: session.session_id }), [['t'], ['t']]);
});

/* Interrupted behind our line, before any model has a word. */
const goOnInDanger = async (session) => {
	await says('I am here with you.');
	await replies({ hold: 'model' }, 1);
	const events = await open(session, 'I want to kill myself.', { more: { turn_id: 'cut' } });
	await until(events, 'audio');
	await poll(async () => (await chats()).length > 0);
	await cancel(session, 'cut');
	await rest(events);
	const late = await hearOn(session, 'cut');
	await stack.sim.release('model');
	return late;
};

test('to somebody in danger our line alone is whole, also when it goes on', async () => {
	const session = await newSession(stack);
	const answer = done(await goOnInDanger(session));
	assert.match(answer.text, /^I take that seriously.* near you\.$/s);
	assert.equal(answer.is_truncated, undefined);
	assert.equal(answer.provider, 'builtin');
	assert.deepEqual(answer.degraded, ['llm']);
	assert.deepEqual((await stored(session)).at(-1), ['agent', answer.text]);
});

test('what was said in danger is not read for a lead, also when the turn goes on', async () => {
	const session = await newSession(stack);
	await goOnInDanger(session);
	await hear(await newSession(stack), 'I run a hotel.', { more: { audio: false } });
	const read = (await stack.sim.requests({ provider: 'groq', operation: 'chat' })).filter(
		({ body }) => !body.stream,
	);
	assert.equal(read.length, 1, JSON.stringify(read.map(({ body }) => body.messages.at(-1))));
});

test('what is written behind the last sentence is not missing when the turn goes on', async () => {
	const session = await newSession(stack);
	await says(`${TWO} We rent ovens. We teach bakers.`);
	await replies({ hold: 'model', hold_after_chunks: 14 }, 1);
	await stack.sim.fault({ provider: 'elevenlabs', fault: { hold: 'voice' } });
	const events = await open(session, 'I run a hotel.', { more: { turn_id: 'cut' } });
	const early = [];
	while (shown(early) !== TWO) early.push((await events.next()).value);
	await cancel(session, 'cut');
	await rest(events);
	const late = hearOn(session, 'cut');
	await stack.sim.release('voice');
	const answer = done(await late);
	await stack.sim.release('model');
	assert.deepEqual([answer.text, answer.is_truncated], [TWO, undefined]);
	assert.deepEqual([answer.provider, answer.degraded], ['groq', undefined]);
});

/* Of two sentences the second is spoken and waits for the first. */
const cancelBeforeTheFirst = async (session) => {
	await says(TWO);
	const match = { contains: 'make bread' };
	await stack.sim.fault({ provider: 'elevenlabs', match, fault: { hold: 'voice' } });
	const events = await open(session, 'I run a hotel.', { more: { turn_id: 'cut' } });
	await until(events, 'text');
	await stack.sim.wait({ provider: 'elevenlabs', state: 'finished' });
	/* What is heard of another turn comes behind what was read of this one's. */
	await hear(await newSession(stack), 'I run a shop.', { more: { audio: false } });
	await cancel(session, 'cut');
	await rest(events);
	assert.equal(await voiceOf('What do you need'), 1);
};

test('what was spoken and not sent waits where it is', async () => {
	const session = await newSession(stack);
	await cancelBeforeTheFirst(session);
	const late = await hearOn(session, 'cut');
	assert.equal(done(late).text, TWO);
	assert.equal(assertInOrder(late), 2);
	assert.equal(await voiceOf('What do you need'), 1);
});

test('and is spoken anew where its process is gone', async () => {
	const session = await newSession(stack);
	await cancelBeforeTheFirst(session);
	await sql(stack, `update turns set finished_at = now() + interval '1 minute'
		where session_id = :'id'`, { id: session.session_id });
	await sql(stack, `update turn_answers set due = now() + interval '1 minute'
		where session_id = :'id'`, { id: session.session_id });
	const pid = stack.pidOf('agent_reply');
	process.kill(pid, 'SIGKILL');
	await poll(async () => stack.pidOf('agent_reply') !== pid);
	const { status, json, text } = await resume(session, 'cut');
	assert.deepEqual([status, json.text], [200, TWO], text);
	assertPlays(Buffer.from(json.audio_base64, 'base64'));
	assert.equal(await voiceOf('What do you need'), 2);
	const ofIt = (await chats()).filter(({ body }) => /hotel/.test(JSON.stringify(body)));
	assert.equal(ofIt.length, 1);
});

test('too late, or behind a newer turn, nothing goes on', async () => {
	const session = await newSession(stack);
	await cancelInTheSecond(session);
	const counted = async () => Number((await sql(stack, `select rate_count from sessions
		where id = :'id'`, { id: session.session_id }))[0][0]);
	const before = await counted();
	assert.equal((await resume(session, 'another')).status, 404);
	assert.equal(await counted(), before + 1, 'what comes to nothing counts, too');
	await sql(stack, `delete from turn_answers where session_id = :'id'`,
		{ id: session.session_id });
	assert.equal((await resume(session, 'cut')).status, 404);
	assert.equal(await counted(), before + 2, 'once, however often it looks for what was left');
	await sql(stack, `update turns set finished_at = now() - interval '11 seconds'
		where session_id = :'id'`, { id: session.session_id });
	assert.equal((await resume(session, 'cut')).status, 404);
	const { status, json } = await resume({ ...session, session_secret: 'guessed' }, 'cut');
	assert.deepEqual([status, json.code], [401, 'invalid_session']);
	const other = await newSession(stack);
	await cancelInTheSecond(other);
	await hear(other, 'Wait, another question.', { more: { turn_id: 'newer' } });
	const late = await resume(other, 'cut');
	assert.deepEqual([late.status, late.json.code], [409, 'superseded']);
	assert.equal((await resume(other, 'newer')).status, 404, 'that was said to its end');
	const { json: missing } = await post(stack, 'agent_reply', { ...pairOf(other), resume: true });
	assert.deepEqual([missing.code, missing.field], ['invalid_request', 'turn_id']);
});

test('with patience for the voice, the stack goes on', async () => {
	const patient = { LLM_PROVIDERS: 'groq', CUT_SHORT_LINE_EN: ' ', ELEVENLABS_FIRST_MS: '20000' };
	await stack.commandWith(patient, 'reload', 'agent_reply');
});

const claimOf = async (session, also) =>
	(await sql(stack, `select claim from turns
		where session_id = :'id' and ${also}`, { id: session.session_id }))[0]?.[0];

test('who goes on with a turn has it from then on, and for as long as it takes', async () => {
	const session = await newSession(stack);
	await cancelInTheSecond(session);
	const former = await claimOf(session, `state = 'superseded'`);
	const match = { contains: 'What do you need' };
	await stack.sim.fault({ provider: 'elevenlabs', match, fault: { hold: 'voice' } });
	const late = resume(session, 'cut');
	const isOwn = `state = 'running' and is_held(instance, started_at)
		and started_at < now() - interval '1.2 seconds'`;
	assert.notEqual(await poll(() => claimOf(session, isOwn)), former);
	const body = { ...pairOf(session), user_message: 'I run a hotel.' };
	const again = post(stack, 'agent_reply', body);
	await stack.sim.release('voice');
	const [rest, whole] = [await late, await again];
	for (const { json, text } of [rest, whole]) assert.equal(json?.text, TWO, text);
	assert.ok(rest.json.audio_base64.length < whole.json.audio_base64.length, 'all of it');
	assert.equal((await chats()).length, 1);
	assert.deepEqual(await stored(session), [['visitor', 'I run a hotel.'], ['agent', TWO]]);
});

/* A program may hear of the cancellation when the turn goes on already. What it hears, it hears in
 * order. */
test('what stopped a turn does not stop it once it goes on', async () => {
	const [session, other] = await Promise.all([newSession(stack), newSession(stack)]);
	const tell = (claim) =>
		sql(stack, `select pg_notify('scribe_jobs', 'turn ' || :'claim')`, { claim });
	await cancelInTheSecond(session);
	const former = await claimOf(session, `state = 'superseded'`);
	const another = await openBetween(other);
	const match = { contains: 'What do you need' };
	await stack.sim.fault({ provider: 'elevenlabs', match, fault: { hold: 'late' } });
	const events = await open(session, undefined, { more: { resume: true, turn_id: 'cut' } });
	const early = await until(events, 'text');
	await tell(former);
	await tell(await claimOf(other, `state = 'running'`));
	assert.equal((await rest(another)).at(-1).data.code, 'superseded');
	await stack.sim.release('late');
	const late = [...early, ...(await rest(events))];
	assert.equal(done(late).text, TWO);
});

/* ---- a turn prepared before all of it was said ---- */

const prepare = (session, user_message, more = {}) =>
	post(stack, 'agent_reply', { ...pairOf(session), user_message, speculative: true, ...more });

test('a reply prepared for the same words is the reply, and nothing is asked twice', async () => {
	await says(TWO);
	const session = await newSession(stack);
	const { status, json, text } = await prepare(session, 'i run a hotel');
	assert.deepEqual([status, json], [200, { prepared: true }], text);
	assert.deepEqual(await stored(session), [], 'nothing was said');
	assert.equal(await voiceOf('make bread'), 1);
	assert.equal(await voiceOf('What do you need'), 0, 'only its beginning is spoken');
	const events = await hear(session, 'I run a hotel.');
	assert.equal(done(events).text, TWO);
	assert.equal(done(events).provider, 'groq');
	assert.equal(shown(events), TWO);
	assert.equal(assertInOrder(events), 2);
	assert.equal((await chats()).length, 1);
	assert.equal(await voiceOf('make bread'), 1);
	assert.deepEqual(await stored(session), [['visitor', 'I run a hotel.'], ['agent', TWO]]);
});

const USAGE = { prompt_tokens: 100, completion_tokens: 23, total_tokens: 123 };

test('and it tells what that cost, also when it goes on', async () => {
	await stack.sim.reply({
		provider: 'groq',
		operation: 'chat',
		match: { stream: true },
		reply: { text: TWO, usage: USAGE },
		times: -1,
	});
	for (const streams of [true, false]) {
		const session = await newSession(stack);
		await prepare(session, 'i run a hotel');
		const answer = streams
			? done(await hear(session, 'I run a hotel.'))
			: (await turn(stack, session, 'I run a hotel.', { audio: true })).json;
		assert.deepEqual(answer.usage, USAGE);
	}
	assert.equal((await chats()).length, 2);
	const session = await newSession(stack);
	await prepare(session, 'i run a hotel');
	await cancelInTheSecond(session);
	await cancelAgain(session);
	assert.deepEqual(done(await hearOn(session, 'cut')).usage, USAGE);
	assert.equal((await chats()).length, 3);
});

test('for other words, another mode or session it is dropped, unheard and unstored', async () => {
	await says(TWO);
	const session = await newSession(stack);
	const other = await newSession(stack);
	await prepare(session, 'I run a hotel');
	await hear(other, 'I run a hotel.');
	assert.equal((await chats()).length, 2);
	await hear(session, 'I run a hostel.');
	assert.equal((await chats()).length, 3);
	await prepare(session, 'And a bar');
	await hear(session, 'And a bar.', { more: { mode: 'mentor' } });
	assert.equal((await chats()).length, 5);
	await hear(session, 'And a bar.', { more: { mode: 'mentor', turn_id: 'again' } });
	assert.deepEqual(
		(await stored(session)).filter(([who]) => who === 'visitor').map(([, text]) => text),
		['I run a hostel.', 'And a bar.'],
	);
});

test('words are the same to their end, with what signs say of them', async () => {
	await says(TWO);
	for (const [before, message, isSame] of [
		['what is 5 + 3', 'What is 5 - 3?', false],
		['I write programs in C', 'I write programs in C++', false],
		['You are open on Sunday', 'You are open on Sunday?', false],
		['so  what does it cost', 'So, what does it cost?', true],
		['I run a café - twenty five seats', 'I run a cafe. Twenty-five seats!', true],
		['I run a hotel. '.repeat(140), `${'I run a hotel. '.repeat(140)}And a bar.`, false],
	]) {
		const session = await newSession(stack);
		const asked = (await chats()).length;
		await prepare(session, before);
		await hear(session, message);
		assert.equal((await chats()).length - asked, isSame ? 1 : 2, message.slice(-40));
	}
});

test('it is prepared twice between two turns, and for whoever has the secret', async () => {
	await says(TWO);
	const session = await newSession(stack);
	const prepared = [];
	for (const words of ['I', 'I run', 'I run a']) {
		const { status, json } = await prepare(session, words);
		assert.equal(status, 200);
		prepared.push(json.prepared);
	}
	assert.deepEqual(prepared, [true, true, false]);
	assert.equal((await chats()).length, 2);
	await hear(session, 'I run a hotel.');
	assert.deepEqual((await prepare(session, 'And')).json, { prepared: true });
	const { status, json } = await prepare({ ...session, session_secret: 'guessed' }, 'And a');
	assert.deepEqual([status, json.code], [401, 'invalid_session']);
	const danger = await prepare(await newSession(stack), 'I want to kill myself');
	assert.deepEqual(danger.json, { prepared: false });
});

test('it stops no turn that is being answered', async () => {
	await says(TWO);
	const match = { contains: 'What do you need' };
	await stack.sim.fault({ provider: 'elevenlabs', match, fault: { hold: 'voice' } });
	const session = await newSession(stack);
	const events = await open(session, 'I run a hotel.');
	await until(events, 'audio');
	const { status, json, text } = await prepare(session, 'And a bar');
	assert.deepEqual([status, json], [200, { prepared: true }], text);
	await stack.sim.release('voice');
	assert.equal(done(await rest(events)).text, TWO);
	assert.deepEqual(await stored(session), [['visitor', 'I run a hotel.'], ['agent', TWO]]);
});

test('nor the turn that it is for, though that was asked for before', async () => {
	await says(TWO);
	await stack.sim.fault({ provider: 'groq', operation: 'transcribe', fault: { hold: 'ear' } });
	await replies({ hold: 'model', hold_after_chunks: 0 }, 1);
	const session = await newSession(stack);
	const events = await open(session, undefined, { more: { audio_base64: CLIP } });
	await stack.sim.wait({ provider: 'groq', operation: 'transcribe' });
	const prepared = prepare(session, 'I run a hotel');
	await stack.sim.wait({ provider: 'groq', operation: 'chat' });
	await stack.sim.release('ear');
	assert.equal(done(await rest(events)).text, TWO);
	const { status, json } = await prepared;
	assert.deepEqual([status, json.code], [409, 'superseded']);
});

test('what was said before it is not answered in the place of a newer message', async () => {
	await says(TWO);
	await stack.sim.fault({ provider: 'groq', operation: 'transcribe', fault: { hold: 'ear' } });
	await replies({ hold: 'model', hold_after_chunks: 9 }, 1);
	const session = await newSession(stack);
	const older = await open(session, undefined, { more: { audio_base64: CLIP } });
	await stack.sim.wait({ provider: 'groq', operation: 'transcribe' });
	const newer = await open(session, 'A newer one.');
	const early = await until(newer, 'text');
	await stack.sim.release('ear');
	const { event, data } = (await rest(older)).at(-1);
	assert.deepEqual([event, data.code], ['error', 'superseded']);
	await stack.sim.release('model');
	assert.equal(done([...early, ...(await rest(newer))]).text, TWO);
});

test('who wants no sound gets none, whatever has been spoken already', async () => {
	const session = await newSession(stack);
	await cancelBeforeTheFirst(session);
	const more = { resume: true, turn_id: 'cut', audio: false };
	const late = await hear(session, undefined, { more });
	assert.deepEqual([done(late).text, of(late, 'audio').length], [TWO, 0]);
	const other = await newSession(stack);
	await prepare(other, 'I run a bar');
	const events = await hear(other, 'I run a bar.', { more: { audio: false } });
	assert.deepEqual([done(events).text, of(events, 'audio').length], [TWO, 0]);
});

test('what was heard less of than it was prepared for is answered anew', async () => {
	await says(TWO);
	const session = await newSession(stack);
	await hear(session, 'I run a hotel.', { more: { turn_id: 'first' } });
	await prepare(session, 'And a bar');
	await cancel(session, 'first', { heard_ms: 1 });
	await hear(session, 'And a bar.');
	assert.equal((await chats()).length, 3);
});

test('nothing is heard that is not to be prepared, and silence is not', async () => {
	const session = await newSession(stack);
	const heard = async () => {
		const { status, json, text } = await prepare(session, undefined, { audio_base64: CLIP });
		assert.equal(status, 200, text);
		return json;
	};
	const operation = 'transcribe';
	await stack.sim.reply({ provider: 'groq', operation, reply: { text: '' }, times: 1 });
	for (const prepared of [false, true, false]) assert.deepEqual(await heard(), { prepared });
	const asked = await stack.sim.requests({ provider: 'groq', operation });
	assert.equal(asked.length, 2);
});

test('the beginning is spoken ahead of whoever thinks it', async () => {
	await stack.commandWith({ LLM_PROVIDERS: 'groq,builtin' }, 'reload', 'agent_reply');
	await says(TWO);
	const fault = { sse_error: { after: 10, form: 'data' } };
	await replies({ ...fault, hold: 'model', hold_after_chunks: 9 }, 1);
	const prepared = prepare(await newSession(stack), 'I run a hotel');
	await poll(async () => (await voiceOf('make bread')) === 1);
	await stack.sim.release('model');
	assert.deepEqual((await prepared).json, { prepared: true });
	assert.equal(await voiceOf(''), 2, 'the words of who came next');
});
