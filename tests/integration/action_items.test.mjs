/* action_items: what is to be done, of what the caller gives to read; nothing is kept of it. And
 * modes: the personalities that a visitor may choose. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyHeaders, newSession, post, request, sql, supabase, useStack } from './env/index.mjs';

const stack = useStack();

const extract = async (body) => {
	const answer = await post(
		stack, 'action_items', { action: 'extract', ...body }, keyHeaders(stack),
	);
	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.json.success, true);
	return answer.json.extracted;
};

test('as the existing page asks after each reply', async () => {
	const { session_id } = await newSession(stack);
	const { data, error } = await supabase(stack).functions.invoke('action_items', {
		body: {
			action: 'extract',
			session_id,
			extract_from:
				'User: Could you send me the contract by Friday? I will call Dana tomorrow.\n' +
				"Agent: Sure, I'll check with the lawyers. Could you share the address?",
		},
	});
	assert.equal(error, null);
	assert.deepEqual(data, {
		success: true,
		extracted: [
			{ text: 'Could you send me the contract by Friday?', owner: 'team', priority: 'high' },
			{ text: 'I will call Dana tomorrow.', owner: 'visitor', priority: 'high' },
			{ text: "Sure, I'll check with the lawyers.", owner: 'team', priority: 'medium' },
		],
	});
	const [[n]] = await sql(
		stack,
		`select (select count(*) from utterances where session_id = :'id')
			+ (select count(*) from extracts where session_id = :'id')
			+ (select count(*) from summaries where session_id = :'id')`,
		{ id: session_id },
	);
	assert.equal(n, '0');
});

test('what a turn without a model would owe is among them, contact data is not', async () => {
	const text = 'User: Please email me a proposal at dana.reed@example.com.';
	const items = await extract({ text });
	assert.ok(items.some((item) => item.text === 'Send proposal'), JSON.stringify(items));
	assert.ok(items.every((item) => !item.text.includes('dana.reed')), JSON.stringify(items));
});

test('nothing of chatter, of who is in danger, and of more than 8 kB', async () => {
	assert.deepEqual(await extract({ extract_from: 'User: Nice weather.\nAgent: Yes.' }), []);
	assert.deepEqual(await extract({ extract_from: '' }), []);
	const danger = 'User: Please call me. I want to kill myself tonight.';
	assert.deepEqual(await extract({ extract_from: danger }), []);
	const asked = 'User: Please send me the contract. ';
	assert.equal((await extract({ extract_from: asked.padEnd(8000, 'x') })).length > 0, true);
	assert.deepEqual(await extract({ extract_from: asked.padEnd(8001, 'x') }), []);
});

test('a key is needed, a text and an action that there is', async () => {
	const body = { action: 'extract', extract_from: 'hello' };
	const refused = await post(stack, 'action_items', body);
	assert.equal(refused.status, 401);
	assert.equal(refused.json.code, 'unauthorized');
	for (const [wrong, field] of [
		[{ extract_from: 'hello' }, 'action'],
		[{ ...body, action: 'create' }, 'action'],
		[{ action: 'extract' }, 'extract_from'],
		[{ ...body, extract_from: 7 }, 'extract_from'],
	]) {
		const { status, json } = await post(stack, 'action_items', wrong, keyHeaders(stack));
		assert.equal(status, 400);
		assert.equal(json.field, field);
	}
});

test('modes: each that a session takes, with its manner; one of them is the default', async () => {
	const { status, json } = await request(stack, 'GET', '/functions/v1/modes', {
		headers: { origin: stack.baseUrl },
	});
	assert.equal(status, 200);
	assert.equal(json.default, 'professional');
	assert.equal(json.modes.length, 7);
	for (const { name, title, manner } of json.modes) {
		assert.equal(title.toLowerCase(), name);
		assert.ok(manner.length > 20);
		await newSession(stack, { mode: name });
	}
	const posted = await post(stack, 'modes', {});
	assert.equal(posted.status, 405);
	assert.equal(posted.headers.get('allow'), 'GET, OPTIONS');
	const { data, error } = await supabase(stack).functions.invoke('modes', { method: 'GET' });
	assert.equal(error, null);
	assert.deepEqual(data, json);
});
