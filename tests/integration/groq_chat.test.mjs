/* groq_chat with simulated providers: answers, streams, failures, and who pays for them. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { heal } from './env/faults.mjs';
import {
	keyHeaders,
	newSession,
	pairOf,
	poll,
	post,
	readEvents,
	sql,
	supabase,
	useStack,
} from './env/index.mjs';

const stack = useStack({
	functions: ['create_session', 'groq_chat'],
	simulator: true,
	env: {
		CHAT_MAX_TOKENS: '64',
		SCRIBE_ALLOWED_ORIGINS: 'https://page.example',
	},
});

/* One whose model has nobody behind it, and that lets system prompts in. */
const lonely = useStack({
	functions: ['create_session', 'groq_chat'],
	simulator: true,
	env: { LLM_PROVIDERS: 'groq', CHAT_OPEN_PROMPTS: '1' },
});

beforeEach(() => heal(stack));

const user = (content) => ({ role: 'user', content });
const HELLO = [user('Hello there.')];

const chat = async (body, { session, headers } = {}) =>
	post(stack, 'groq_chat', { ...pairOf(session ?? (await newSession(stack))), ...body }, headers);

/* The answer's events as they arrive, and the response itself. */
const open = async (body, { session, headers = {}, signal, at = stack } = {}) => {
	const pair = pairOf(session ?? (await newSession(at)));
	const response = await fetch(`${at.baseUrl}/functions/v1/groq_chat`, {
		method: 'POST',
		body: JSON.stringify({ ...pair, ...body }),
		headers: { 'content-type': 'application/json', ...headers },
		signal,
	});
	return { response, events: readEvents(response.body) };
};

const rest = async (events) => {
	const all = [];
	for await (const event of events) all.push(event);
	return all;
};

const textOf = (events) =>
	events
		.filter(({ event }) => event === 'text')
		.map(({ data }) => data.delta)
		.join('');

const requestsTo = (provider) => stack.sim.requests({ provider });
const asked = async () => (await requestsTo('groq')).at(-1).body;

const deadProviders = (fault) =>
	stack.sim.fault([
		{ provider: 'groq', fault, times: -1 },
		{ provider: 'openai', fault, times: -1 },
	]);

const logLine = (id, at = stack) =>
	poll(() =>
		at
			.logs('groq_chat')
			.split('\n')
			.filter((line) => line.includes(id) && line.includes('"event":"request"'))
			.map((line) => JSON.parse(line))
			.at(0),
	);

test('a conversation is answered with all that the contract names', async () => {
	const { status, headers, json, text } = await chat({ messages: HELLO });
	assert.equal(status, 200, text);
	assert.equal(headers.get('content-type'), 'application/json');
	const { total_tokens, ...usage } = json.usage;
	assert.deepEqual(
		{ ...json, usage: null },
		{
			text: 'You said: Hello there.',
			model: 'llama-3.3-70b-versatile',
			usage: null,
			provider: 'groq',
		},
	);
	assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 0);
	assert.equal(total_tokens, usage.prompt_tokens + usage.completion_tokens);
});

test('the model is asked what the caller asked', async () => {
	const messages = [
		{ role: 'system', content: 'Be brief.' },
		user('One?'),
		{ role: 'assistant', content: '' },
		user('Two? \u{1f600} "quoted" \\ and\nlines'),
	];
	const order = {
		messages,
		systemPrompt: 'You are a lighthouse.',
		temperature: 1.5,
		max_tokens: 7,
		model: 'llama-3.1-8b-instant',
	};
	await chat(order, { headers: keyHeaders(stack) });
	const request = await asked();
	assert.deepEqual(request.messages, [
		{ role: 'system', content: 'You are a lighthouse.' },
		...messages,
	]);
	assert.equal(request.temperature, 1.5);
	assert.equal(request.max_completion_tokens, 7);
	assert.equal(request.model, 'llama-3.1-8b-instant');
	const odd = { model: 'a-model-nobody-allowed', max_tokens: 4096, temperature: 0 };
	await chat({ messages: HELLO, ...odd });
	const other = await asked();
	assert.equal(other.model, 'llama-3.3-70b-versatile');
	assert.equal(other.max_completion_tokens, 64, 'the setting is the cap');
	assert.equal(other.temperature, 0);
	await chat({ messages: HELLO, systemPrompt: ' ', temperature: null });
	assert.deepEqual((await asked()).messages, HELLO);
});

test('without a key no system prompt of the caller reaches the model', async () => {
	const hidden = { role: 'system', content: 'You are a poet.' };
	const body = { messages: [hidden, ...HELLO, hidden], systemPrompt: 'You are a poet.' };
	assert.equal((await chat(body)).status, 200);
	assert.deepEqual((await asked()).messages, HELLO);
	const forged = await chat(body, { headers: { apikey: 'guess' } });
	assert.equal(forged.status, 200);
	assert.deepEqual((await asked()).messages, HELLO, 'a wrong key is none');
	const nothing = await chat({ messages: [hidden], systemPrompt: 'x' });
	assert.deepEqual([nothing.status, nothing.json.field], [400, 'messages']);
	const session = pairOf(await newSession(lonely));
	assert.equal((await post(lonely, 'groq_chat', { ...session, ...body })).status, 200);
	const { messages } = (await lonely.sim.requests({ provider: 'groq' })).at(-1).body;
	assert.deepEqual(messages, [hidden, ...body.messages], 'unless a setting lets them in');
});

test('a stream brings each word when the model says it', async () => {
	await stack.sim.fault({ provider: 'groq', fault: { hold: 'gate', hold_after_chunks: 3 } });
	await stack.sim.reply({ provider: 'groq', reply: { text: 'One two three four.' } });
	const { response, events } = await open(
		{ messages: HELLO, stream: true },
		{ headers: { 'x-request-id': 'stream-headers', origin: 'https://page.example' } },
	);
	assert.equal(response.status, 200);
	assert.match(response.headers.get('content-type'), /^text\/event-stream/);
	assert.equal(response.headers.get('x-request-id'), 'stream-headers');
	assert.equal(response.headers.get('access-control-allow-origin'), 'https://page.example');
	assert.equal(response.headers.get('cache-control'), 'no-store');
	const early = [(await events.next()).value];
	assert.ok(early.every(({ event, data }) => event === 'text' && data.delta.length > 0));
	const [upstream] = await requestsTo('groq');
	assert.ok(!upstream.finished && !upstream.disconnected, 'the model is in the middle of it');
	await stack.sim.release('gate');
	const all = [...early, ...(await rest(events))];
	assert.equal(textOf(all), 'One two three four.');
	const done = all.at(-1);
	assert.equal(done.event, 'done');
	assert.equal(done.data.text, 'One two three four.');
	assert.equal(done.data.provider, 'groq');
	assert.ok(done.data.usage.total_tokens > 0);
	const line = await logLine('stream-headers');
	assert.equal(line.status, 200);
	assert.ok(line.bytes_out > 100);
});

test('a thought that only its end gives away is followed by the answer', async () => {
	const text = 'He wants a number.</think>It is 12.';
	await stack.sim.reply({ provider: 'groq', reply: { text } });
	const { events } = await open({ messages: HELLO, stream: true });
	const all = await rest(events);
	assert.match(textOf(all), /It is 12\.$/);
	assert.equal(all.at(-1).data.text, 'It is 12.');
});

test('words that come together are told together, and none is lost', async () => {
	const text = Array.from({ length: 40 }, (_, i) => `word${i}`).join(' ');
	await stack.sim.reply({ provider: 'groq', reply: { text } });
	const { events } = await open({ messages: HELLO, stream: true });
	const all = await rest(events);
	assert.equal(textOf(all), text);
	assert.equal(all.at(-1).data.text, text);
	assert.ok(all.length < 20, `${all.length} events`);
});

test('the head of a stream leaves before the first word', async () => {
	await stack.sim.fault({ provider: 'groq', fault: { hold: 'gate', hold_after_chunks: 0 } });
	const { response, events } = await open({ messages: HELLO, stream: true });
	assert.equal(response.status, 200);
	await stack.sim.release('gate');
	assert.equal((await rest(events)).at(-1).event, 'done');
});

test('Accept asks for a stream too, and a wildcard does not', async () => {
	const { events } = await open(
		{ messages: HELLO },
		{ headers: { accept: 'text/event-stream, application/json;q=0.5' } },
	);
	assert.equal(textOf(await rest(events)), 'You said: Hello there.');
	const plain = await chat({ messages: HELLO, stream: false }, { headers: { accept: '*/*' } });
	assert.equal(plain.json.text, 'You said: Hello there.');
});

test('supabase-js reads both', async () => {
	const { functions } = supabase(stack);
	const plain = await functions.invoke('groq_chat', { body: { messages: HELLO } });
	assert.equal(plain.error, null);
	assert.equal(plain.data.text, 'You said: Hello there.');
	const body = { messages: HELLO, stream: true };
	const streamed = await functions.invoke('groq_chat', { body });
	assert.equal(streamed.error, null);
	assert.ok(streamed.data instanceof Response, 'the client hands the open stream over');
	const events = await rest(readEvents(streamed.data.body));
	assert.equal(textOf(events), 'You said: Hello there.');
	const refused = await functions.invoke('groq_chat', { body: { ...body, messages: [] } });
	assert.equal(refused.error.context.status, 400);
	assert.equal((await refused.error.context.json()).field, 'messages');
});

for (const stream of [true, false])
	test(`a client that leaves takes its call to the model along, stream ${stream}`, async () => {
		const session = await newSession(stack);
		const leaving = new AbortController();
			const fault = { hold: 'never', hold_after_chunks: 3 };
		await stack.sim.fault({ provider: 'groq', fault });
		const headers = { 'x-request-id': `left-${stream}` };
		const options = { session, signal: leaving.signal, headers };
		const opened = open({ messages: HELLO, stream }, options);
		await stack.sim.wait({ provider: 'groq' });
		if (stream) await (await opened).events.next();
		leaving.abort();
		await assert.rejects(async () => rest((await opened).events), { name: 'AbortError' });
		await stack.sim.wait({ provider: 'groq', state: 'disconnected' });
		assert.deepEqual(await requestsTo('openai'), [], 'nobody else is asked');
		assert.equal((await logLine(`left-${stream}`)).code, 'unavailable');
	});

test('when no provider answers, the built-in responder does and says so', async () => {
	await deadProviders({ status: 500 });
	const plain = await chat({ messages: HELLO });
	assert.equal(plain.status, 200, plain.text);
	assert.equal(plain.json.provider, 'builtin');
	assert.deepEqual(plain.json.degraded, ['llm']);
	assert.ok(plain.json.text.length > 0);
	assert.equal(plain.json.usage.estimated, true);
	assert.ok(plain.json.usage.total_tokens > 0);
	const { events } = await open({ messages: HELLO, stream: true });
	const all = await rest(events);
	assert.equal(all.at(-1).event, 'done');
	assert.equal(all.at(-1).data.provider, 'builtin');
	assert.equal(textOf(all), all.at(-1).data.text);
});

test('a provider that dies before a word is replaced unseen', async () => {
	await stack.sim.fault({ provider: 'groq', fault: { sse_error: { after: 0 } } });
	const { events } = await open({ messages: HELLO, stream: true });
	const all = await rest(events);
	assert.equal(textOf(all), 'You said: Hello there.');
	assert.equal(all.at(-1).data.provider, 'openai');
	assert.deepEqual(all.at(-1).data.degraded, ['llm']);
});

test('a provider that dies in the middle of a stream leaves what was sent, marked', async () => {
	await stack.sim.reply({ provider: 'groq', reply: { text: 'One two three four.' } });
	const fault = { sse_error: { after: 3 }, hold: 'model', hold_after_chunks: 2 };
	await stack.sim.fault({ provider: 'groq', fault });
	const { events } = await open({ messages: HELLO, stream: true });
	const early = [(await events.next()).value];
	await stack.sim.release('model');
	const all = [...early, ...(await rest(events))];
	const { event, data } = all.at(-1);
	assert.equal(event, 'done');
	assert.equal(data.truncated, true);
	assert.equal(data.provider, 'groq');
	assert.equal(data.text, textOf(all));
	assert.ok('One two three four.'.startsWith(data.text) && data.text.length < 19);
	assert.deepEqual(await requestsTo('openai'), [], 'nobody goes on for it');
});

test('a provider that dies in the middle of an unstreamed answer is replaced', async () => {
	await stack.sim.fault({ provider: 'groq', fault: { cut_after_bytes: 700 } });
	const { json } = await chat({ messages: HELLO });
	assert.equal(json.text, 'You said: Hello there.');
	assert.equal(json.provider, 'openai');
	assert.equal(json.truncated, undefined);
});

test('without anybody left a stream ends with an error, and so does its log line', async () => {
	await lonely.sim.fault({ provider: 'groq', fault: { status: 503 }, times: -1 });
	const headers = { 'x-request-id': 'nobody-left' };
	const { response, events } = await open(
		{ messages: HELLO, stream: true },
		{ at: lonely, headers },
	);
	assert.equal(response.status, 200);
	assert.deepEqual(await rest(events), [
		{
			event: 'error',
			data: {
				error: 'A service we depend on failed.',
				code: 'upstream_failed',
				request_id: 'nobody-left',
			},
		},
	]);
	const { status, code, bytes_out } = await logLine('nobody-left', lonely);
	assert.deepEqual([status, code, bytes_out > 50], [200, 'upstream_failed', true]);
	const plain = await post(lonely, 'groq_chat', { messages: HELLO }, keyHeaders(lonely));
	assert.equal(plain.status, 502);
	assert.equal(plain.json.code, 'upstream_failed');
});

test('bad requests are told what is wrong, and cost nothing', async () => {
	const session = await newSession(stack);
	const bad = [
		[{}, 'messages'],
		[{ messages: null }, 'messages'],
		[{ messages: 'Hello' }, 'messages'],
		[{ messages: { 0: user('Hello') } }, 'messages'],
		[{ messages: [] }, 'messages'],
		[{ messages: Array(101).fill(user('x')) }, 'messages'],
		[{ messages: [user('x'), 'Hello'] }, 'messages[1]'],
		[{ messages: [null] }, 'messages[0]'],
		[{ messages: [[user('x')]] }, 'messages[0]'],
		[{ messages: [{ content: 'x' }] }, 'messages[0].role'],
		[{ messages: [user('x'), { role: 'tool', content: 'x' }] }, 'messages[1].role'],
		[{ messages: [{ role: 'User', content: 'x' }] }, 'messages[0].role'],
		[{ messages: [{ role: 1, content: 'x' }] }, 'messages[0].role'],
		[{ messages: [{ role: 'user' }] }, 'messages[0].content'],
		[{ messages: [user(null)] }, 'messages[0].content'],
		[{ messages: [user([{ type: 'text', text: 'x' }])] }, 'messages[0].content'],
		[{ messages: [user(' \n')] }, 'messages[0].content'],
		[{ messages: HELLO, systemPrompt: 'x'.repeat(20001) }, 'systemPrompt'],
		[{ messages: HELLO, systemPrompt: {} }, 'systemPrompt'],
		[{ messages: HELLO, temperature: -0.1 }, 'temperature'],
		[{ messages: HELLO, temperature: 2.1 }, 'temperature'],
		[{ messages: HELLO, temperature: 'hot' }, 'temperature'],
		[{ messages: HELLO, max_tokens: 0 }, 'max_tokens'],
		[{ messages: HELLO, max_tokens: 4097 }, 'max_tokens'],
		[{ messages: HELLO, max_tokens: 1.5 }, 'max_tokens'],
		[{ messages: HELLO, model: 7 }, 'model'],
		[{ messages: HELLO, stream: 'yes' }, 'stream'],
	];
	for (const [body, field] of bad) {
		const answer = await chat(body, { session, headers: { accept: 'text/event-stream' } });
		const shown = JSON.stringify(body).slice(0, 80);
		assert.equal(answer.status, 400, shown);
		assert.equal(answer.json.code, 'invalid_request', shown);
		assert.equal(answer.json.field, field, shown);
	}
	assert.deepEqual(await requestsTo('groq'), []);
	assert.equal((await chat({ messages: HELLO }, { session })).status, 200);
});

test('a hundred messages and 100 KiB of content fit, a byte more is 413', async () => {
	await stack.sim.reply({ provider: 'groq', reply: { text: 'Fine.' } });
	const full = Array.from({ length: 100 }, () => user('\u00e9'.repeat(512)));
	const fits = await chat({ messages: full });
	assert.equal(fits.status, 200, fits.text);
	assert.equal((await asked()).messages.length, 100);
	const over = await chat({ messages: [...full.slice(1), user(`${'\u00e9'.repeat(512)}x`)] });
	assert.equal(over.status, 413);
	assert.equal(over.json.code, 'payload_too_large');
	assert.equal(over.json.field, 'messages');
	const huge = await post(stack, 'groq_chat', { messages: [user('x'.repeat(1100000))] });
	assert.equal(huge.status, 413);
});

test('text that is no text is refused', async () => {
	const raw = (content) => `{"messages":[{"role":"user","content":"${content}"}]}`;
	for (const body of [raw('\\ud800'), raw('a\\u0000b'), raw('x').slice(0, -1), '', '[]', 'null'])
		assert.equal((await post(stack, 'groq_chat', body, keyHeaders(stack))).status, 400, body);
});

test('it is no open proxy', async () => {
	const session = await newSession(stack);
	const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
	const sign = (text, secret) => createHmac('sha256', secret).update(text).digest('base64url');
	const forged = (payload, secret = 'guess', alg = 'HS256') => {
		const text = `${encode({ alg, typ: 'JWT' })}.${encode(payload)}`;
		return `${text}.${alg === 'none' ? '' : sign(text, secret)}`;
	};
	const claims = { role: 'anon', exp: Math.floor(Date.now() / 1000) + 3600 };
	const ask = (body, headers) => post(stack, 'groq_chat', { messages: HELLO, ...body }, headers);
	const refused = [
		[{}, {}, 'unauthorized'],
		[{}, { apikey: 'guess' }, 'unauthorized'],
		[{}, { authorization: stack.anonKey }, 'unauthorized'],
		[{}, { apikey: forged(claims) }, 'unauthorized'],
		[{}, { apikey: forged(claims, '', 'none') }, 'unauthorized'],
		[{}, { apikey: forged({ ...claims, exp: 1 }, stack.jwtSecret) }, 'unauthorized'],
		[{}, { apikey: session.realtime_token }, 'unauthorized'],
		[{ session_id: session.session_id }, {}, 'unauthorized'],
		[{ ...pairOf(session), session_secret: crypto.randomUUID() }, {}, 'invalid_session'],
		[{ ...pairOf(session), session_id: 'no uuid' }, {}, 'invalid_session'],
	];
	for (const [body, headers, code] of refused) {
		for (const stream of [false, true]) {
			const answer = await ask({ ...body, stream }, headers);
			assert.equal(answer.status, 401, JSON.stringify([body, headers]));
			assert.equal(answer.json.code, code);
		}
	}
	assert.deepEqual(await requestsTo('groq'), []);
	assert.equal((await ask({}, { apikey: forged(claims, stack.jwtSecret) })).status, 200);
	assert.equal((await ask({}, keyHeaders(stack))).status, 200);
	const stale = { session_id: crypto.randomUUID(), session_secret: crypto.randomUUID() };
	assert.equal((await ask(stale, keyHeaders(stack))).status, 200, 'the key is enough');
	const from = { origin: 'https://elsewhere.example' };
	const elsewhere = await ask({}, { ...keyHeaders(stack), ...from });
	assert.equal(elsewhere.json.code, 'origin_not_allowed');
});

test('nothing of a conversation is written to a log', async () => {
	const secret = 'a phrase that must stay out of every log';
	await stack.sim.reply({ provider: 'groq', reply: { text: `${secret} answered` } });
	await chat({ messages: [user(secret)], systemPrompt: secret });
	await deadProviders({ garbage: 'html' });
	const { events } = await open({ messages: [user(secret)], stream: true });
	await rest(events);
	await chat({ messages: [{ role: secret, content: secret }], model: secret });
	for (const name of ['groq_chat', 'nginx', 'access', 'postgresql'])
		assert.ok(!stack.logs(name).includes(secret), name);
});
