/* Vectors are paid for once, kept no longer than whose words they are of, and never in the way. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { join } from 'node:path';
import {
	newSession, pairOf, poll, post, root, sql, TALK, useStack, whileLocked,
} from './env/index.mjs';

const MODEL = 'text-embedding-3-small';
const TRIES = 5;

/* The reply itself needs no model; sanitizers slow recall past what a reply waits for it. */
const stack = useStack({
	functions: [...TALK, 'collect_email', 'recall_memories'],
	simulator: true,
	name: 'vectors',
	env: { LLM_PROVIDERS: 'builtin', EMBED_PROVIDERS: 'openai,local', MEMORY_TURN_MS: '10000' },
});
beforeEach(() => stack.sim.reset());

const open = async (body = {}) => pairOf(await newSession(stack, body));

const call = async (name, pair, body) => {
	const answer = await post(stack, name, { ...pair, ...body });
	assert.equal(answer.status, 200, answer.text);
	return answer.json;
};
const save = (pair, content, more) =>
	call('save_memory', pair, { scope: 'long', content, ...more });
const recall = (pair, query) => call('recall_memories', pair, { query });

/* How often the provider was asked for the vector of exactly this text. */
const paidFor = async (text) =>
	(await stack.sim.requests({ provider: 'openai', operation: 'embed' }))
		.flatMap(({ body }) => body.input)
		.filter((input) => input === text).length;

const count = async (query, values) => Number((await sql(stack, query, values))[0][0]);

const modelOf = async ({ memory }) =>
	(
		await sql(stack, `select embedding_model from memories where id = :'id'`, {
			id: memory.id,
		})
	)[0][0];

const embedded = (pair, n) =>
	poll(
		async () =>
			(await count(
				`select count(*) from memories
				 where session_id = :'id' and embedding_model = :'model'`,
				{ id: pair.session_id, model: MODEL },
			)) === n,
	);

const CALLERS = ['agent_reply', 'recall_memories', 'save_memory'];

/* The cache is given a tenth of a second, in which a busy machine may not come to it: that costs a
 * vector and stands in a log. `body` gets a number that is never the same. */
const unhurried = async (body) => {
	const lengths = () => CALLERS.map((name) => stack.logs(name).length);
	const wasHurried = (from) =>
		CALLERS.some((name, i) =>
			/"embedding_(unread|not_kept)"/.test(stack.logs(name, from[i])),
		);
	for (let i = 1; ; i++) {
		const from = lengths();
		try {
			return await body(i);
		} catch (error) {
			if (i === TRIES || !wasHurried(from)) throw error;
		}
	}
};

test('the same words cost once, saved or asked, in whatever session', () =>
	unhurried(async (n) => {
		const words = `my oven number ${n} breaks every winter`;
		const pair = await open();
		await save(pair, words);
		await save(pair, words, { scope: 'medium' });
		await save(await open(), words);
		const { memories, provider } = await recall(pair, words);
		assert.equal(provider, 'openai');
		assert.equal(memories[0].content, words);
		assert.ok(memories[0].similarity > 0.99, 'a kept vector is the vector');
		assert.equal(await paidFor(words), 1);
		const question = `what breaks in winter number ${n}`;
		await recall(pair, question);
		await recall(pair, question);
		assert.equal(await paidFor(question), 1);
	}));

test('what is said in a turn costs once, and is kept with its memory alone', async () => {
	const words = 'Our bakery needs a new oven before Easter.';
	const pair = await open();
	await call('agent_reply', pair, { user_message: words, audio: false });
	await embedded(pair, 2);
	assert.equal(await paidFor(words), 1);
	const [asked] = (await stack.sim.requests({ provider: 'openai', operation: 'embed' })).filter(
		({ body }) => body.input.includes(words),
	);
	assert.equal(asked.body.input.length, 2, 'nothing was to be recalled: with the reply');
	assert.equal(
		await count(`select count(*) from embedding_cache where session_id = :'session_id'`, pair),
		0,
	);
});

test('of what is only prepared for nothing is kept, whoever is named', () =>
	unhurried(async (n) => {
		const pair = await open();
		await save(pair, { speaker: 'Maria', text: `My oven number ${n} is made of silver.` });
		const kept = () =>
			count(`select count(*) from embedding_cache where session_id = :'session_id'`, pair);
		const before = await kept();
		const user_message = `What did Maria say about oven number ${n}?`;
		await call('agent_reply', pair, { user_message, speculative: true });
		assert.equal(await kept(), before);
		await call('agent_reply', pair, { user_message, audio: false });
		assert.equal(await kept(), before + 1, 'what was said is');
	}));

test('the turn hands its vector to the memory, with no cache between them', async () => {
	const words = 'The new oven comes from Porto on Friday.';
	const pair = await open();
	await save(pair, 'there is something to recall');
	await sql(
		stack,
		`create function forget_it() returns trigger language plpgsql as 'begin return null; end';
		 create trigger forget_it before insert on embedding_cache
			for each row execute function forget_it()`,
	);
	try {
		await call('agent_reply', pair, { user_message: words, audio: false });
		assert.equal(await paidFor(words), 1);
		await embedded(pair, 3);
	} finally {
		await sql(stack, 'drop function forget_it() cascade');
	}
	assert.equal(await paidFor(words), 1);
	assert.equal(await count('select count(*) from utterance_vectors'), 0, 'nothing is left of it');
	const { memories } = await recall(pair, words);
	assert.ok(memories[0].content.text === words && memories[0].similarity > 0.99);
});

test('who may not speak here costs no service anything', async () => {
	const words = 'Nobody asked for these words.';
	const pair = await open();
	await save(pair, 'somebody else may speak here');
	const body = { session_id: pair.session_id, session_secret: crypto.randomUUID() };
	const answer = await post(stack, 'agent_reply', { ...body, user_message: words });
	assert.equal(answer.status, 401);
	await call('agent_reply', pair, { user_message: 'These are welcome.', audio: false });
	assert.equal(await paidFor(words), 0);
	assert.equal(await paidFor('These are welcome.'), 1);
});

test('some kept and some not are one list of one model', () =>
	unhurried(async (n) => {
		const pair = await open();
		await save(pair, `one word ${n}`);
		const said = (text) => call('agent_reply', pair, { user_message: text, audio: false });
		await said(`one word ${n}`);
		await said(`another word ${n}`);
		await embedded(pair, 5);
		assert.equal(await paidFor(`one word ${n}`), 1);
	}));

test('a cache that can not be reached costs no vector', async () => {
	await whileLocked(stack, 'embedding_cache', async () => {
		const saved = await save(await open(), 'said while the cache was away');
		assert.equal(await modelOf(saved), MODEL);
	});
	assert.match(stack.logs('save_memory'), /"embedding_unread"/);
});

test('what this machine embeds is not kept', async () => {
	await stack.sim.fault({
		provider: 'openai',
		operation: 'embed',
		fault: { status: 500 },
		times: -1,
	});
	const saved = await save(await open(), 'said while the provider was away');
	assert.equal(await modelOf(saved), 'all-MiniLM-L6-v2');
	assert.equal(
		await count(`select count(*) from embedding_cache where model <> :'model'`, {
			model: MODEL,
		}),
		0,
	);
});

/* Every row of every table as text: what it must not tell of is in none. */
const tablesThatTell = async (word) => {
	const rows = await sql(
		stack,
		`select c.relname from pg_class c
		 where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
		 and (xpath('/row/n/text()', query_to_xml(format(
			'select count(*) as n from %I t where strpos(lower(t::text), lower(%L)) > 0',
			c.relname, :'word'), false, true, '')))[1]::text <> '0' order by 1`,
		{ word },
	);
	return rows.map(([name]) => name);
};

test('a visitor who is forgotten leaves no word and no vector in any table', async () => {
	const visitor_id = crypto.randomUUID();
	const pair = await open({ visitor_id, consent: true });
	const word = 'quagmiric';
	const others = await open();
	await save(others, 'a word of somebody else');
	await save(pair, `the ${word} oven`, {
		tags: [word],
		summary: `a ${word} thing`,
		metadata: { of: word },
		source_id: word,
	});
	await recall(pair, `which oven is ${word}?`);
	const turn = await post(
		stack,
		'agent_reply',
		{ ...pair, user_message: `I'm Zebulon Jones and our oven is ${word}.` },
		{ 'Idempotency-Key': crypto.randomUUID() },
	);
	assert.equal(turn.status, 200, turn.text);
	await call('collect_email', pair, { email: `${word}@example.com`, name: 'Zebulon' });
	for (let i = 0; i < 3; i++)
		await call('agent_reply', pair, { user_message: `${word} again, ${i}`, audio: false });
	await call('summarize_session', pair, { force_summarize: true });
	await embedded(pair, 10);
	const kept = () => count('select count(*) from embedding_cache');
	const told = await tablesThatTell(word);
	for (const table of ['memories', 'utterances'])
		assert.ok(told.includes(table), `${table}: ${told}`);
	assert.equal(await count('select count(*) from embedding_cache where session_id is null'), 0);
	const before = await kept();
	const { stdout } = await promisify(execFile)(join(root, 'scripts/forget'), [visitor_id], {
		env: { ...process.env, ...stack.env },
	});
	assert.match(stdout, /^embedding_cache [1-9]/m);
	assert.ok((await kept()) < before);
	for (const trace of [word, 'zebulon', visitor_id, pair.session_secret])
		assert.deepEqual(await tablesThatTell(trace), [], trace);
	/* That contact data of a session was kept and was removed stays on record. */
	assert.deepEqual(await tablesThatTell(pair.session_id), ['audit_log']);
	assert.deepEqual(await tablesThatTell('a word of somebody else'), ['memories']);
	assert.equal(
		await count(`select count(*) from embedding_cache where session_id is not null
			and session_id not in (select id from sessions)`),
		0,
	);
});
