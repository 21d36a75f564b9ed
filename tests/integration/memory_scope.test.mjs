/* Nobody else's memories can be had, and a visitor who is forgotten has none. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import {
	asSuperuser,
	newSession,
	pairOf,
	poll,
	post,
	root,
	sql,
	superuserUrl,
	useStack,
} from './env/index.mjs';

const stack = useStack();
const SECRET = 'the treasure lies under the old oak';

const open = async (body = {}) => pairOf(await newSession(stack, body));

const save = async (pair, content, scope = 'long') => {
	const answer = await post(stack, 'save_memory', { ...pair, scope, content });
	assert.equal(answer.status, 200, answer.text);
	return answer.json.memory;
};

const recall = (pair, query, more = {}) =>
	post(stack, 'recall_memories', { ...pair, query, limit: 50, ...more });

const finds = async (pair) => {
	const { status, json, text } = await recall(pair, 'treasure under the oak');
	assert.equal(status, 200, text);
	return json.memories.some((m) => m.content === SECRET);
};

test('with consent a visitor is known in all sessions', async () => {
	const visitor = { visitor_id: randomUUID(), consent: true };
	await save(await open(visitor), SECRET);
	assert.equal(await finds(await open(visitor)), true);
	assert.equal(
		await finds(await open({ ...visitor, visitor_id: visitor.visitor_id.toUpperCase() })),
		true,
	);
});

test('without consent only the session itself knows', async () => {
	const visitor_id = randomUUID();
	const first = await open({ visitor_id, consent: false });
	await save(first, SECRET);
	assert.equal(await finds(first), true);
	assert.equal(await finds(await open({ visitor_id, consent: false })), false);
	assert.equal(await finds(await open({ visitor_id, consent: true })), false);
});

test('what was said with consent is not had without', async () => {
	const visitor_id = randomUUID();
	await save(await open({ visitor_id, consent: true }), SECRET);
	assert.equal(await finds(await open({ visitor_id, consent: false })), false);
});

test('a name that is no UUID is nobody\'s', async () => {
	for (const visitor_id of ['alice', '', "' or '1'='1", '*', '%']) {
		await save(await open({ visitor_id, consent: true }), SECRET);
		assert.equal(await finds(await open({ visitor_id, consent: true })), false, visitor_id);
	}
});

test('ids of others open nothing', async () => {
	const owner = { visitor_id: randomUUID(), consent: true };
	const victim = await open(owner);
	const memory = await save(victim, SECRET);
	for (const visitor_id of [
		victim.session_id,
		memory.id,
		`v:${owner.visitor_id}`,
		`s:${victim.session_id}`,
		` ${owner.visitor_id}`,
		randomUUID(),
	])
		assert.equal(await finds(await open({ visitor_id, consent: true })), false, visitor_id);
});

test('sessions cannot be swapped', async () => {
	const victim = await open();
	await save(victim, SECRET);
	const thief = await open();
	for (const pair of [
		{ session_id: victim.session_id, session_secret: thief.session_secret },
		{ session_id: victim.session_id, session_secret: victim.session_id },
		{ session_id: `${victim.session_id}' or true --`, session_secret: thief.session_secret },
		{ session_id: victim.session_id.toUpperCase(), session_secret: thief.session_secret },
	]) {
		const { status, json } = await recall(pair, 'treasure');
		assert.equal(status, 401);
		assert.equal(json.code, 'invalid_session');
	}
	const { status } = await recall({ ...thief, session_id: [victim.session_id] }, 'treasure');
	assert.equal(status, 400);
});

test('members that nobody asked for change nothing', async () => {
	const owner = { visitor_id: randomUUID(), consent: true };
	const victim = await open(owner);
	await save(victim, SECRET);
	const thief = await open();
	for (const more of [
		{ visitor_id: owner.visitor_id },
		{ owner: `v:${owner.visitor_id}` },
		{ memory_owner: `v:${owner.visitor_id}` },
		{ filter: { session_id: victim.session_id } },
		{ scopes: ['short', 'medium', 'long', 'episodic'] },
	]) {
		const { status, json } = await recall(thief, SECRET, more);
		assert.equal(status, 200);
		assert.deepEqual(json.memories, []);
	}
	assert.equal(
		(await recall(thief, 'x', { scopes: ["long') or true --"] })).status,
		400,
	);
});

test('a copy of another\'s content or source is an own memory', async () => {
	const victim = await open();
	const theirs = await save(victim, SECRET);
	const thief = await open();
	const answer = await post(stack, 'save_memory', { ...thief, scope: 'long', content: SECRET });
	assert.equal(answer.json.duplicate, false);
	assert.notEqual(answer.json.memory.id, theirs.id);
	assert.equal(answer.json.memory.session_id, thief.session_id);
});

test('a visitor is forgotten although somebody is at work on what they said', async () => {
	const visitor_id = randomUUID();
	await save(await open({ visitor_id, consent: true }), SECRET);
	const psql = [...asSuperuser, 'psql', '-XAtq', '-v', `id=${visitor_id}`, superuserUrl(stack)];
	const worker = spawn(psql[0], psql.slice(1), { cwd: '/' });
	worker.stdin.write(`begin; update memories set importance = importance
		where visitor_id = :'id' returning 'held';\n`);
	await once(worker.stdout, 'data');
	const forgotten = promisify(execFile)(join(root, 'scripts/forget'), [visitor_id], {
		env: { ...process.env, ...stack.env },
	});
	await poll(
		async () =>
			(
				await sql(
					stack,
					`select 1 from pg_stat_activity where wait_event_type = 'Lock'
					 and query like '%remove_session(%'`,
				)
			).length,
	);
	worker.stdin.end('commit;\n');
	assert.match((await forgotten).stdout, /^memories 1$/m);
});

test('a forgotten visitor leaves nothing', async () => {
	const visitor_id = randomUUID();
	const pair = await open({ visitor_id, consent: true });
	await save(pair, SECRET);
	await save(await open({ visitor_id, consent: true }), 'more of it');
	const other = await open();
	await save(other, SECRET);
	const forget = () =>
		promisify(execFile)(join(root, 'scripts/forget'), [visitor_id], {
			env: { ...process.env, ...stack.env },
		});
	const { stdout } = await forget();
	assert.match(stdout, /^sessions 2$/m);
	assert.match(stdout, /^memories 2$/m);
	const [[left]] = await sql(
		stack,
		`select (select count(*) from sessions where visitor_id = :'id')
			+ (select count(*) from memories where visitor_id = :'id')`,
		{ id: visitor_id },
	);
	assert.equal(left, '0');
	assert.equal((await recall(pair, 'treasure')).status, 401);
	assert.equal(await finds(other), true);
	await assert.rejects(forget(), /no session of that visitor/);
});
