/* What outside services cost in a day: counted for all processes together, and once it is used up
 * this machine answers and says so. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { CHAINS, CLIP, heal, turn } from './env/faults.mjs';
import { keyHeaders, pairOf, poll, post, root, sql, TALK, useStack } from './env/index.mjs';
import { build, flavour } from './env/stack_command.mjs';

const TOKENS = 3000;

const stack = useStack({
	functions: [...TALK, 'groq_chat', 'recall_memories', 'speech_to_text', 'text_to_speech'],
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

/* A session is charged to who made it, too. */
const newSession = async (from, body = {}) => {
	const answer = await post(stack, 'create_session', body, { ...keyHeaders(stack), ...from });
	assert.equal(answer.status, 200, answer.text);
	return answer.json;
};

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
		{ messages: [{ role: 'user', content: 'Hello.' }], ...pairOf(await newSession(from)) },
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

/* What somebody is called in the ledger: a text as long as no other. */
const nameOf = async (from) => {
	const text = 'a'.repeat(100 + ++said);
	await post(stack, 'text_to_speech', { text }, { ...keyHeaders(stack), ...from });
	return poll(async () =>
		Object.entries(await ledger('address:%'))
			.find(([, { characters }]) => characters === text.length)
			?.at(0),
	);
};

const hear = async (from) =>
	post(
		stack,
		'speech_to_text',
		{ ...pairOf(await newSession(from)), audio_base64: CLIP },
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
	const session = await newSession(from);
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
	const answer = await turn(stack, await newSession(from), message, { audio: true }, from);
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
	const session = await newSession(stranger());
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
	/* Each program hears for itself that there is something left again. */
	await sql(stack, 'truncate ledger');
	await until('groq', () => chat(stranger()));
	await until('groq', () => hear(stranger()));
	await until('elevenlabs', () => speak(stranger()));
	await until('groq', () => turn(stack, session, `And ${++said}.`, {}, stranger()));
});

test('a memory is stored and found while nobody may be asked for its vector', async () => {
	await spend('provider:openai', 'tokens', 1e12);
	const session = pairOf(await newSession(stranger()));
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
	/* Every reply: a job of an earlier test may ask before this one. */
	const usage = { prompt_tokens: TOKENS, completion_tokens: 1 };
	await stack.sim.reply({ provider: 'groq', reply: { text: 'Yes.', usage }, times: -1 });
	assert.equal((await chatOfNewSession(from)).json.provider, 'groq');
	await stack.sim.reset();
	/* At once here, within a second or two where it was not asked. */
	const chatted = await chatOfNewSession(from);
	assert.deepEqual([chatted.status, chatted.json.provider], [200, 'builtin'], chatted.text);
	assert.deepEqual(chatted.json.degraded, ['llm']);
	const neighbour = { 'x-forwarded-for': '2001:db8:5:6:7::2' };
	assert.equal((await chat(neighbour)).json.provider, 'builtin', 'all of its network');
	const session = await newSession(stranger());
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

test('who made a session pays for it wherever it is used, and so does the visitor', async () => {
	const [maker, user] = [stranger(), stranger()];
	const names = [await nameOf(maker), await nameOf(user)];
	const visitor_id = crypto.randomUUID();
	const session = await newSession(maker, { visitor_id, consent: true });
	const message = 'We bake bread in Lisbon, and our oven breaks every winter.';
	assert.equal((await turn(stack, session, message, {}, user)).json.provider, 'groq');
	/* The maker pays also for what a job asks, which comes from no address. */
	const visitor = await poll(async () => {
		const rows = await ledger();
		const [made, used] = names.map((name) => rows[name].requests);
		const all = Object.keys(rows).find((payer) => payer.startsWith('visitor:'));
		return rows[all]?.requests === made - 1 && made > used && used > 2 && all;
	});
	assert.ok(!visitor.includes(visitor_id));
	await spend(visitor, 'tokens', TOKENS);
	const again = await newSession(stranger(), { visitor_id, consent: true });
	const say = () => turn(stack, again, `Hello, number ${++said}.`, {}, stranger());
	assert.deepEqual((await until('builtin', say)).json.degraded, ['llm']);
	const { stdout } = await promisify(execFile)(join(root, 'scripts/forget'), [visitor_id], {
		env: { ...process.env, ...stack.env },
	});
	assert.match(stdout, /^ledger 1$/m);
	const other = await newSession(stranger(), { visitor_id, consent: false });
	assert.equal((await turn(stack, other, 'Good day.', {}, stranger())).json.provider, 'groq');
});

test('memories of who is used up wait for their vectors, and nobody else for theirs', async () => {
	const [maker, other] = [stranger(), stranger()];
	const name = await nameOf(maker);
	const [first, second] = [await newSession(maker), await newSession(other)];
	const save = (session, n) =>
		post(stack, 'save_memory', {
			...pairOf(session),
			scope: 'long',
			content: { text: `Gate number ${n} opens at noon.` },
		});
	/* More than a round of the job takes, and older. */
	for (let n = 0; n < 17; n++) assert.equal((await save(first, n)).status, 200);
	assert.equal((await save(second, 17)).status, 200);
	await spend(name, 'tokens', TOKENS);
	await sql(
		stack,
		`update memories set embedding = null, embedding_model = null, embedding_near = null
			where session_id in ('${first.session_id}', '${second.session_id}')`,
	);
	const waiting = async ({ session_id }) => {
		const [[n]] = await sql(
			stack,
			`select count(*) from memories where session_id = '${session_id}'
				and embedding is null`,
		);
		return Number(n);
	};
	assert.equal(await waiting(first), 17);
	await poll(async () => (await waiting(second)) === 0, { deadlineMs: 30000 });
	assert.equal(await waiting(first), 17);
	await sql(stack, 'truncate ledger');
	await poll(async () => (await waiting(first)) === 0, { deadlineMs: 30000 });
});

test('a request that fails is one, and costs nothing; one that is left costs', async () => {
	const from = stranger();
	const name = await nameOf(from);
	await stack.sim.fault({ provider: 'groq', fault: { status: 503 }, times: -1 });
	assert.equal((await chat(from)).json.provider, 'builtin');
	await poll(async () => {
		const mine = (await ledger())[name];
		return mine.requests === 2 && mine.tokens === 0;
	});
	await heal(stack);
	await stack.sim.fault({ provider: 'groq', fault: { hold: 'never', hold_after_chunks: 3 } });
	const leaving = new AbortController();
	const left = fetch(`${stack.baseUrl}/functions/v1/groq_chat`, {
		method: 'POST',
		body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello there.' }] }),
		headers: { 'content-type': 'application/json', ...keyHeaders(stack), ...from },
		signal: leaving.signal,
	});
	await stack.sim.wait({ provider: 'groq' });
	leaving.abort();
	await assert.rejects(left, { name: 'AbortError' });
	await stack.sim.wait({ provider: 'groq', state: 'disconnected' });
	await chat(from); /* what comes after it is written with it or later */
	await poll(async () => {
		const mine = (await ledger())[name];
		return mine.requests === 4 && mine.tokens > 1000;
	});
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

test('a program without a server asks the ledger first, and writes into it', async () => {
	const program = join(build, flavour, 'bin/groq_chat');
	const address = '203.0.113.9';
	const name = await nameOf({ 'x-forwarded-for': address });
	const ask = async () => {
		const running = promisify(execFile)(
			'bash',
			['-c', '. "$0/env.sh" && exec "$1"', stack.dir, program],
			{
				env: {
					...process.env,
					REQUEST_METHOD: 'POST',
					HTTP_APIKEY: stack.anonKey,
					REMOTE_ADDR: address,
				},
			},
		);
		running.child.stdin.end('{"messages": [{"role": "user", "content": "Hello there."}]}');
		const { stdout } = await running;
		return JSON.parse(stdout.slice(stdout.indexOf('\r\n\r\n'))).provider;
	};
	assert.equal(await ask(), 'groq');
	assert.equal((await ledger())[name].requests, 2);
	await spend(name, 'tokens', TOKENS);
	assert.equal(await ask(), 'builtin');
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
