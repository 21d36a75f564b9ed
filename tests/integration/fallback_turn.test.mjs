/* A turn whose providers are silent, sick or gone, and a turn that nobody waits for any more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { always, CHAINS, CLIP, heal, hear, speak, spokenTurn, turn } from './env/faults.mjs';
import {
	functionNames, newSession, pairOf, poll, sql, TALK, useStack, whileLocked,
} from './env/index.mjs';

/* Silence is waited for as long as without settings. */
const stack = useStack({
	functions: [...TALK, 'speech_to_text', 'text_to_speech'],
	simulator: true,
	env: { ...CHAINS, LLM_FIRST_TOKEN_MS: '3000', ELEVENLABS_FIRST_MS: '2000' },
});
stack.expectRestart(...functionNames());

const rowsOf = (session) =>
	sql(stack, `select speaker, text from utterances where session_id = :'id' order by position`, {
		id: session.session_id,
	});

test('every provider is silent: heard, answered and spoken from here', async () => {
	await heal(stack);
	await stack.sim.fault([
		always('groq', { silence: true }),
		always('elevenlabs', { silence: true }),
	]);
	const session = await newSession(stack);
	const [heard, answered, spoken] = await Promise.all([
		hear(stack, session),
		turn(stack, session, 'We build search.', { audio: true }),
		spokenTurn(stack, await newSession(stack)),
	]);
	assert.equal(spoken.status, 200, spoken.text);
	assert.match(spoken.json.heard.text, /air is pure/i);
	assert.deepEqual(spoken.json.degraded, ['stt', 'llm', 'tts']);
	assert.ok(spoken.json.audio_base64.length > 16000);
	assert.equal(heard.status, 200, heard.text);
	assert.deepEqual([heard.json.provider, heard.json.degraded], ['local', ['stt']]);
	assert.equal(answered.status, 200, answered.text);
	assert.equal(answered.json.provider, 'builtin');
	assert.deepEqual(answered.json.degraded, ['llm', 'tts']);
	assert.ok(answered.json.audio_base64.length > 16000);
	assert.deepEqual(await rowsOf(session), [
		['visitor', 'We build search.'],
		['agent', answered.json.text],
	]);
});

test('a provider that keeps failing is left alone, and asked again once it is well', async () => {
	await heal(stack);
	await stack.sim.fault(always('elevenlabs', { status: 500 }));
	const asked = async () => (await stack.sim.requests({ provider: 'elevenlabs' })).length;
	for (let i = 0; i < 8; i++) {
		const { status, json } = await speak(stack);
		assert.deepEqual([status, json.provider], [200, 'local']);
	}
	assert.equal(await asked(), 5, 'five failures are enough');
	await stack.sim.reset();
	const { json } = await poll(
		async () => {
			const answer = await speak(stack);
			return answer.json.provider === 'elevenlabs' && answer;
		},
		{ deadlineMs: 30_000, everyMs: 200 },
	);
	assert.equal(json.degraded, undefined);
	assert.equal((await speak(stack)).json.provider, 'elevenlabs', 'and stays trusted');
});

test('429 with Retry-After: not asked again before', async () => {
	await heal(stack);
	await stack.sim.fault({ provider: 'elevenlabs', fault: { status: 429, retry_after: 600 } });
	for (let i = 0; i < 3; i++) assert.equal((await speak(stack)).json.provider, 'local');
	assert.equal((await stack.sim.requests({ provider: 'elevenlabs' })).length, 1);
});

test('a model that can not extract still replies, and is asked for one thing only', async () => {
	await heal(stack);
	await stack.sim.reply({
		provider: 'groq',
		match: { structured: true },
		reply: { text: 'I would rather not.' },
		times: -1,
	});
	for (let i = 0; i < 12; i++) {
		const { json, text } = await turn(stack, await newSession(stack), 'We build search.');
		assert.deepEqual([json.provider, json.degraded], ['groq', undefined], text);
	}
	const asked = await stack.sim.requests({ provider: 'groq', operation: 'chat' });
	const extracts = asked.filter(
		({ body }) => body.tool_choice?.function.name === 'save_extract',
	);
	assert.equal(extracts.length, 8, 'eight useless answers in a row are enough');
});

const chatsUnanswered = (count) =>
	stack.sim.wait({ provider: 'groq', operation: 'chat', state: 'disconnected', count });

/* So that a call that ends was ended by us and by no limit; waits of the simulator are shorter. */
const PATIENT = { LLM_FIRST_TOKEN_MS: '25000', EXTRACT_MS: '25000', GROQ_STT_MS: '50000' };

test('with patience for its providers the stack goes on', async () => {
	await stack.commandWith(PATIENT, 'reload', 'agent_reply', 'speech_to_text');
	assert.equal((await speak(stack)).status, 200);
});

test('who is in danger waits shortly for a model, which nobody holds against it', async () => {
	await heal(stack);
	await stack.sim.fault({
		provider: 'groq',
		operation: 'chat',
		match: { contains: 'kill myself' },
		fault: { silence: true },
		times: -1,
	});
	const inDanger = async () => turn(stack, await newSession(stack), 'I want to kill myself.');
	const answers = await Promise.all(Array.from({ length: 6 }, inDanger));
	for (const { status, json, text } of answers) {
		assert.deepEqual([status, json.provider], [200, 'builtin'], text);
		assert.match(json.text, /emergency services/);
	}
	const { json } = await turn(stack, await newSession(stack), 'We build search.');
	assert.equal(json.provider, 'groq', 'six that were not waited for tell nothing');
});

test('a client that leaves: its calls end, and the same message is answered once', async () => {
	await heal(stack);
	const silence = { operation: 'chat', fault: { silence: true }, times: 2 };
	await stack.sim.fault({ provider: 'groq', ...silence });
	const session = await newSession(stack);
	const leaving = new AbortController();
	const left = assert.rejects(
		fetch(`${stack.baseUrl}/functions/v1/agent_reply`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ ...pairOf(session), user_message: 'Hello there.' }),
			signal: leaving.signal,
		}),
		{ name: 'AbortError' },
	);
	await stack.sim.wait({ provider: 'groq', operation: 'chat', count: 2 });
	leaving.abort();
	await left;
	await chatsUnanswered(2);
	const { status, json } = await turn(stack, session, 'Hello there.');
	assert.deepEqual([status, json.provider], [200, 'groq']);
	assert.deepEqual(await rowsOf(session), [['visitor', 'Hello there.'], ['agent', json.text]]);
});

test('a newer turn: the older one stops asking and its client is told', async () => {
	await heal(stack);
	await stack.sim.fault({
		provider: 'groq',
		operation: 'chat',
		match: { contains: 'Hello there.' },
		fault: { silence: true },
		times: 2,
	});
	const session = await newSession(stack);
	const older = turn(stack, session, 'Hello there.');
	await stack.sim.wait({ provider: 'groq', operation: 'chat', count: 2 });
	const newer = turn(stack, session, 'Wait, another question.');
	await chatsUnanswered(2);
	const { status, json } = await older;
	assert.deepEqual([status, json.code], [409, 'superseded']);
	const answer = await newer;
	assert.deepEqual([answer.status, answer.json.provider], [200, 'groq']);
	/* Who spoke in a turn that did not end is known later: until a job masks its words they are
	 * sealed only. */
	const rows = await poll(async () => {
		const now = await rowsOf(session);
		return now.every(([, text]) => text) && now;
	});
	assert.deepEqual(rows, [
		['visitor', 'Hello there.'],
		['visitor', 'Wait, another question.'],
		['agent', answer.json.text],
	]);
});

test('a recording whose sender leaves is not listened to any more', async () => {
	await heal(stack);
	await stack.sim.fault({ provider: 'groq', operation: 'transcribe', fault: { silence: true } });
	const session = await newSession(stack);
	const leaving = new AbortController();
	const left = assert.rejects(
		fetch(`${stack.baseUrl}/functions/v1/speech_to_text`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ ...pairOf(session), audio_base64: CLIP }),
			signal: leaving.signal,
		}),
		{ name: 'AbortError' },
	);
	await stack.sim.wait({ provider: 'groq', operation: 'transcribe' });
	leaving.abort();
	await left;
	await stack.sim.wait({ provider: 'groq', state: 'disconnected' });
});

test('a lead that no model tells of in time is sought by rules, and the reply leaves', async () => {
	const hasty = { LLM_FIRST_TOKEN_MS: '25000', EXTRACT_MS: '1000' };
	await stack.commandWith(hasty, 'reload', 'agent_reply');
	await heal(stack);
	await stack.sim.fault({
		...always('groq', { silence: true }),
		operation: 'chat',
		match: { structured: true },
	});
	const from = performance.now();
	const { status, json, text } = await turn(stack, await newSession(stack), 'We build search.');
	assert.equal(status, 200, text);
	assert.deepEqual([json.provider, json.degraded], ['groq', undefined]);
	assert.ok(json.extract, 'rules know it');
	assert.ok(performance.now() - from < 15_000, 'which is less than its model may take');
});

test('nobody listens at the providers: refused connections cost no answer', async () => {
	await heal(stack);
	const dead = { GROQ_BASE_URL: 'http://127.0.0.1:1', ELEVENLABS_BASE_URL: 'http://127.0.0.1:1' };
	await stack.commandWith(dead, 'reload', 'agent_reply', 'speech_to_text', 'text_to_speech');
	const session = await newSession(stack);
	const heard = await hear(stack, session);
	assert.equal(heard.status, 200, heard.text);
	assert.deepEqual([heard.json.provider, heard.json.degraded], ['local', ['stt']]);
	const { status, json } = await turn(stack, session, 'We build search.', { audio: true });
	assert.equal(status, 200);
	assert.equal(json.provider, 'builtin');
	assert.deepEqual(json.degraded, ['llm', 'tts']);
	assert.ok(json.audio_base64.length > 16000);
	for (const provider of ['groq', 'elevenlabs'])
		assert.deepEqual(await stack.sim.requests({ provider }), [], provider);
});

test('a reply does not wait for a memory that is held up', async () => {
	await heal(stack);
	const session = await newSession(stack);
	const from = stack.logs('agent_reply').length;
	const { status, json, text } = await whileLocked(stack, 'memories', () =>
		turn(stack, session, 'What do you know about my oven?'),
	);
	assert.equal(status, 200, text);
	assert.ok(json.timings.recall_ms < 5000, `${json.timings.recall_ms} ms`);
	assert.match(stack.logs('agent_reply', from), /"event":"not_recalled"/);
});

/* Where nothing is locked, and what there is to look through is known at once. */
test('nor for the looking through memories', async () => {
	await heal(stack);
	const who = { visitor_id: crypto.randomUUID(), consent: true };
	const before = await newSession(stack, who);
	await turn(stack, before, 'Our oven breaks every winter.');
	await poll(async () => (await sql(stack, `select from memories where session_id = :'id'`,
		{ id: before.session_id })).length > 0);
	const session = await newSession(stack, who);
	const [[definition]] = await sql(stack, `select pg_get_functiondef('memory_folded'::regproc)`);
	await sql(stack, `create or replace function memory_folded(said text) returns text
		language plpgsql immutable parallel safe as $$
		begin
			perform pg_sleep(20) where current_query() like '%memory_recall(%';
			return said;
		end $$`);
	const from = stack.logs('agent_reply').length;
	const { status, json, text } = await turn(stack, session, 'What do you know about my oven?')
		.finally(() => sql(stack, definition));
	assert.equal(status, 200, text);
	assert.ok(json.timings.recall_ms < 5000, `${json.timings.recall_ms} ms`);
	assert.match(stack.logs('agent_reply', from), /"event":"not_recalled"/);
});

test('a voice that never answers, with none behind it, leaves the text', async () => {
	await stack.commandWith({ TTS_PROVIDERS: 'elevenlabs' }, 'reload', 'agent_reply');
	await heal(stack);
	await stack.sim.fault(always('elevenlabs', { silence: true }));
	const session = await newSession(stack);
	const { status, json, text } = await turn(stack, session, 'Hello there.', { audio: true });
	assert.equal(status, 200, text);
	assert.deepEqual([json.audio_base64, json.degraded], [null, ['tts']]);
	const stored = await sql(stack, `select state from turns where session_id = :'id'`, {
		id: session.session_id,
	});
	assert.deepEqual(stored, [['done']]);
});
