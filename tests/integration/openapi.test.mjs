/* openapi.json: it is well made, names every program there is, and what the functions answer is
 * what it says, without a member that it does not know. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import {
	audio, functionNames, keyHeaders, newSession, pairOf, post, request, root, useStack,
} from './env/index.mjs';
import { people } from './people.mjs';

const require = createRequire(import.meta.url);
const Ajv = require('ajv/dist/2020.js').default;
const { createConfig, lint } = require('@redocly/openapi-core');

const FILE = join(root, 'nginx/www/openapi.json');
const api = JSON.parse(readFileSync(FILE, 'utf8'));
const stack = useStack();

/* An answer that has become a WebSocket has no status of 200 and more. */
const KNOWN = ['operation-2xx-response #/paths/~1realtime~1v1~1websocket/get/responses'];

test('it has no faults', async () => {
	const config = await createConfig({ extends: ['recommended-strict'] });
	const problems = await lint({ ref: FILE, config });
	const told = problems.map(({ ruleId, location: [{ pointer }] }) => `${ruleId} ${pointer}`);
	assert.deepEqual(told, KNOWN);
	assert.deepEqual(await (await fetch(`${stack.baseUrl}/openapi.json`)).json(), api);
});

test('every program is in it', () => {
	const paths = Object.keys(api.paths);
	for (const name of functionNames().filter((each) => each !== 'metrics')) { // for operators
		const has = (path) => paths.some((known) => known === path || known.startsWith(`${path}/`));
		assert.ok(has(`/functions/v1/${name}`) || has(`/${name}/v1`), name);
	}
});

/* No member but those it tells of, wherever it tells of any. */
const closed = (schema) => {
	if (Array.isArray(schema)) return schema.map(closed);
	if (typeof schema !== 'object' || schema === null) return schema;
	const all = Object.fromEntries(Object.entries(schema).map(([k, v]) => [k, closed(v)]));
	const names = Object.keys(schema.properties ?? {});
	return schema.type === 'object' && names.length ? { ...all, additionalProperties: false } : all;
};

const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema({ $id: 'api', components: closed(api.components) });

const schemaOf = (path, method, status) => {
	const { responses } = api.paths[path][method];
	const found = responses[status] ?? responses['4XX'];
	assert.ok(found, `${method} ${path} does not tell of ${status}`);
	const name = found.$ref?.split('/').at(-1);
	const response = name ? api.components.responses[name] : found;
	const text = JSON.stringify(closed(response.content['application/json'].schema));
	return JSON.parse(text.replaceAll('"#/components', '"api#/components'));
};

const check = (path, method, { status, json, text }) => {
	const isRight = ajv.compile(schemaOf(path, method, status));
	assert.ok(isRight(json), `${path} ${status}: ${ajv.errorsText(isRight.errors)}\n${text}`);
};

test('what the functions answer is what it says', async () => {
	const key = keyHeaders(stack);
	const session = await newSession(stack);
	const pair = pairOf(session);
	const audio_base64 = audio('speech/jfk.wav').toString('base64');
	const call = async (name, body, wanted = 200, headers = {}) => {
		const answer = await post(stack, name, body, headers);
		assert.equal(answer.status, wanted, answer.text);
		check(`/functions/v1/${name}`, 'post', answer);
		return answer.json;
	};
	await call('create_session', { mode: 'mentor' }, 200, key);
	await call('speech_to_text', { ...pair, audio_base64 });
	await call('speech_to_text_groq', { ...pair, audio_base64 });
	await call('text_to_speech', { ...pair, text: 'Hello. [pause:1s] Well.' });
	const said = ['I am Dana Reed, head of product at Northwind.', 'We have $100,000 for search.',
		'We need it this quarter.'];
	for (const user_message of said) await call('agent_reply', { ...pair, user_message });
	await call('agent_reply', { ...pair, audio_base64 });
	await call('agent_reply', { ...pair, cancel: true, turn_id: 'nothing' });
	await call('agent_reply', { ...pair, speculative: true, user_message: 'By the way,' });
	await call('groq_chat', { messages: [{ role: 'user', content: 'Hello.' }] }, 200, key);
	await call('save_memory', { ...pair, scope: 'long', content: { likes: 'bread' } });
	const found = await call('recall_memories', { ...pair, query: 'What do they like?' });
	assert.ok(found.memories.length > 0);
	const summed = await call('summarize_session', { ...pair, force_summarize: true });
	assert.ok(summed.summary);
	await call('collect_email', { email: `${crypto.randomUUID()}@example.com` });
	const extract_from = 'User: Please send me the contract.';
	await call('action_items', { action: 'extract', extract_from }, 200, key);
	await call('browser_timings', { first_audio_ms: [840], stalls: 1, errors: { network: 1 } });
	for (const [name, body, status] of [
		['create_session', { mode: 'pirate' }, 400],
		['agent_reply', { ...pair, session_secret: 'x', user_message: 'Hi.' }, 401],
		['recall_memories', { ...pair, query: 7 }, 400],
		['collect_email', { email: 'nobody' }, 400],
		['action_items', { action: 'extract', extract_from }, 401],
		['browser_timings', { stalls: -1 }, 400],
		['text_to_speech', { text: 'x'.repeat(6000) }, 400],
		['save_memory', 'x'.repeat(2 ** 21), 413],
	])
		await call(name, body, status);
	for (const [path, named] of [
		['/functions/v1/modes'], ['/livez'], ['/readyz/modes', '/readyz/{program}'],
		['/config.json'],
	])
		check(named ?? path, 'get', await request(stack, 'GET', path));
	const since = new Date(Date.now() - 60_000).toISOString();
	for (const [role, query, status] of [
		['viewer', `?from=${since}`, 200], ['viewer', '?from=x', 400], ['anon', '', 401],
		['outsider', '', 403],
	]) {
		const { keyed } = await people(stack, role);
		const path = `/functions/v1/reports${query}`;
		const answer = await request(stack, 'GET', path, { headers: keyed });
		assert.equal(answer.status, status, answer.text);
		check('/functions/v1/reports', 'get', answer);
		if (status === 200) assert.ok(answer.json.conversion.length > 0 && answer.json.turns > 0);
	}
	for (const [role, query, status] of [
		['admin', '?of=jobs', 200], ['admin', '?of=log', 200], ['admin', '?of=log&before=1', 200],
		['admin', '', 400], ['anon', '?of=log', 401], ['viewer', '?of=jobs', 403],
	]) {
		const { keyed } = await people(stack, role);
		const path = `/functions/v1/oversight${query}`;
		const answer = await request(stack, 'GET', path, { headers: keyed });
		assert.equal(answer.status, status, answer.text);
		check('/functions/v1/oversight', 'get', answer);
	}
});
