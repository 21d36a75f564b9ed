/* What becomes of memories and sessions: too many, too old, embedded by another model than now. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import {
	asSuperuser,
	functionNames,
	newSession,
	pairOf,
	poll,
	pollJob,
	post,
	setJobDue,
	sql,
	superuserUrl,
	TALK,
	useStack,
} from './env/index.mjs';

const OWNER_MAX = 6;
const LOCAL = 'all-MiniLM-L6-v2';
const OPENAI = 'text-embedding-3-small';

const stack = useStack({
	functions: [...TALK, 'recall_memories'],
	simulator: true,
	name: 'upkeep',
	env: {
		EMBED_PROVIDERS: 'local',
		JOBS_POLL_MS: '100',
		LLM_PROVIDERS: 'builtin',
		MEMORY_LARGE_BYTES: '150000',
		MEMORY_OWNER_MAX: String(OWNER_MAX),
		RETENTION_DAYS: '30',
		SESSION_TURNS_MAX: '1000',
		VISITOR_SESSIONS_MAX: '5',
	},
});

const open = async (body = {}) => pairOf(await newSession(stack, body));

const save = async (pair, content, more = {}) => {
	const body = { ...pair, scope: 'long', content, ...more };
	const answer = await post(stack, 'save_memory', body);
	assert.equal(answer.status, 200, answer.text);
	return answer.json.memory;
};

const recall = async (pair, query, more = {}) => {
	const body = { ...pair, query, limit: 50, ...more };
	const answer = await post(stack, 'recall_memories', body);
	assert.equal(answer.status, 200, answer.text);
	return answer.json;
};

const ALL_SCOPES = { scopes: ['short', 'medium', 'long', 'episodic'] };

const contents = async (...args) => (await recall(...args)).memories.map((m) => m.content);

const count = async (query, values) => Number((await sql(stack, query, values))[0][0]);

const change = (memory, assignment) =>
	sql(stack, `update memories set ${assignment} where id = :'id'`, { id: memory.id });

const use = (memory, times) =>
	sql(
		stack,
		`insert into memory_uses (memory_id, access_count) values (:'id', :'times')`,
		{ id: memory.id, times },
	);

const unuse = (memory) =>
	sql(stack, `delete from memory_uses where memory_id = :'id'`, { id: memory.id });

test('over its cap an owner loses what is worth least, and nobody else does', async () => {
	const visitor = { visitor_id: randomUUID(), consent: true };
	const pair = await open(visitor);
	const other = await open();
	for (let i = 0; i < OWNER_MAX; i++) await save(other, `of somebody else ${i}`);
	const ranked = [
		['an unimportant moment', { scope: 'episodic', importance: 1 }],
		['a passing thing', { scope: 'short' }],
		['a moment', { scope: 'episodic' }],
		['an unimportant moment that is often asked for', { scope: 'episodic', importance: 1 }],
		['a theme', { scope: 'medium' }],
		['a fact', {}],
	];
	for (const [content, more] of [...ranked].reverse()) {
		const memory = await save(pair, content, more);
		if (/often/.test(content)) await use(memory, 100);
	}
	const left = async ({ session_id }) =>
		(
			await sql(
				stack,
				`select content #>> '{}' from memories where session_id = :'session_id'`,
				{ session_id },
			)
		).map(([content]) => content);
	const expected = ranked.map(([content]) => content);
	const again = await open(visitor);
	for (let i = 0; i < ranked.length; i++) {
		assert.deepEqual((await left(pair)).sort(), [...expected].sort());
		await save(again, `an important fact ${i}`, { importance: 10 });
		expected.shift();
	}
	assert.deepEqual([(await left(pair)).length, (await left(again)).length], [0, OWNER_MAX]);
	assert.equal((await left(other)).length, OWNER_MAX);
});

test('large memories have their own bytes, the oldest of the same worth goes', async () => {
	const pair = await open();
	const saved = [await save(pair, 'a small one, and the first')];
	for (let i = 0; i < 4; i++) saved.push(await save(pair, randomBytes(30000).toString('hex')));
	const left = async (column, kind) =>
		(
			await sql(
				stack,
				`select ${column} from memories
					where session_id = :'session_id' and part_of is ${kind}
					group by ${column} order by min(position)`,
				{ session_id: pair.session_id },
			)
		).flat();
	const [small, , , newer, newest] = saved.map(({ id }) => id);
	assert.deepEqual(await left('id', 'null'), [small, newer, newest]);
	assert.deepEqual(await left('part_of', 'not null'), [newer, newest], 'with their pieces');
});

test('a visitor with too many sessions has more of them, each for itself', async () => {
	const visitor = { visitor_id: randomUUID(), consent: true };
	let first;
	for (let i = 0; i < 5; i++) {
		const session = await newSession(stack, visitor);
		assert.equal(session.degraded, undefined);
		first ??= pairOf(session);
	}
	await save(first, 'the kettle is green');
	const session = await newSession(stack, visitor);
	assert.deepEqual(session.degraded, ['memory']);
	const apart = pairOf(session);
	assert.deepEqual(await contents(apart, 'the kettle'), []);
	await save(apart, 'the kettle is red');
	assert.deepEqual(await contents(apart, 'the kettle'), ['the kettle is red']);
	assert.deepEqual(await contents(first, 'the kettle'), ['the kettle is green']);
	assert.equal((await newSession(stack, { consent: true })).degraded, undefined);
});

test('of a session without end the newest turns stay', async () => {
	const { session_id } = await open();
	await sql(
		stack,
		`insert into turns (session_id, turn, message_hash, ends_by)
			select :'session_id', n, sha256('x'), now() from generate_series(1, 1203) n`,
		{ session_id },
	);
	const early = () =>
		count(`select count(*) from turns where session_id = :'session_id' and turn <= 203`, {
			session_id,
		});
	assert.equal(await early(), 203);
	await sql(
		stack,
		`insert into jobs (kind, key, session_id)
			values ('summarize', :'session_id', :'session_id')`,
		{ session_id },
	);
	await pollJob(stack, 'summarize', async () => (await early()) === 0, { deadlineMs: 30000 });
	assert.equal(
		await count(`select count(*) from turns where session_id = :'session_id'`, { session_id }),
		1000,
	);
});

test('a short memory is not found once its time is over, then deleted, words and all', async () => {
	const pair = await open();
	const beside = await save(pair, 'we met at the harbour');
	const memory = await save(pair, 'the door code is zebra', { scope: 'short' });
	await save(pair, 'the coffee was good');
	const finds = async () =>
		(await contents(pair, 'zebra door code', ALL_SCOPES)).includes(memory.content);
	assert.equal(await finds(), true);
	await change(memory, `expires_at = now() - interval '1 second'`);
	assert.equal(await finds(), false);
	const left = (table, what) =>
		count(`select count(*) from ${table} t where strpos(t::text, :'what') > 0`, { what });
	assert.equal(await left('memories', 'zebra'), 1, 'only it has its words');
	const isGone = async () => (await left('memories', memory.id)) === 0;
	await pollJob(stack, 'purge_expired', isGone);
	assert.equal(await left('memories', 'zebra'), 0);
	assert.equal(await left('memories', beside.id), 1);
});

test('what is old is told for a week, then goes, but what somebody holds', async () => {
	const visitor = { visitor_id: randomUUID(), consent: true };
	const [old, held, young] = [await open(visitor), await open(), await open(visitor)];
	for (const pair of [old, held, young]) await save(pair, `the anchor is blue ${randomUUID()}`);
	const age = ({ session_id }, days) =>
		sql(
			stack,
			`update sessions set ended_at = now(), last_active_at = now() - interval '${days} days'
			 where id = :'session_id'`,
			{ session_id },
		);
	const isThere = async ({ session_id }) =>
		(await count(`select count(*) from sessions where id = :'session_id'`, { session_id })) > 0;
	const logged = (event) =>
		stack
			.logs('summarize_session')
			.split('\n')
			.filter((line) => line.includes(`"event":"${event}"`))
			.map((line) => JSON.parse(line));
	await age(old, 31);
	await age(held, 31);
	await age(young, 29);
	const told = () =>
		logged('retention_due').find(({ rows, days }) => rows === 2 && days === 30);
	await pollJob(stack, 'retain', told, { deadlineMs: 30000 });
	assert.deepEqual([await isThere(old), await isThere(held)], [true, true]);
	const { session_id } = held;
	const psql = [...asSuperuser, 'psql', '-XAtq', '-v', `id=${session_id}`, superuserUrl(stack)];
	const holder = spawn(psql[0], psql.slice(1), { cwd: '/' });
	holder.stdin.write(`begin; update memories set importance = importance
		where session_id = :'id' returning 'held';\n`);
	await once(holder.stdout, 'data');
	await sql(stack, `update retention set removes_from = now()`);
	await pollJob(stack, 'retain', async () => !(await isThere(old)), { deadlineMs: 30000 });
	assert.deepEqual([await isThere(held), await isThere(young)], [true, true]);
	holder.stdin.end('commit;\n');
	await pollJob(stack, 'retain', async () => !(await isThere(held)), { deadlineMs: 30000 });
	const again = await open(visitor);
	assert.equal((await recall(again, 'the anchor is blue')).count, 1, 'that of a younger session');
	const sum = (field) => logged('retention_removed').reduce((n, line) => n + line[field], 0);
	/* Told once the job has looked in vain for more, and they are gone before. */
	await poll(() => sum('sessions') >= 2);
	assert.deepEqual([sum('sessions'), sum('memories')], [2, 2]);
	assert.deepEqual(logged('retention_differs'), []);
});

test('an episodic memory fades in rank, a long one does not', async () => {
	const score = async (pair) => (await recall(pair, 'the red boat')).memories[0].score;
	const aged = async (scope) => {
		const pair = await open();
		const memory = await save(pair, `the red boat, ${scope}`, { scope });
		const scores = [];
		for (const days of [8, 200, 400]) {
			await change(memory, `occurred_at = now() - interval '${days} days'`);
			await unuse(memory);
			scores.push(await score(pair));
		}
		return scores;
	};
	const [week, months, year] = await aged('episodic');
	assert.ok(week - months > 0.008 && months - year > 0.008, `${[week, months, year]}`);
	const [then, , now] = await aged('long');
	assert.ok(Math.abs(then - now) < 0.004, `${then} ${now}`);
	const pair = await open();
	const occurred_at = '2020-05-08';
	await save(pair, 'the launch is planned, says Eve', { scope: 'episodic', occurred_at });
	await save(pair, 'the launch is planned, says Fay', { scope: 'medium', occurred_at });
	assert.match((await contents(pair, 'when is the launch planned?'))[0], /Fay/);
});

/* ---- from one model to another ---- */

/* Not the same twice: a vector that was paid for is kept. */
const factsOf = (book) => [
	`The ${book} says I am allergic to peanuts`,
	`The ${book} says my daughter plays the violin`,
	`The ${book} says the invoice number is 48151623`,
];

const modelsOf = async (pair) =>
	Object.fromEntries(
		await sql(
			stack,
			`select coalesce(embedding_model, 'none'), count(*) from memories
			 where session_id = :'id' group by 1`,
			{ id: pair.session_id },
		),
	);

const allOf = (pair, model) =>
	poll(
		async () => {
			const models = await modelsOf(pair);
			return Object.keys(models).join() === model;
		},
		{ deadlineMs: 90000, everyMs: 200 },
	);

const changeModel = async (providers) => {
	stack.expectRestart(...functionNames());
	await stack.commandWith({ EMBED_PROVIDERS: providers }, 'reload');
};

/* The job's requests, and no question's. */
const THE_JOB = { provider: 'openai', operation: 'embed', match: { contains: 'diary says' } };

test('another model: all is embedded again, and found all the while', async () => {
	const pair = await open();
	const facts = factsOf('diary');
	for (const fact of facts) await save(pair, fact);
	assert.deepEqual(await modelsOf(pair), { [LOCAL]: '3' });
	await stack.sim.fault({ ...THE_JOB, fault: { status: 500 }, times: -1 });
	await changeModel('openai,local');
	/* The new one can not be had for them yet. */
	await stack.sim.wait({ provider: 'openai', operation: 'embed' });
	assert.equal((await contents(pair, 'what number has the invoice?'))[0], facts[2]);
	assert.equal((await contents(pair, 'violin'))[0], facts[1]);
	assert.deepEqual(await modelsOf(pair), { [LOCAL]: '3' });
	await stack.sim.reset();
	await allOf(pair, OPENAI);
	const { memories, provider } = await recall(pair, 'diary peanuts allergic');
	assert.equal(provider, 'openai');
	assert.equal(memories[0].content, facts[0]);
	assert.ok(memories[0].similarity > 0.5, 'by the new vectors');
	const means = await count(
		`select count(*) from memories
		 where session_id = :'id' and vector_dims(embedding_near) = 1536`,
		{ id: pair.session_id },
	);
	assert.equal(means, 3, 'the means with the neighbours are of the new model too');
});

test('a provider that comes back embeds what its stand-in did', async () => {
	await stack.sim.fault({
		provider: 'openai',
		operation: 'embed',
		fault: { status: 503 },
		times: -1,
	});
	const pair = await open();
	const facts = factsOf('notebook');
	for (const fact of facts) await save(pair, fact);
	assert.deepEqual(await modelsOf(pair), { [LOCAL]: '3' });
	const found = await recall(pair, 'the musical instruments of his children');
	assert.deepEqual(
		[found.provider, found.memories[0].content],
		['local', facts[1]],
		'by meaning meanwhile',
	);
	await stack.sim.reset();
	await allOf(pair, OPENAI);
});

/* The answer that gives ten of them their vectors is held back. */
test('what is said is kept while vectors are made', async () => {
	const [many, other] = [await open(), await open()];
	const match = { contains: 'almanac says' };
	const fault = { hold: 'almanac' };
	await stack.sim.reset();
	await stack.sim.fault({ provider: 'openai', operation: 'embed', match, fault, times: -1 });
	await sql(
		stack,
		`insert into memories (session_id, owner, scope, content, content_hash, words)
			select s.id, s.memory_owner, 'long', to_jsonb(t), sha256(t::bytea), t
			from sessions s, (select 'The almanac says ' || n as t from generate_series(1, 10) n) x
			where s.id = :'id';
		 update jobs set run_at = now() where kind = 'embed_memory' and state = 'ready'`,
		{ id: many.session_id },
	);
	await stack.sim.wait({ provider: 'openai', operation: 'embed' });
	const atWork = () =>
		sql(stack, `select id, state, run_at from jobs where kind = 'embed_memory'`);
	const before = await atWork();
	await sql(
		stack,
		`insert into utterances (session_id, speaker, text)
			values (:'id', 'visitor', 'We send parcels by the river.');
		 insert into jobs (kind, key, session_id) values ('keep_utterances', :'id', :'id')`,
		{ id: other.session_id },
	);
	await poll(async () => (await contents(other, 'parcels', ALL_SCOPES)).length);
	assert.match(JSON.stringify(before), /running/);
	assert.deepEqual(await atWork(), before, 'nobody waited for it');
	await stack.sim.release('almanac');
	await stack.sim.reset();
	await allOf(many, OPENAI);
});

test('back to the model of this machine', async () => {
	const pair = await open();
	const facts = factsOf('letter');
	for (const fact of facts) await save(pair, fact);
	await allOf(pair, OPENAI);
	await changeModel('local');
	await allOf(pair, LOCAL);
	assert.equal((await contents(pair, 'the musical instruments of his children'))[0], facts[1]);
});

/* ---- words in any writing ---- */

/* Nothing is near to a question then, and what is found has its words. */
const withoutVectors = async (pair) => {
	await setJobDue(stack, 'embed_memory', '1 hour');
	await sql(
		stack,
		`update memories set embedding = null, embedding_model = null, embedding_near = null
		 where session_id = :'id'`,
		{ id: pair.session_id },
	);
};

test('words are found in any writing of theirs', async () => {
	const written = {
		'Łukasz': ['Lukasz', 'ŁUKASZ'],
		'Sørensen': ['Sorensen', 'SØRENSEN'],
		'Großmann': ['Grossmann', 'GROSSMANN'],
		'Ștefănescu': ['Stefanescu', 'Ştefănescu'],
		'Nguye\u0302\u0303n': ['Nguyễn', 'NGUYEN'],
		'Σίσυφος': ['ΣΙΣΥΦΟΣ', 'σισυφοσ'],
		'Petersen': ['PETERSEN', 'Pétersen'],
	};
	for (const [word, others] of Object.entries(written)) {
		const pair = await open();
		const text = `The invoice for ${word} has been paid`;
		await save(pair, text);
		await save(pair, 'The weather is fine');
		await withoutVectors(pair);
		for (const asked of [word, ...others])
			assert.equal((await contents(pair, asked))[0], text, asked);
	}
});


const asBefore = (pair) =>
	sql(
		stack,
		`update memories set search = setweight(to_tsvector('english', words), 'A')
			|| setweight(to_tsvector('english', index_text), 'B') where session_id = :'id'`,
		{ id: pair.session_id },
	);

const foldFrom = (after) =>
	sql(
		stack,
		`insert into jobs (kind, key, payload)
		 values ('fold_words', 'all', jsonb_build_object('after', :'after'::text))`,
		{ after },
	);

const isFound = async (pair, word) =>
	(await count(
		`select count(*) from memories where session_id = :'id' and search @@ :'word'::tsquery`,
		{ id: pair.session_id, word },
	)) === 1;

const versions = (pair) =>
	sql(stack, `select xmin from memories where session_id = :'id'`, { id: pair.session_id });

const FIRST = '00000000-0000-0000-0000-000000000000';
const LAST = 'ffffffff-ffff-4fff-bfff-ffffffffffff';

test('words of memories from before they were folded are taken anew, all others left', async () => {
	const [pair, plain] = [await open(), await open()];
	await save(pair, 'The invoice for Łukasz is paid');
	await save(pair, 'The invoice for Tomasz is paid');
	await save(plain, 'The invoice for Piotr is paid');
	for (const each of [pair, plain]) await asBefore(each);
	const before = await versions(plain);
	assert.equal(await isFound(pair, 'lukasz:A'), false);
	await foldFrom(FIRST);
	await poll(() => isFound(pair, 'lukasz:A'));
	await poll(() => isFound(pair, 'lukasz:B & tomasz:A'));
	assert.match((await contents(pair, 'Lukasz'))[0], /Łukasz/);
	assert.deepEqual(await versions(plain), before);
});

/* What is behind the others in the order of ids, more than one job looks at. */
test('a job that has looked at many leaves the rest to another', async () => {
	const pair = await open();
	await save(pair, 'The invoice for Łukasz is paid');
	await asBefore(pair);
	await sql(
		stack,
		`update memories set id = :'last' where session_id = :'id';
		 insert into memories (session_id, owner, scope, content, content_hash)
			select s.id, s.memory_owner, 'long', '"x"', sha256(n::text::bytea)
			from sessions s, generate_series(1, 20000) n where s.id = :'id'`,
		{ id: pair.session_id, last: LAST },
	);
	await foldFrom(FIRST);
	await poll(() => isFound(pair, 'lukasz:A'));
	const rounds = await sql(
		stack,
		`select payload->>'after' <> :'first' from jobs where kind = 'fold_words'
		 and state = 'done' order by id desc limit 1`,
		{ first: FIRST },
	);
	assert.deepEqual(rounds, [['t']]);
	await sql(stack, `delete from sessions where id = :'id'`, { id: pair.session_id });
});
