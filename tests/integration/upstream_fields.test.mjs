/* Our requests beside those of the official clients for the same call: no more and no less. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toFile } from 'groq-sdk';
import { newGroq, newOpenAI, newVoice } from './env/sdk.mjs';
import { audio, keyHeaders, newSession, pairOf, poll, post, TALK, useStack } from './env/index.mjs';

const stack = useStack({
	functions: [...TALK, 'speech_to_text', 'text_to_speech'],
	simulator: true,
	env: {
		LLM_PROVIDERS: 'groq,openai,builtin',
		STT_PROVIDERS: 'groq,local',
		TTS_PROVIDERS: 'elevenlabs,local',
	},
});

/* What the clients add about themselves, and what differs between any two HTTP clients. */
const INCIDENTAL = new RegExp(
	'^(x-stainless-.*|x-fern-.*|user-agent|host|connection|content-length|transfer-encoding|' +
		'accept|accept-encoding|accept-language|sec-fetch-mode|cache-control|pragma|traceparent)$',
);

const headersOf = ({ headers }) =>
	Object.fromEntries(
		Object.entries(headers)
			.filter(([name]) => !INCIDENTAL.test(name))
			.map(([name, value]) => [name, value.replace(/boundary=.*/, 'boundary=…')]),
	);

/* The kind of every value, with array members and nested names: what a schema would check. */
const shapeOf = (value) => {
	if (Array.isArray(value))
		return [...new Set(value.map((item) => JSON.stringify(shapeOf(item))))].sort();
	if (value === null || typeof value !== 'object') return typeof value;
	const names = Object.keys(value).sort();
	return Object.fromEntries(names.map((name) => [name, shapeOf(value[name])]));
};

const partsOf = ({ parts }) =>
	parts
		.map(({ name, filename, type, value }) => ({ name, filename, type, value }))
		.sort((a, b) => (a.name < b.name ? -1 : 1));

const assertSameCall = (ours, theirs) => {
	assert.equal(ours.refused, false);
	for (const name of ['method', 'path', 'http'])
		assert.equal(ours[name], theirs[name], name);
	assert.deepEqual(ours.query, theirs.query);
	assert.deepEqual(headersOf(ours), headersOf(theirs));
};

const both = async (filter) => {
	const requests = await poll(async () => {
		const list = await stack.sim.requests(filter);
		return list.length === 2 && list;
	});
	return requests;
};

const reset = async () => {
	await stack.sim.reset();
	return newSession(stack);
};

/* Our own calls of one turn: the spoken reply and the structured data beside it. */
const callsOfTurn = async (provider) => {
	const session = await reset();
	if (provider === 'openai')
		await stack.sim.fault({ provider: 'groq', fault: { status: 503 }, times: -1 });
	const answer = await post(stack, 'agent_reply', {
		...pairOf(session),
		user_message: 'We need help with our search.',
		audio: false,
	});
	assert.equal(answer.json?.provider, provider, answer.text);
	const calls = await stack.sim.requests({ provider, operation: 'chat' });
	const [structured] = calls.filter(({ body }) => body.tools);
	const [reply] = calls.filter(({ body }) => !body.tools);
	return { reply, structured };
};

/* The same two calls as an application would make them with the client. */
const callsOfClient = async (client, provider, { model, limit, more }, ours) => {
	await stack.sim.reset();
	const schema = ours.structured.body.tools[0].function;
	const stream = await client.chat.completions.create({
		model,
		messages: [
			{ role: 'system', content: 'You are an agent.' },
			{ role: 'user', content: 'We need help with our search.' },
		],
		temperature: 0.7,
		[limit]: 220,
		stream: true,
		...more,
	});
	for await (const chunk of stream) assert.ok(chunk);
	await client.chat.completions.create({
		model,
		messages: [
			{ role: 'system', content: 'You extract.' },
			{ role: 'user', content: 'visitor: We need help with our search.' },
		],
		temperature: 0,
		[limit]: 600,
		tools: [
			{
				type: 'function',
				function: { name: schema.name, parameters: schema.parameters },
			},
		],
		tool_choice: { type: 'function', function: { name: schema.name } },
	});
	const calls = await both({ provider, operation: 'chat' });
	return { reply: calls[0], structured: calls[1] };
};

for (const [provider, newClient, call] of [
	['groq', newGroq, { model: 'llama-3.3-70b-versatile', limit: 'max_completion_tokens' }],
	[
		'openai',
		newOpenAI,
		{
			model: 'gpt-4o-mini',
			limit: 'max_tokens' /* compatible servers know no other */,
			more: { stream_options: { include_usage: true } },
		},
	],
])
	test(`${provider}: a reply and a forced call, as its client sends them`, async () => {
		const ours = await callsOfTurn(provider);
		const theirs = await callsOfClient(newClient(stack.env), provider, call, ours);
		for (const kind of ['reply', 'structured']) {
			assertSameCall(ours[kind], theirs[kind]);
			assert.deepEqual(shapeOf(ours[kind].body), shapeOf(theirs[kind].body), kind);
			assert.equal(ours[kind].body.model, theirs[kind].body.model);
			assert.equal(ours[kind].headers.accept, theirs[kind].headers.accept);
		}
		assert.deepEqual(ours.structured.body.tool_choice, theirs.structured.body.tool_choice);
	});

test('groq: a recording, as its client uploads it', async () => {
	const session = await reset();
	const clip = audio('formats/opus.webm');
	const answer = await post(stack, 'speech_to_text', {
		...pairOf(session),
		audio_base64: clip.toString('base64'),
		language: 'en',
	});
	assert.equal(answer.json?.provider, 'groq', answer.text);
	const client = newGroq(stack.env);
	await client.audio.transcriptions.create({
		file: await toFile(clip, 'audio.webm', { type: 'audio/webm' }),
		model: 'whisper-large-v3-turbo',
		language: 'en',
		response_format: 'verbose_json',
		temperature: 0,
	});
	const [ours, theirs] = await both({ provider: 'groq', operation: 'transcribe' });
	assertSameCall(ours, theirs);
	assert.deepEqual(partsOf(ours), partsOf(theirs));
	const fileOf = ({ parts }) => parts.find(({ name }) => name === 'file');
	assert.deepEqual(
		[fileOf(ours).size, fileOf(ours).sha256],
		[fileOf(theirs).size, fileOf(theirs).sha256],
		'the recording arrives as it is',
	);
});

test('groq: a language is told by its code, however it was written, or not at all', async () => {
	const cases = { English: 'en', 'pt-BR': 'pt', EN: 'en', auto: undefined, '': undefined };
	for (const [written, told] of Object.entries(cases)) {
		const session = await reset();
		const answer = await post(stack, 'speech_to_text', {
			...pairOf(session),
			audio_base64: audio('speech/spk1_snt3.wav').toString('base64'),
			language: written,
		});
		assert.equal(answer.json?.provider, 'groq', `${written}: ${answer.text}`);
		const [{ parts }] = await stack.sim.requests({ provider: 'groq', operation: 'transcribe' });
		const part = parts.find(({ name }) => name === 'language');
		assert.equal(part?.value, told, written);
	}
});

test('groq: a long WAV arrives as a smaller WAV of the same length', async () => {
	const session = await reset();
	const wav = audio('speech/jfk.wav');
	const answer = await post(stack, 'speech_to_text', {
		...pairOf(session),
		audio_base64: wav.toString('base64'),
	});
	assert.equal(answer.json?.provider, 'groq', answer.text);
	const [{ parts, refused }] = await stack.sim.requests({ provider: 'groq' });
	const file = parts.find(({ name }) => name === 'file');
	assert.equal(refused, false);
	assert.deepEqual([file.filename, file.type], ['audio.wav', 'audio/wav']);
	assert.equal(file.size, 44 + 11 * 16000 * 2);
	assert.ok(!parts.some(({ name }) => name === 'language'), 'none was told');
});

test('elevenlabs: words, as its client asks for them', async () => {
	await reset();
	const text = 'This is said by a voice.';
	const answer = await post(stack, 'text_to_speech', { text }, keyHeaders(stack));
	assert.equal(answer.json?.provider, 'elevenlabs', answer.text);
	const sound = await newVoice(stack.env).textToSpeech.stream(stack.env.ELEVENLABS_VOICE_ID, {
		text,
		modelId: 'eleven_flash_v2_5',
		outputFormat: 'mp3_44100_128',
	});
	for await (const piece of sound) assert.ok(piece.length);
	const [ours, theirs] = await both({ provider: 'elevenlabs' });
	assertSameCall(ours, theirs);
	assert.deepEqual(ours.body, theirs.body);
	assert.equal(ours.headers['xi-api-key'], stack.env.ELEVENLABS_API_KEY);
});
