/* recall_memories for owners of many memories, where not all are compared: the settings make
 * forty count as many, whom a job then enters in the indexes. What is found must be what a small
 * owner would find. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newSession, pairOf, poll, post, sql, TALK, useStack } from './env/index.mjs';

const CROWD = 40;
const FEW = { RECALL_EXACT_MAX: '0', RECALL_ROWS_MAX: '10' };

const WAYS = {
	'by their codes': FEW,
	'by the vector index': { ...FEW, RECALL_CODES_MAX: '0' },
};

for (const [way, env] of Object.entries(WAYS))
	describe(`nearest memories ${way}`, () => {
		const stack = useStack({ functions: [...TALK, 'recall_memories'], name: 'recall', env });

		const ask = async (name, body) => {
			const answer = await post(stack, name, body);
			assert.equal(answer.status, 200, answer.text);
			return answer.json;
		};
		const open = async () => pairOf(await newSession(stack));
		const save = (pair, content, more = {}) =>
			ask('save_memory', { ...pair, scope: 'episodic', content, ...more });
		const contents = async (pair, query, more = {}) =>
			(await ask('recall_memories', { ...pair, query, ...more })).memories.map(
				(memory) => memory.content,
			);
		/* By the job: all but the two whose neighbours are still to come. */
		const entered = (pair) =>
			poll(
				async () => {
					const [[waiting]] = await sql(
						stack,
						`select count(*) from memories
						 where session_id = :'id' and not is_indexed`,
						{ id: pair.session_id },
					);
					return Number(waiting) === 2;
				},
				{ deadlineMs: 60000 },
			);
		const crowd = async (pair, sentence) => {
			for (let i = 0; i < CROWD; i++) await save(pair, sentence(i));
			await entered(pair);
			await sql(stack, 'analyze memories'); // tells who is large
			const [[isLarge]] = await sql(
				stack,
				`select memory_owner_is_large(memory_owner, :'codes') from sessions
				 where id = :'id'`,
				{ codes: env.RECALL_CODES_MAX ?? '10000', id: pair.session_id },
			);
			assert.equal(isLarge, env.RECALL_CODES_MAX ? 't' : 'f');
		};

		test('meaning and rare words are found in a crowd', async () => {
			const pair = await open();
			await save(pair, 'My daughter plays the violin in an orchestra');
			await save(pair, 'the invoice number is 48151623');
			await crowd(pair, (i) => `The delivery to house ${i} came late and the box was torn`);
			assert.match(
				(await contents(pair, 'musical instruments of the children'))[0],
				/violin/,
			);
			assert.match((await contents(pair, '48151623'))[0], /invoice/);
		});

		test('filters do not starve: what they let through is found behind a crowd', async () => {
			const pair = await open();
			await save(pair, 'the dog guards the barn', { scope: 'long', importance: 9 });
			await crowd(pair, (i) => `the cat number ${i} sleeps and purrs all day`);
			const cats = 'which cat sleeps and purrs?';
			assert.deepEqual(await contents(pair, cats, { scopes: ['long'] }), [
				'the dog guards the barn',
			]);
			assert.deepEqual(await contents(pair, cats, { min_importance: 8 }), [
				'the dog guards the barn',
			]);
		});

		test('the crowd of somebody else neither starves nor shows', async () => {
			const [loud, quiet] = [await open(), await open()];
			await crowd(loud, (i) => `our rocket number ${i} flies to the moon`);
			await save(quiet, 'the soup needs salt');
			assert.deepEqual(await contents(quiet, 'which rocket flies to the moon?'), [
				'the soup needs salt',
			]);
		});
	});

describe('an owner who becomes large', () => {
	const MOST = 12;
	const stack = useStack({
		functions: [...TALK, 'recall_memories'],
		name: 'grows', env: { RECALL_EXACT_MAX: String(MOST) },
	});

	const ask = async (name, body) => {
		const answer = await post(stack, name, body);
		assert.equal(answer.status, 200, answer.text);
		return answer.json;
	};
	const numbers = async (pair) =>
		(
			await sql(
				stack,
				`select count(*) filter (where is_indexed), count(*) filter (where not is_indexed)
				 from memories where session_id = :'id'`,
				{ id: pair.session_id },
			)
		)[0].map(Number);
	const jobs = async () =>
		Number((await sql(stack, `select count(*) from jobs where kind = 'index_memories'`))[0][0]);

	test('is entered by a job, and not before; old and new are found all the while', async () => {
		const pair = pairOf(await newSession(stack));
		const save = (i) =>
			ask('save_memory', {
				...pair,
				scope: 'episodic',
				content: `The parcel for house number ${1000 + i} came late`,
			});
		const first = async (i) =>
			(await ask('recall_memories', { ...pair, query: `house number ${1000 + i}` }))
				.memories[0].content;
		const isFound = async (i) => assert.match(await first(i), new RegExp(`${1000 + i} `));
		let n = 0;
		while (n <= MOST) await save(n++);
		assert.deepEqual([await jobs(), ...(await numbers(pair))], [0, 0, MOST + 1]);
		await save(n++);
		await poll(async () => (await numbers(pair))[1] <= 2, { deadlineMs: 60000 });
		assert.deepEqual(await numbers(pair), [n - 2, 2]);
		for (const i of [0, 5, n - 3, n - 2, n - 1]) await isFound(i);
		while (n < 2 * MOST) await save(n++);
		for (const i of [0, MOST, n - 3, n - 1]) await isFound(i);
	});

	test('somebody of few memories is entered nowhere', async () => {
		const pair = pairOf(await newSession(stack));
		await ask('agent_reply', { ...pair, user_message: 'Our oven is broken.', audio: false });
		await poll(async () => (await numbers(pair))[1] === 2, { deadlineMs: 60000 });
		assert.deepEqual(await numbers(pair), [0, 2]);
	});
});
