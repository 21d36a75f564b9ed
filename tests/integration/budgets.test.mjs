/* What outside services cost in a day: counted for all processes together, and once it is used up
 * this machine answers and says so. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { CHAINS, CLIP, heal, turn } from './env/faults.mjs';
import { keyHeaders, newSession, pairOf, poll, post, sql, useStack } from './env/index.mjs';

const TOKENS = 3000;

const stack = useStack({
	simulator: true,
	env: {
		...CHAINS,
		EMBED_PROVIDERS: 'openai,local',
		CALLER_DAILY_TOKENS: String(TOKENS),
		CALLER_DAILY_CHARACTERS: '2000',
		CALLER_DAILY_AUDIO_SECONDS: '60',
		SCRIBE_TRUSTED_PROXIES: '127.0.0.1',
		SCRIBE_ALLOWED_ORIGINS: 'https://page.example',
	},
});

const TODAY = `(now() at time zone 'UTC')::date`;
const UNITS = ['requests', 'tokens', 'characters', 'audio_ms'];

const ledger = async (like = '%') => {
	const rows = await sql(
		stack,
		`select payer, ${UNITS.join(', ')} from ledger where day = ${TODAY}
			and payer like '${like}' order by payer`,
	);
	return Object.fromEntries(
		rows.map(([payer, ...counts]) => [
			payer,
			Object.fromEntries(UNITS.map((unit, i) => [unit, Number(counts[i])])),
		]),
	);
};

/* What another process counted. */
const spend = (payer, unit, n) =>
	sql(
		stack,
		`insert into ledger (day, payer, ${unit}) values (${TODAY}, '${payer}', ${n})
			on conflict (day, payer) do update set ${unit} = ${n}`,
	);

let nth = 0;
/* Nobody has come from there before. */
const stranger = () => ({ 'x-forwarded-for': `198.51.100.${++nth}` });

const chat = async (from, more = {}) =>
	post(
		stack,
		'groq_chat',
		{ messages: [{ role: 'user', content: 'Hello there.' }], ...more },
		{ ...keyHeaders(stack), ...from },
	);

const chatOfNewSession = async (from) =>
	post(
		stack,
		'groq_chat',
		{ messages: [{ role: 'user', content: 'Hello.' }], ...pairOf(await newSession(stack)) },
		from,
	);

let said = 0;
const speak = (from) =>
	post(
		stack,
		'text_to_speech',
		{ text: `Number ${++said} is spoken.` },
		{ ...keyHeaders(stack), ...from },
	);

const hear = async (from) =>
	post(
		stack,
		'speech_to_text',
		{ ...pairOf(await newSession(stack)), audio_base64: CLIP },
		from,
	);

/* Asks until this one answers; the last answer. Nobody ever sees an error. */
const until = async (provider, ask) => {
	const refused = [];
	const last = await poll(async () => {
		const answer = await ask();
		if (answer.status !== 200) refused.push(answer.text);
		return answer.json.provider === provider && answer;
	});
	assert.deepEqual(refused, []);
	return last;
};

beforeEach(async () => {
	await heal(stack);
	await sql(stack, 'truncate ledger');
});

test('what a conversation asks for is counted, for the service and for the address', async () => {
	const from = stranger();
	const session = await newSession(stack);
	const heard = await post(
		stack,
		'speech_to_text',
		{ ...pairOf(session), audio_base64: CLIP },
		from,
	);
	const text = 'Twenty letters here.';
	await post(stack, 'text_to_speech', { text }, { ...keyHeaders(stack), ...from });
	const usage = { prompt_tokens: 100, completion_tokens: 23 };
	await stack.sim.reply({ provider: 'groq', reply: { text: 'Yes.', usage }, times: -1 });
	await chat(from);
	const whole = {
		'provider:elevenlabs': { requests: 1, tokens: 0, characters: text.length, audio_ms: 0 },
		'provider:groq': { requests: 2, tokens: 123, characters: 0, audio_ms: heard.json.audio_ms },
	};
	await poll(async () => {
		const { 'provider:openai': _, ...rows } = await ledger();
		const [address] = Object.keys(rows);
		if (!address?.startsWith('address:') || Object.keys(rows).length !== 3) return false;
		const sum = { ...whole['provider:groq'], requests: 3, characters: text.length };
		return JSON.stringify(rows) === JSON.stringify({ [address]: sum, ...whole });
	});
});

test('a turn is charged for its reply, its extraction, its voice and its vector', async () => {
	const from = stranger();
	const message = 'I am Dana, and we sell bread in Lisbon.';
	const answer = await turn(stack, await newSession(stack), message, { audio: true }, from);
	assert.equal(answer.json.degraded, undefined, answer.text);
	const rows = await poll(async () => {
		const rows = await ledger();
		return rows['provider:openai']?.tokens > 0 && rows['provider:groq']?.requests >= 2 && rows;
	});
	assert.ok(rows['provider:groq'].tokens > 100);
	assert.ok(rows['provider:elevenlabs'].characters >= answer.json.text.length / 2);
	const [caller] = Object.values(await ledger('address:%'));
	assert.ok(caller.tokens > 100 && caller.characters > 0);
});

test('a service that is used up is not asked, and the local engine answers', async () => {
	await spend('provider:groq', 'tokens', 1e12);
	await spend('provider:groq', 'audio_ms', 1e12);
	await spend('provider:elevenlabs', 'characters', 1e12);
	const spoken = await until('local', () => speak(stranger()));
	assert.ok(spoken.json.audio_base64);
	const chatted = await until('builtin', () => chat(stranger()));
	assert.deepEqual(chatted.json.degraded, ['llm']);
	const heard = await until('local', () => hear(stranger()));
	assert.match(heard.json.text, /air/i);
	const session = await newSession(stack);
	const first = await until('builtin', () =>
		turn(stack, session, `Hello, number ${++said}.`, { audio: true }, stranger()),
	);
	assert.ok(first.json.audio_base64 && first.json.text);
	/* Each program has heard of it after what it asked for a second, the one that extracts too. */
	const again = await poll(async () => {
		await stack.sim.reset();
		const answer = await turn(stack, session, `And ${++said}.`, { audio: true }, stranger());
		await chat(stranger());
		await speak(stranger());
		const asked = ['groq', 'elevenlabs'].map((provider) => stack.sim.requests({ provider }));
		return (await Promise.all(asked)).flat().length === 0 && answer;
	});
	assert.ok(again.json.degraded.includes('llm'), again.text);
	await sql(stack, 'truncate ledger');
	await until('groq', () => chat(stranger()));
});

test('a memory is stored and found while nobody may be asked for its vector', async () => {
	await spend('provider:openai', 'tokens', 1e12);
	const session = pairOf(await newSession(stack));
	let n = 0;
	const save = () =>
		post(
			stack,
			'save_memory',
			{ ...session, scope: 'long', content: { text: `The gate opens at ${++n}.` } },
			stranger(),
		);
	await poll(async () => {
		await stack.sim.reset();
		const saved = await save();
		assert.equal(saved.status, 200, saved.text);
		return (await stack.sim.requests({ provider: 'openai' })).length === 0;
	});
	const found = await post(stack, 'recall_memories', { ...session, query: 'gate opens' });
	assert.equal(found.status, 200, found.text);
	assert.ok(found.json.count > 0);
});

test('a caller who is used up stays so in a new session, and nobody else is', async () => {
	const from = { 'x-forwarded-for': '2001:db8:5:6::1' };
	const usage = { prompt_tokens: TOKENS, completion_tokens: 1 };
	await stack.sim.reply({ provider: 'groq', reply: { text: 'Yes.', usage }, times: 1 });
	assert.equal((await chatOfNewSession(from)).json.provider, 'groq');
	/* At once here, within a second or two where it was not asked. */
	const chatted = await chatOfNewSession(from);
	assert.deepEqual([chatted.status, chatted.json.provider], [200, 'builtin'], chatted.text);
	assert.deepEqual(chatted.json.degraded, ['llm']);
	const neighbour = { 'x-forwarded-for': '2001:db8:5:6:7::2' };
	assert.equal((await chat(neighbour)).json.provider, 'builtin', 'all of its network');
	const session = await newSession(stack);
	await until('builtin', () => turn(stack, session, `Good day ${++said}.`, {}, from));
	assert.equal((await speak(from)).json.provider, 'elevenlabs', 'characters are left');
	assert.equal((await chat({ 'x-forwarded-for': '2001:db8:5:7::1' })).json.provider, 'groq');
	assert.equal((await chat(stranger())).json.provider, 'groq');
});

test('of many requests at once no more are let through than are paid for', async () => {
	const from = stranger();
	const usage = { prompt_tokens: 900, completion_tokens: 100 };
	await stack.sim.reply({ provider: 'groq', reply: { text: 'Yes.', usage }, times: -1 });
	await until('builtin', () => chat(from, { max_tokens: 1000 }));
	await stack.sim.reset();
	await Promise.all(Array.from({ length: 10 }, () => chat(from)));
	assert.deepEqual(await stack.sim.requests({ provider: 'groq' }), []);
});

test('a signed token has a budget that goes along to other addresses', async () => {
	const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
	const exp = Math.floor(Date.now() / 1000) + 3600;
	const claims = { role: 'authenticated', sub: 'somebody', exp };
	const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
	const sign = createHmac('sha256', stack.jwtSecret).update(text).digest('base64url');
	const shown = () => ({ ...stranger(), authorization: `Bearer ${text}.${sign}` });
	assert.equal((await chat(shown())).json.provider, 'groq');
	const [token] = await poll(async () => {
		const names = Object.keys(await ledger('token:%'));
		return names.length && names;
	});
	assert.ok(!token.includes('somebody'));
	await spend(token, 'tokens', TOKENS);
	await until('builtin', () => chat(shown()));
	assert.equal((await chat(stranger())).json.provider, 'groq', 'the key of browsers is nobody');
});

test('what a process counted is there when it was killed', async () => {
	const from = stranger();
	const usage = { prompt_tokens: TOKENS, completion_tokens: 1 };
	await stack.sim.reply({ provider: 'groq', reply: { text: 'Yes.', usage }, times: 1 });
	await chat(from);
	await poll(async () =>
		Object.values(await ledger('address:%')).some(({ tokens }) => tokens > TOKENS),
	);
	const pid = stack.pidOf('groq_chat');
	stack.expectRestart('groq_chat');
	process.kill(pid, 'SIGKILL');
	await poll(() => stack.pidOf('groq_chat') !== pid && stack.pidOf('groq_chat'));
	await until('builtin', () => chat(from));
});

test('yesterday costs nobody anything today', async () => {
	await sql(
		stack,
		`insert into ledger (day, payer, tokens) values (${TODAY} - 1, 'provider:groq', 1e12)`,
	);
	for (let i = 0; i < 2; i++) {
		assert.equal((await chat(stranger())).json.provider, 'groq');
		await poll(async () => (await ledger('provider:groq'))['provider:groq']?.requests > i);
	}
});
