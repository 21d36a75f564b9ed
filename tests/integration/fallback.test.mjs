/* When providers fail, in every way they can: this machine answers the turn and says so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { always, CHAINS, heal, hear, speak, turn } from './env/faults.mjs';
import { newSession, TALK, useStack } from './env/index.mjs';

const FUNCTIONS = ['agent_reply', 'speech_to_text', 'text_to_speech'];

/* What every provider can do wrong. */
const WRONGS = {
	'hangs up': { cut_after_bytes: 0 },
	'is silent': { silence: true },
	'is cut': { cut_after_bytes: 40 },
	'drips': { drip: { bytes: 1, pause_ms: 400 } },
	'429': { status: 429 },
	'429 with Retry-After': { status: 429, retry_after: 2 },
	'401': { status: 401 },
	'403': { status: 403 },
	'400': { status: 400 },
	'404': { status: 404 },
	'413': { status: 413 },
	'422': { status: 422 },
	'500': { status: 500 },
	'503': { status: 503 },
	'redirect': { status: 302 },
	'HTML': { garbage: 'html' },
	'text for JSON': { garbage: 'text' },
	'other JSON': { garbage: 'json' },
	'half a JSON': { garbage: 'truncated' },
	'binary': { garbage: 'binary' },
	'nothing': { garbage: 'empty' },
	'huge': { huge_bytes: 40 << 20 },
};

const stack = useStack({
	functions: [...TALK, 'speech_to_text', 'text_to_speech'],
	simulator: true,
	env: {
		...CHAINS,
		LLM_FIRST_TOKEN_MS: '1500',
		LLM_IDLE_MS: '1000',
		LLM_TOTAL_MS: '3000',
		EXTRACT_MS: '1500',
		GROQ_STT_MS: '2000',
		ELEVENLABS_FIRST_MS: '1500',
		ELEVENLABS_MS: '3000',
	},
});

/* For who is well: a busy machine makes everybody late. */
const PATIENT = {
	LLM_FIRST_TOKEN_MS: '20000',
	LLM_IDLE_MS: '20000',
	LLM_TOTAL_MS: '20000',
	GROQ_STT_MS: '20000',
	ELEVENLABS_FIRST_MS: '20000',
	ELEVENLABS_MS: '20000',
};

/* Sentences of error answers and of garbage: none may leave the program. */
const FOREIGN = new RegExp(
	[
		'Invalid API [Kk]ey',
		'adjust your prompt',
		'may not use this model',
		'you do not have access',
		'Request Entity',
		'could not be followed',
		'Rate limit reached',
		'Service unavailable\\.',
		'Something went wrong',
		'Too many concurrent',
		'Field required',
		'A voice with',
		'exceeds your quota',
		'Bad Gateway',
		'upstream connect error',
		'unexpected',
		'chatcmpl-1',
		'aaaaaaaa',
	].join('|'),
);

const check = (answer, logs) => {
	assert.equal(answer.status, 200, answer.text);
	assert.doesNotMatch(answer.text.replace(/"audio_base64":"[^"]*"/, ''), FOREIGN);
	for (const name of FUNCTIONS) assert.doesNotMatch(stack.logs(name, logs[name]), FOREIGN);
};

const marks = () => Object.fromEntries(FUNCTIONS.map((name) => [name, stack.logs(name).length]));

/* Once. (A kept connection that closes unanswered is HTTP's to repeat, as browsers do.) The
 * operation tells a turn's requests from those of the summary that falls due meanwhile. */
const assertAsked = async (filter, fault) => {
	const { length } = await stack.sim.requests(filter);
	assert.ok(length === 1 || (fault.cut_after_bytes === 0 && length === 2), `${length} times`);
};

const llm = {
	...WRONGS,
	'an error in the stream': { sse_error: { after: 2, form: 'data' } },
	'an error event in the stream': { sse_error: { after: 2, form: 'event' } },
	'no choices': { empty_choices: true, garbage: 'json' },
};

/* A session each: none gets long enough for a summary, whose model fails when it likes to. */
test('a language model', async (t) => {
	for (const [name, fault] of Object.entries(llm))
		await t.test(name, async () => {
			const session = await newSession(stack);
			await heal(stack);
			await stack.sim.fault(always('groq', fault));
			const logs = marks();
			const answer = await turn(stack, session, `We build search. It ${name}.`);
			check(answer, logs);
			assert.equal(answer.json.provider, 'builtin');
			assert.deepEqual(answer.json.degraded, ['llm']);
			assert.ok(answer.json.text.length > 5);
			assert.ok(answer.json.extract, 'rules know it without a model');
			assert.ok((await stack.sim.requests({ provider: 'groq' })).length >= 1);
		});
});

test('a language model that says nothing', async (t) => {
	const session = await newSession(stack);
	for (const [name, text] of Object.entries({ empty: '', blank: ' \n ', marks: '[pause:2] …' }))
		await t.test(name, async () => {
			await heal(stack);
			await stack.sim.reply({ provider: 'groq', reply: { text }, times: -1 });
			const { status, json } = await turn(stack, session, `We build ${name} search.`);
			assert.equal(status, 200);
			assert.equal(json.provider, 'builtin');
		});
});

test('what a model wraps its answer in is not heard', async (t) => {
	const wrapped = {
		'<THINK>secret</THINK>Happy to help.': 'Happy to help.',
		'secret\n</think>\n\nHappy to help.': 'Happy to help.',
		'<|channel|>analysis<|message|>no<|end|><|channel|>final<|message|>Hi there.': 'Hi there.',
		'Happy to help.<|im_end|>\n<|im_start|>user\nWe sell shoes.': 'Happy to help.',
		'*takes a deep breath* Q&amp;A is free.<br/>Which <b>one</b>?': 'Q&A is free. Which one?',
		'Gerne, z. B. am 3. Mai um ca. 15 Uhr. Passt das?':
			'Gerne, z. B. am 3. Mai um ca. 15 Uhr. Passt das?',
	};
	const session = await newSession(stack);
	for (const [text, heard] of Object.entries(wrapped))
		await t.test(text, async () => {
			await heal(stack);
			await stack.sim.reply({ provider: 'groq', match: { stream: true }, reply: { text } });
			const { json } = await turn(stack, session, `We build search. ${text.length}`);
			assert.deepEqual([json.provider, json.text], ['groq', heard]);
		});
	await heal(stack);
	const held = { text: 'I would', finish_reason: 'content_filter' };
	await stack.sim.reply({ provider: 'groq', match: { stream: true }, reply: held });
	const { json } = await turn(stack, session, 'Is a filter in the way?');
	assert.deepEqual([json.provider, json.degraded], ['builtin', ['llm']]);
});

test('a voice', async (t) => {
	const wrongs = {
		...WRONGS,
		'as text': { content_type: 'text/plain' },
		'quota used up': { status: 401, quota: 'exceeded' },
		'busy': { status: 429, quota: 'busy' },
	};
	for (const [name, fault] of Object.entries(wrongs))
		await t.test(name, async () => {
			await heal(stack);
			await stack.sim.fault(always('elevenlabs', fault));
			const logs = marks();
			const answer = await speak(stack);
			check(answer, logs);
			assert.equal(answer.json.provider, 'local');
			assert.deepEqual(answer.json.degraded, ['tts']);
			assert.ok(answer.json.audio_base64.length > 8000);
			await assertAsked({ provider: 'elevenlabs' }, fault);
		});
});

test('a recogniser', async (t) => {
	const session = await newSession(stack);
	/* What a status means is one function for all; hearing on this machine takes a while. */
	const skipped = /^(40[0134]|422|503|429 with.*|redirect|text.*|other.*|binary)$/;
	const wrongs = Object.entries(WRONGS).filter(([name]) => !skipped.test(name));
	for (const [name, fault] of wrongs)
		await t.test(name, async () => {
			await heal(stack);
			await stack.sim.fault(always('groq', fault));
			const logs = marks();
			const answer = await hear(stack, session);
			check(answer, logs);
			assert.equal(answer.json.provider, 'local');
			assert.deepEqual(answer.json.degraded, ['stt']);
			assert.match(answer.json.text, /air is pure/i);
			await assertAsked({ provider: 'groq', operation: 'transcribe' }, fault);
		});
});

test('all is well: the provider answers, and nothing is said to be degraded', async () => {
	stack.expectRestart(...FUNCTIONS);
	await stack.commandWith(PATIENT, 'reload', ...FUNCTIONS);
	await heal(stack);
	const session = await newSession(stack);
	const { json } = await turn(stack, session, 'Hello there.', { audio: true });
	assert.equal(json.provider, 'groq');
	assert.equal(json.degraded, undefined);
	assert.equal((await speak(stack)).json.provider, 'elevenlabs');
	assert.equal((await hear(stack, session)).json.provider, 'groq');
});

/* Last, for the faults end here without what the breakers know being set back. */
test('a refused key is asked with again once it is mended and the program reloaded', async () => {
	await heal(stack);
	const session = await newSession(stack);
	await stack.sim.fault(always('groq', { status: 401 }));
	assert.equal((await turn(stack, session, 'We build search.')).json.provider, 'builtin');
	await stack.sim.reset();
	assert.equal((await turn(stack, session, 'We build maps.')).json.provider, 'builtin');
	assert.equal((await stack.sim.requests({ provider: 'groq' })).length, 0, 'it is left alone');
	await stack.commandWith(PATIENT, 'reload', 'agent_reply');
	assert.equal((await turn(stack, session, 'We build ships.')).json.provider, 'groq');
});
