/* save_memory: what is kept, what is refused, what is a duplicate, and how neighbours change. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { newSession, pairOf, post, sql, useStack } from './env/index.mjs';

const stack = useStack();

const open = async (body = {}) => pairOf(await newSession(stack, body));

const save = async (pair, body, headers) => {
	const answer = await post(
		stack,
		'save_memory',
		{ ...pair, scope: 'long', ...body },
		headers,
	);
	assert.equal(answer.status, 200, answer.text);
	return answer.json;
};

const refuse = async (pair, body, status, code, field) => {
	const answer = await post(stack, 'save_memory', { ...pair, ...body });
	assert.equal(answer.status, status, answer.text);
	assert.equal(answer.json.code, code);
	if (!field) return;
	assert.equal(answer.json.field, field);
	assert.match(answer.json.error, new RegExp(`^${field}: `), 'the sentence is about it');
};

const indexTexts = (pair) =>
	sql(
		stack,
		`select index_text, embedding is not null, embedding_near is not null
			from memories where session_id = :'id' order by position`,
		{ id: pair.session_id },
	);

test('a memory is stored with its defaults', async () => {
	const pair = await open();
	const { memory, success, duplicate } = await save(pair, { content: { note: 'likes tea' } });
	assert.equal(success, true);
	assert.equal(duplicate, false);
	assert.deepEqual(memory.content, { note: 'likes tea' });
	assert.equal(memory.scope, 'long');
	assert.equal(memory.importance, 5);
	assert.equal(memory.summary, null);
	assert.deepEqual(memory.tags, []);
	assert.equal(memory.session_id, pair.session_id);
	assert.equal(memory.last_referenced, null);
	assert.equal(memory.access_count, 0);
	assert.equal(memory.source_id, null);
	assert.ok(Math.abs(Date.parse(memory.created_at) - Date.now()) < 60000);
	assert.ok(!('embedding' in memory));
});

test('all members are kept', async () => {
	const pair = await open();
	const { memory } = await save(pair, {
		content: 'Dana: we ship in May',
		summary: 'shipping',
		importance: 9,
		tags: ['plan', 'ship'],
		metadata: { from: 'test' },
		occurred_at: '2023-05-08T13:56:00+02:00',
		source_id: 'D1:1',
	});
	assert.equal(memory.content, 'Dana: we ship in May');
	assert.equal(memory.summary, 'shipping');
	assert.equal(memory.importance, 9);
	assert.deepEqual(memory.tags, ['plan', 'ship']);
	assert.equal(memory.occurred_at, '2023-05-08T11:56:00.000Z');
	assert.equal(memory.source_id, 'D1:1');
	const rows = await sql(
		stack,
		`select metadata, speaker, words from memories where id = :'id'`,
		{ id: memory.id },
	);
	assert.deepEqual(JSON.parse(rows[0][0]), { from: 'test' });
	assert.equal(rows[0][1], 'Dana');
	assert.match(rows[0][2], /^Dana: we ship in May shipping \(May 2023\)/);
});

test('a fraction of importance is a share of the scale', async () => {
	const pair = await open();
	for (const [given, kept] of [[0, 1], [0.5, 6], [0.99, 10], [1, 1], [1.4, 1], [10, 10]]) {
		const { memory } = await save(pair, { content: `importance ${given}`, importance: given });
		assert.equal(memory.importance, kept, `of ${given}`);
	}
});

test('any JSON is content', async () => {
	const pair = await open();
	for (const content of ['text', 7, true, [1, 'two'], { a: { b: [] } }, '', {}]) {
		const { memory } = await save(pair, { content });
		assert.deepEqual(memory.content, content);
	}
});

test('what does not fit is refused, field by field', async () => {
	const pair = await open();
	const good = { scope: 'long', content: 'x' };
	for (const [change, field] of [
		[{ scope: undefined }, 'scope'],
		[{ scope: 'forever' }, 'scope'],
		[{ content: undefined }, 'content'],
		[{ content: null }, 'content'],
		[{ content: 'x'.repeat(65536) }, 'content'],
		[{ summary: 'x'.repeat(4001) }, 'summary'],
		[{ importance: 11 }, 'importance'],
		[{ importance: -1 }, 'importance'],
		[{ importance: 'high' }, 'importance'],
		[{ tags: Array(21).fill('t') }, 'tags'],
		[{ tags: 'one' }, 'tags'],
		[{ metadata: [] }, 'metadata'],
		[{ occurred_at: 'yesterday' }, 'occurred_at'],
		[{ source_id: '' }, 'source_id'],
		[{ source_id: 'x'.repeat(201) }, 'source_id'],
	])
		await refuse(pair, { ...good, ...change }, 400, 'invalid_request', field);
});

test('the pair is checked', async () => {
	const pair = await open();
	const good = { scope: 'long', content: 'x' };
	for (const change of [
		{ session_secret: randomUUID() },
		{ session_id: randomUUID() },
		{ session_id: 'nobody' },
	])
		await refuse({ ...pair, ...change }, good, 401, 'invalid_session');
	await refuse({ session_id: pair.session_id }, good, 400, 'invalid_request', 'session_secret');
});

test('the same content is stored once per owner and scope', async () => {
	const pair = await open();
	const first = await save(pair, { content: { a: 1, b: 'two' } });
	const second = await save(pair, { content: { a: 1, b: 'two' } });
	assert.equal(second.duplicate, true);
	assert.equal(second.memory.id, first.memory.id);
	for (const [where, scope] of [
		[pair, 'medium'],
		[await open(), 'long'],
	])
		assert.equal(
			(await save(where, { content: { a: 1, b: 'two' }, scope })).duplicate,
			false,
		);
	const visitor = { visitor_id: randomUUID(), consent: true };
	const mine = await save(await open(visitor), { content: 'over all sessions' });
	const again = await save(await open(visitor), { content: 'over all sessions' });
	assert.equal(again.memory.id, mine.memory.id);
});

test('members in another order are the same content', async () => {
	const pair = await open();
	const orders = [
		{ zone: 1, a: [{ y: 1, x: { q: null, p: 'two' } }], note: 'n' },
		{ note: 'n', a: [{ x: { p: 'two', q: null }, y: 1 }], zone: 1 },
	];
	const first = await save(pair, { content: orders[0] });
	const second = await save(pair, { content: orders[1] });
	assert.equal(first.duplicate, false);
	assert.equal(second.duplicate, true);
	assert.equal(second.memory.id, first.memory.id);
	const other = { ...orders[0], a: [{ y: 2, x: { q: null, p: 'two' } }] };
	assert.equal((await save(pair, { content: other })).duplicate, false);
	for (const content of [['one', 'two'], ['two', 'one']])
		assert.equal((await save(pair, { content })).duplicate, false, 'elements have an order');
});

test('the same words at another time are another memory', async () => {
	const pair = await open();
	const at = (occurred_at, content = 'The meeting was moved.') =>
		save(pair, { content, ...(occurred_at && { occurred_at }) });
	const may = await at('2025-05-08T10:00:00Z');
	const june = await at('2025-06-08T10:00:00Z');
	assert.equal(june.duplicate, false);
	assert.notEqual(june.memory.id, may.memory.id);
	const again = await at('2025-05-08T12:00:00+02:00');
	assert.equal(again.duplicate, true);
	assert.equal(again.memory.id, may.memory.id);
	assert.equal((await at()).duplicate, true, 'without a time it is any of them');
	const undated = await at(undefined, 'Nobody knows when.');
	const dated = await at('2025-05-08', 'Nobody knows when.');
	assert.equal(dated.duplicate, true, 'nobody has said that it was another time');
	assert.equal(dated.memory.id, undated.memory.id);
	/* The same when they have to be masked. */
	const masked = await at('2025-05-08', 'Call +1 415 555 0123.');
	assert.equal((await at('2025-06-08', 'Call +1 415 555 0123.')).duplicate, false);
	assert.equal((await at('2025-05-08', 'Call +1 415 555 0123.')).memory.id, masked.memory.id);
});

test('many saves of the same at once make one memory', async () => {
	const pair = await open();
	const all = await Promise.all(
		Array.from({ length: 12 }, () => save(pair, { content: 'all at once' })),
	);
	assert.equal(all.filter((one) => !one.duplicate).length, 1);
	assert.equal(new Set(all.map((one) => one.memory.id)).size, 1);
});

test('a source is one memory of its owner', async () => {
	const pair = await open();
	await save(pair, { content: 'first', source_id: 's1' });
	assert.equal((await save(pair, { content: 'first', source_id: 's1' })).duplicate, true);
	await refuse(
		pair,
		{ scope: 'long', content: 'second', source_id: 's1' },
		409,
		'conflict',
		'source_id',
	);
	await save(await open(), { content: 'second', source_id: 's1' });
});

test('a repeated request is answered from the first', async () => {
	const pair = await open();
	const headers = { 'Idempotency-Key': randomUUID() };
	const first = await save(pair, { content: 'once' }, headers);
	const again = await save(pair, { content: 'once' }, headers);
	assert.deepEqual(again, first);
	assert.equal(again.duplicate, false);
});

test('a late neighbour changes the two before it', async () => {
	const pair = await open();
	for (const word of ['apple', 'banana', 'cherry', 'damson'])
		await save(pair, { content: word, scope: 'episodic', occurred_at: '2023-05-08' });
	const rows = await indexTexts(pair);
	const words = rows.map(([text]) => text.split('\n'));
	assert.deepEqual(words[0], ['8 May 2023 Monday', 'apple', 'banana', 'cherry']);
	assert.deepEqual(words[1], ['8 May 2023 Monday', 'apple', 'banana', 'cherry', 'damson']);
	assert.deepEqual(words[3], ['8 May 2023 Monday', 'banana', 'cherry', 'damson']);
	for (const [, vector, mean] of rows) assert.deepEqual([vector, mean], ['t', 't']);
});

test('a session has no neighbours in another', async () => {
	const visitor = { visitor_id: randomUUID(), consent: true };
	const first = await open(visitor);
	const second = await open(visitor);
	await save(first, { content: 'from the first' });
	await save(second, { content: 'from the second' });
	const [[text]] = await indexTexts(second);
	assert.ok(!text.includes('first'));
});

test('a short memory runs out after a day', async () => {
	const pair = await open();
	const { memory } = await save(pair, { content: 'for today', scope: 'short' });
	const [[hours]] = await sql(
		stack,
		`select round(extract(epoch from expires_at - now()) / 3600) from memories
			where id = :'id'`,
		{ id: memory.id },
	);
	assert.equal(hours, '24');
});

test('a short memory that is saved again lives on, also when its time is over', async () => {
	const pair = await open();
	const harbour = Array.from({ length: 400 }, (_, i) => `Boat ${i} lies in the harbour.`);
	const content = [...harbour, 'The gate opens by 7319.'].join(' ');
	const { memory } = await save(pair, { content, scope: 'short' });
	const rows = (what, more = {}) => sql(stack,
		`${what} where (id = :'id' or part_of = :'id')`, { id: memory.id, ...more });
	for (const left of ['1 minute', '-1 second']) {
		await rows(`update memories set expires_at = now() + :'left'::interval`, { left });
		const again = await save(pair, { content, scope: 'short' });
		assert.deepEqual([again.duplicate, again.memory.id], [true, memory.id]);
		const hours = await rows(`select round(extract(epoch from expires_at - now()) / 3600)
			from memories`);
		assert.ok(hours.length > 1, 'it is kept in parts');
		assert.deepEqual([...new Set(hours.flat())], ['24']);
		const found = await post(stack, 'recall_memories',
			{ ...pair, query: 'which number opens the gate?', scopes: ['short'] });
		assert.equal(found.json.memories[0]?.id, memory.id);
	}
});
