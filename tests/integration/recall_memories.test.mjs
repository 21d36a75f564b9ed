/* recall_memories: what is found for a question, in which order, and how its use is counted. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { newSession, pairOf, poll, post, sql, useStack, whileLocked } from './env/index.mjs';

const stack = useStack();

const open = async (body = {}) => pairOf(await newSession(stack, body));

const save = async (pair, content, more = {}) => {
	const answer = await post(stack, 'save_memory', {
		...pair,
		scope: 'long',
		content,
		...more,
	});
	assert.equal(answer.status, 200, answer.text);
	return answer.json.memory;
};

const recall = async (pair, query, more = {}) => {
	const answer = await post(stack, 'recall_memories', { ...pair, query, ...more });
	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.json.count, answer.json.memories.length);
	return answer.json.memories;
};

const contents = async (...args) => (await recall(...args)).map((m) => m.content);

const FACTS = [
	'I am allergic to peanuts',
	'My daughter plays the violin in an orchestra',
	'We closed a funding round of two million dollars',
	'The server crashed because the disk was full',
	'I grew up in a small village near Lisbon',
];

const withFacts = async () => {
	const pair = await open();
	for (const fact of FACTS) await save(pair, fact);
	return pair;
};

test('meaning is found without a common word', async () => {
	const pair = await withFacts();
	assert.equal((await contents(pair, 'musical instruments of the children'))[0], FACTS[1]);
	assert.equal((await contents(pair, 'food that makes him ill'))[0], FACTS[0]);
});

test('words, names and numbers are found', async () => {
	const pair = await withFacts();
	await save(pair, 'the invoice number is 48151623');
	assert.equal((await contents(pair, 'villages'))[0], FACTS[4]);
	assert.equal((await contents(pair, 'Lisbon'))[0], FACTS[4]);
	assert.equal((await contents(pair, '48151623'))[0], 'the invoice number is 48151623');
});

test('dates are found however they are said', async () => {
	const pair = await open();
	await save(pair, 'we went sailing yesterday', { occurred_at: '2023-05-08T10:00:00Z' });
	await save(pair, 'we went climbing yesterday', { occurred_at: '2023-08-20T10:00:00Z' });
	assert.equal(
		(await contents(pair, 'what did we do on 7 May 2023?'))[0],
		'we went sailing yesterday',
	);
	assert.equal((await contents(pair, 'and in August 2023?'))[0], 'we went climbing yesterday');
});

test('a memory has all its members and never a vector', async () => {
	const pair = await withFacts();
	const [memory] = await recall(pair, 'peanuts');
	assert.deepEqual(Object.keys(memory).sort(), [
		'access_count',
		'content',
		'created_at',
		'id',
		'importance',
		'last_referenced',
		'occurred_at',
		'scope',
		'score',
		'session_id',
		'similarity',
		'source_id',
		'summary',
		'tags',
	]);
	assert.ok(memory.similarity > 0 && memory.similarity <= 1);
});

test('scopes, limit and importance choose', async () => {
	const pair = await open();
	for (const scope of ['short', 'medium', 'long', 'episodic'])
		await save(pair, `tea, says ${scope}`, { scope, importance: scope === 'long' ? 9 : 3 });
	const scopes = async (more) => (await recall(pair, 'tea', more)).map((m) => m.scope).sort();
	assert.deepEqual(await scopes({}), ['episodic', 'long', 'medium']);
	assert.deepEqual(await scopes({ scopes: ['short'] }), ['short']);
	assert.deepEqual(await scopes({ scopes: [] }), ['episodic', 'long', 'medium']);
	assert.deepEqual(await scopes({ min_importance: 8 }), ['long']);
	assert.deepEqual(await scopes({ min_importance: 0.8 }), ['long']);
	assert.equal((await recall(pair, 'tea', { limit: 1 })).length, 1);
});

test('five are the default, fifty the most', async () => {
	const pair = await open();
	for (let i = 0; i < 7; i++) await save(pair, `fact number ${i} about cats`);
	assert.equal((await recall(pair, 'cats')).length, 5);
	assert.equal((await recall(pair, 'cats', { limit: 50 })).length, 7);
});

test('what does not fit is refused, field by field', async () => {
	const pair = await open();
	for (const [change, field] of [
		[{ query: undefined }, 'query'],
		[{ query: ' ' }, 'query'],
		[{ query: 'x'.repeat(2001) }, 'query'],
		[{ scopes: ['all'] }, 'scopes'],
		[{ scopes: 'long' }, 'scopes'],
		[{ limit: 0 }, 'limit'],
		[{ limit: 51 }, 'limit'],
		[{ limit: 1.5 }, 'limit'],
		[{ min_importance: 11 }, 'min_importance'],
	]) {
		const answer = await post(stack, 'recall_memories', { ...pair, query: 'x', ...change });
		assert.equal(answer.status, 400, `${JSON.stringify(change)}: ${answer.text}`);
		assert.equal(answer.json.field, field);
	}
});

test('a use is counted, behind the answer', async () => {
	const pair = await withFacts();
	const [first] = await recall(pair, 'peanuts', { limit: 1 });
	assert.equal(first.access_count, 0);
	await poll(async () => {
		const [[count, when]] = await sql(
			stack,
			`select access_count, last_referenced is not null from memory_uses
			 where memory_id = :'id'`,
			{ id: first.id },
		);
		return count === '1' && when === 't';
	});
	const [again] = await recall(pair, 'peanuts', { limit: 1 });
	assert.equal(again.access_count, 1);
	assert.ok(!Number.isNaN(Date.parse(again.last_referenced)));
});

test('near-duplicates do not fill the list', async () => {
	const pair = await open();
	for (let i = 0; i < 6; i++)
		await save(pair, { text: 'the budget is fifty thousand', n: '!'.repeat(i + 1) });
	await save(pair, 'the money has to last until autumn');
	const top = await recall(pair, 'what is the budget?', { limit: 3 });
	assert.ok(top.some((m) => m.content === 'the money has to last until autumn'));
});

test('importance and a recent date decide between equals', async () => {
	const pair = await open();
	await save(pair, 'the launch is planned, says Ann', { importance: 2 });
	await save(pair, 'the launch is planned, says Bob', { importance: 10 });
	assert.match((await contents(pair, 'when is the launch planned?'))[0], /Bob/);
	const other = await open();
	await save(other, 'the launch is planned, says Cid', { occurred_at: '2020-01-01' });
	await save(other, 'the launch is planned, says Deb');
	assert.match((await contents(other, 'when is the launch planned?'))[0], /Deb/);
});

test('an answer is found by the question before it', async () => {
	const pair = await open();
	const say = (speaker, text) => save(pair, { speaker, text });
	await say('Host', 'Welcome back. Shall we begin?');
	await say('Guest', 'Yes, I have an hour.');
	await say('Host', 'Who repairs the ovens in winter?');
	await say('Guest', 'Karl, the husband of my cousin.');
	await say('Host', 'Good to know.');
	await say('Guest', 'In winter we sell more bread.');
	const found = await recall(pair, 'Who does the repairs of ovens in winter?');
	const texts = found.map((memory) => memory.content.text);
	assert.deepEqual(texts.slice(0, 2), [
		'Karl, the husband of my cousin.',
		'Who repairs the ovens in winter?',
	]);
});

test('what only asks does not come first, however like the question it is', async () => {
	const pair = await open();
	for (const content of [
		'Where does Priya live now?',
		'visitor: where does priya live',
		'Priya has a flat in Denver, near the station.',
		'Trains are late in winter.',
	])
		await save(pair, content);
	const found = await contents(pair, 'Where does Priya live now?');
	assert.equal(found[0], 'Priya has a flat in Denver, near the station.');
	assert.deepEqual(found.slice(1, 3).map((text) => text.slice(-4)).sort(), ['live', 'now?']);
	/* Where nothing tells, what was asked is all there is. */
	const other = await open();
	await save(other, 'Where does Priya live now?');
	await save(other, 'Trains are late in winter.');
	const [first] = await contents(other, 'Where does Priya live now?');
	assert.equal(first, 'Where does Priya live now?');
});

const CHANGES = [
	['Where does Priya live now?', 'Priya lives in Austin.',
		'Priya has moved from Austin to Denver.', 'Priya likes trains.'],
	['what is my current budget', 'My budget is fifty thousand dollars.',
		'The budget has been cut to thirty thousand.', 'The deadline of the project is in May.'],
	['Who runs our marketing these days?', 'Ana runs our marketing.',
		'Tom took over the marketing from Ana.', 'We have offices in Lisbon.'],
];

test('asked how things are now, the newer of two facts comes first', async () => {
	for (const [question, before, after, other] of CHANGES) {
		const pair = await open();
		await save(pair, after, { occurred_at: '2026-10-10' });
		await save(pair, before, { occurred_at: '2025-01-10' });
		await save(pair, other);
		const found = await recall(pair, question);
		assert.deepEqual(found.map((m) => m.content), [after, before, other], question);
		assert.ok(found[0].score >= found[1].score && found[1].score >= found[2].score);
	}
});

test('asked about what was, the best match comes first, not the newest', async () => {
	const pair = await open();
	await save(pair, CHANGES[0][1], { occurred_at: '2025-01-10' });
	await save(pair, CHANGES[0][2], { occurred_at: '2025-03-10' });
	assert.equal((await contents(pair, 'Has Priya lived in Austin?'))[0], CHANGES[0][1]);
});

/* Words so long that the model takes each for one: prose takes it seconds, with sanitizers. */
const WORD = `${'x'.repeat(1900)} `;
const long = (bytes, end) => WORD.repeat(Math.ceil(bytes / WORD.length)).slice(0, bytes) + end;

test('a long memory is found by its end, once', async () => {
	const pair = await open();
	for (const [bytes, word] of [[16000, 'marmalade'], [8185, 'gooseberry']])
		await save(pair, { text: long(bytes, ` The hint for the password is ${word}.`) });
	await save(pair, 'The cat sat on the mat.');
	for (const word of ['marmalade', 'gooseberry']) {
		const found = await recall(pair, word, { limit: 50 });
		assert.ok(found[0].content.text?.endsWith(`${word}.`), word);
		assert.ok(found[0].score > found[1].score + 0.1, 'by far');
		assert.equal(found.length, 3);
		assert.equal(new Set(found.map((m) => m.id)).size, 3);
	}
	const [[pieces, most]] = await sql(
		stack,
		`select count(*), max(octet_length(words)) from memories
			where session_id = :'id' and part_of is not null`,
		{ id: pair.session_id },
	);
	assert.ok(Number(pieces) <= 3 && Number(most) <= 8192, `${pieces} pieces, ${most} bytes`);
});

test('the end of a long memory is found by its meaning, once it has a vector', async () => {
	const pair = await open();
	await save(pair, long(9000, ' ') + 'She plays the violin in an orchestra. '.repeat(5));
	await save(pair, 'The disk of the server is full.');
	await poll(
		async () => {
			const [[left]] = await sql(
				stack,
				`select count(*) from memories where session_id = :'id' and embedding is null`,
				{ id: pair.session_id },
			);
			return left === '0';
		},
		{ deadlineMs: 60000 },
	);
	const [found] = await recall(pair, 'musical instruments');
	assert.ok(found.content.includes('violin') && found.similarity > 0.2, `${found.similarity}`);
});

test('pieces do not crowd out other memories', async () => {
	const pair = await open();
	const { id } = await save(pair, long(9000, ' The cat looked at the rain.'));
	for (let i = 0; i < 3; i++) await save(pair, `The disk of server ${i} is full.`);
	await sql(
		stack,
		`insert into memories (session_id, owner, scope, content, words, index_text, content_hash,
				part_of, embedding, embedding_model)
			select p.session_id, p.owner, p.scope, p.content, p.words, p.index_text,
				decode(md5(n::text) || md5(n::text), 'hex'), m.id, m.embedding, m.embedding_model
			from memories p join memories m on m.id = p.part_of, generate_series(1, 19) as n
			where m.id = :'id'`,
		{ id },
	);
	const found = await recall(pair, 'cats that look at rain', { limit: 3 });
	assert.equal(new Set(found.map((m) => m.id)).size, 3);
	assert.equal(found[0].id, id);
});

test('what only asks comes after what tells', async () => {
	const pair = await open();
	await save(pair, 'Is the oven of the bakery broken again?');
	await save(pair, 'The oven of the bakery is broken again.');
	assert.deepEqual(await contents(pair, 'Is the oven of the bakery broken again?'), [
		'The oven of the bakery is broken again.',
		'Is the oven of the bakery broken again?',
	]);
});

test('who asks and goes on speaking has not answered', async () => {
	const pair = await open();
	await save(pair, { speaker: 'Host', text: 'Who repairs the ovens in winter?' });
	await save(pair, { speaker: 'Host', text: 'It is cold today.' });
	await save(pair, { speaker: 'Guest', text: 'I repair ovens.' });
	const [first] = await contents(pair, 'who repairs the ovens?');
	assert.equal(first.text, 'I repair ovens.');
	const rows = await sql(
		stack,
		`select question from memories where session_id = :'id' order by position`,
		{ id: pair.session_id },
	);
	assert.deepEqual(rows, [[''], [''], ['']]);
});

test('every word of a long question counts', async () => {
	const pair = await withFacts();
	const filler = Array.from({ length: 40 }, (_, i) => `filler${i}`).join(' ');
	for (const word of ['peanuts', 'village', 'server'])
		assert.match((await contents(pair, `${filler} ${word}`))[0], new RegExp(word));
});

test('an expired memory is not found', async () => {
	const pair = await open();
	const memory = await save(pair, 'the code is 4242', { scope: 'short' });
	assert.equal((await recall(pair, 'code', { scopes: ['short'] })).length, 1);
	await sql(stack, `update memories set expires_at = now() where id = :'id'`, { id: memory.id });
	assert.equal((await recall(pair, 'code', { scopes: ['short'] })).length, 0);
});

test('a memory without a vector is found by its words, among others that have one', async () => {
	const pair = await withFacts();
	const memory = await save(pair, 'the zeppelin lands at noon');
	await sql(
		stack,
		`update memories set embedding = null, embedding_model = null, embedding_near = null
			where id = :'id'`,
		{ id: memory.id },
	);
	assert.equal((await contents(pair, 'zeppelin'))[0], 'the zeppelin lands at noon');
});

test('odd questions do no harm', async () => {
	const pair = await withFacts();
	for (const query of [
		"'",
		'\\',
		"a' || 'b",
		"x'); drop table memories; --",
		':*&|!()',
		'%_',
		'\u{1f600}',
	])
		await recall(pair, query);
	assert.equal((await contents(pair, 'peanuts'))[0], FACTS[0]);
});

test('a session with nothing in it has nothing', async () => {
	assert.deepEqual(await recall(await open(), 'anything'), []);
	const visitor = { visitor_id: randomUUID(), consent: true };
	assert.deepEqual(await recall(await open(visitor), 'x'), []);
});

test('who asks does not wait for the counting of uses, and they are counted', async () => {
	const pair = await withFacts();
	const [{ id }] = await recall(pair, 'Lisbon');
	const uses = async () =>
		(await sql(stack, "select access_count from memory_uses where memory_id = :'id'", { id }))
			.flat()
			.map(Number)[0];
	await poll(async () => (await uses()) > 0);
	const before = await uses();
	/* Who waited for it would not be answered before the lock is given back. */
	await whileLocked(stack, 'memory_uses', () => recall(pair, 'Lisbon'), 'exclusive');
	await poll(async () => (await uses()) === before + 1);
});
