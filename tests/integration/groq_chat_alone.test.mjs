/* groq_chat with no key and no network. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyHeaders, post, sql, useStack } from './env/index.mjs';

const stack = useStack({ functions: ['groq_chat'] }); /* others' tests write into the ledger */

test('the built-in responder answers', async () => {
	const messages = [{ role: 'user', content: 'Hello, I am Dana.' }];
	const { status, json, text } = await post(stack, 'groq_chat', { messages }, keyHeaders(stack));
	assert.equal(status, 200, text);
	assert.match(json.text, /Dana/);
	assert.equal(json.provider, 'builtin');
	assert.deepEqual(json.degraded, ['llm']);
});

test('it answers to conversations of any shape', async () => {
	const system = { role: 'system', content: '' };
	const assistant = { role: 'assistant', content: 'x'.repeat(102400) };
	const many = [assistant, ...Array(99).fill(system)];
	for (const messages of [[system], [assistant], [system, assistant], many]) {
		const answer = await post(stack, 'groq_chat', { messages }, keyHeaders(stack));
		assert.equal(answer.status, 200, answer.text);
		assert.ok(answer.json.text.length > 0);
	}
});

test('what is answered here costs nobody anything', async () => {
	assert.deepEqual(await sql(stack, 'select count(*) from ledger'), [['0']]);
});
