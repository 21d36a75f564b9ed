/* Prepared statements: made once for each connection, and never the reason why something fails. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { newSession, pairOf, poll, post, sql, startProbe, TALK, useStack } from './env/index.mjs';

const stack = useStack({ functions: TALK, name: 'statements' });

const probes = new Set();
const start = (env) => {
	const probe = startProbe(stack, { DB_POOL_SIZE: '1', ...env });
	probes.add(probe);
	return probe;
};

beforeEach(() =>
	sql(
		stack,
		`set client_min_messages = warning;
		 drop schema if exists db_probe cascade;
		 create schema db_probe;
		 create table db_probe.t (id int primary key);
		 insert into db_probe.t values (1);
		 grant usage on schema db_probe to scribe_app;
		 grant all on all tables in schema db_probe to scribe_app`,
	),
);
afterEach(async () => {
	for (const probe of probes) await probe.stop();
	probes.clear();
});

const ALL = { text: 'all', arg: 'x' };

const prepared = async (probe) => {
	const [n] = await probe.rows({ text: 'prepared', arg: '' });
	return Number(n);
};

const backend = async (probe) => {
	const [pid] = await probe.rows({ sql: ['select pg_backend_pid()'] });
	return pid;
};

/* A text is prepared when it is met again. */
const meet = async (probe) => {
	for (let i = 0; i < 3; i++) assert.equal((await probe.rows(ALL)).length, 1);
};

test('what runs again is prepared, once; what was put together is not', async () => {
	const probe = start();
	await probe.rows(ALL);
	assert.equal(await prepared(probe), 0, 'what runs once is not');
	await meet(probe);
	await meet(probe);
	assert.equal(await prepared(probe), 2, '"all" and the count of them');
	await probe.rows({ sql: ['select $1::text'], arg: 'put together', times: 3 });
	assert.equal(await prepared(probe), 2);
});

test('rows of more bytes than are wanted are not kept, and the transaction goes on', async () => {
	const probe = start();
	const rows = (bytes) => `select repeat('x', ${bytes}) from generate_series(1, 20)`;
	const within = (order) => probe.rows({ within: 100_000, ...order });
	assert.deepEqual(await within({ sql: [rows(4000)] }), Array(20).fill('x'.repeat(4000)));
	assert.deepEqual(await within({ sql: [rows(6000)] }), []);
	const late = await within({ tx: true, sql: [rows(6000), 'select 1 union all select null'] });
	assert.deepEqual(late, ['1', null]);
	const { code, detail } = await probe.order({ within: 9, sql: ['select 1 / 0'] });
	assert.deepEqual([code, detail], ['internal', 'SQLSTATE 22012 ']);
	await meet(probe);
	assert.equal(await prepared(probe), 1, 'the connection is as good as before');
});

test('DB_PREPARE=0: nothing is', async () => {
	const probe = start({ DB_PREPARE: '0' });
	await meet(probe);
	assert.equal(await prepared(probe), 0);
	assert.equal(await prepared(probe), 0);
});

test('a migration changes what a statement gives: nobody fails', async () => {
	const probe = start({ DB_POOL_SIZE: '3' });
	await meet(probe);
	await sql(stack, 'alter table db_probe.t add column more text');
	await meet(probe);
	await sql(stack, 'alter table db_probe.t add column and_more text');
	const whole = await probe.order({ ...ALL, tx: true });
	assert.equal(whole.code, 'ok', whole.detail);
	assert.equal(whole.tries, 2, 'the transaction as a whole');
	await meet(probe);
});

test('somebody discards them: they are made anew', async () => {
	const probe = start();
	await meet(probe);
	const pid = await backend(probe);
	await probe.rows({ sql: ['discard all'] });
	await meet(probe);
	await probe.rows({ sql: ['deallocate all'] });
	const whole = await probe.order({ ...ALL, tx: true });
	assert.equal(whole.code, 'ok', whole.detail);
	assert.equal(whole.tries, 2);
	await meet(probe);
	assert.equal(await backend(probe), pid, 'on the same connection');
	assert.equal(probe.events('prepared_statements_lost').length, 1, 'which is told once');
});

test('an insert that found its statement gone is made once', async () => {
	const probe = start();
	for (const arg of ['2', '3', '4']) await probe.rows({ text: 'add', arg });
	await probe.rows({ sql: ['deallocate all'] });
	await probe.rows({ text: 'add', arg: '5' });
	assert.equal((await sql(stack, 'select * from db_probe.t')).length, 5);
	const twice = await probe.order({ text: 'add', arg: '5' });
	assert.equal(twice.code, 'conflict', 'as a statement that is not prepared');
});

/* What the statistics know of a table; a backend tells them within ten seconds. */
const usesOf = async (...tables) =>
	sql(
		stack,
		`select relname, seq_scan, n_tup_ins from pg_stat_user_tables
		  where relname = any (string_to_array(:'tables', ',')) order by relname`,
		{ tables: tables.join(',') },
	);

/* Plans are made while tables are empty, and kept: those to read a table whole would cost more with
 * each turn. */
test('no statement of a turn, nor of its jobs, reads a table whole', async () => {
	const tables = ['jobs', 'memories', 'sessions', 'turns', 'utterances'];
	const before = await usesOf(...tables);
	const turns = 4;
	const session = await newSession(stack, { visitor_id: crypto.randomUUID(), consent: true });
	for (let i = 0; i < turns; i++) {
		const user_message = `Where do we keep the ${i} boats of the harbour?`;
		const body = { ...pairOf(session), user_message, audio: false };
		const said = await post(stack, 'agent_reply', body);
		assert.equal(said.status, 200, said.text);
	}
	const added = (after, table) =>
		Number(after.find(([name]) => name === table)[2]) -
		Number(before.find(([name]) => name === table)[2]);
	const after = await poll(
		async () => {
			const now = await usesOf(...tables);
			return added(now, 'memories') >= 2 * turns && added(now, 'turns') >= turns && now;
		},
		{ deadlineMs: 60000 },
	);
	const scans = (rows) => rows.map(([name, whole]) => [name, whole]);
	assert.deepEqual(scans(after), scans(before));
});

/* Rows that were read in an index. */
const readsOf = async (...tables) =>
	Object.fromEntries(
		await sql(
			stack,
			`select indexrelname, idx_tup_read from pg_stat_user_indexes
			  where relname = any (string_to_array(:'tables', ','))`,
			{ tables: tables.join(',') },
		),
	);

/* A turn, and its words as memories. */
const takeTurn = async (session, user_message) => {
	const memories = async () => {
		const of = { id: session.session_id };
		const rows = await sql(stack, "select from memories where session_id = :'id'", of);
		return rows.length;
	};
	const before = await memories();
	const body = { ...pairOf(session), user_message, audio: false };
	const said = await post(stack, 'agent_reply', body);
	assert.equal(said.status, 200, said.text);
	await poll(async () => (await memories()) >= before + 2, { deadlineMs: 60000 });
};

/* A running turn and a memory of each of so many others, with a vector: a job looks now and then at
 * all that have none. */
const addOthers = (count) =>
	sql(
		stack,
		`insert into sessions (id, consent, secret_hash)
			select ('a' || lpad(n::text, 31, '0'))::uuid, false, sha256(n::text::bytea)
				from generate_series(1, ${count}) as n;
		 insert into utterances (id, session_id, speaker, text)
			select id, id, 'visitor', 'ahoy' from sessions where id::text like 'a0000000-%';
		 insert into turns (session_id, turn, message_hash, ends_by, visitor_utterance_id)
			select id, 1, secret_hash, now() + interval '1 hour', id from sessions
				where id::text like 'a0000000-%';
		 insert into memories (session_id, owner, scope, content, content_hash, utterance_id,
				embedding, embedding_model)
			select id, memory_owner, 'episodic', '"ahoy"', secret_hash, id,
					array_fill(0.05, array[384])::vector, 'all-MiniLM-L6-v2' from sessions
				where id::text like 'a0000000-%';
		 select pg_stat_force_next_flush()`,
	);

test('what others have does not make a turn longer, though plans are older than that', async () => {
	const others = 2000;
	/* Counted while there is nothing; to count them again would have plans made anew. */
	await sql(
		stack,
		`delete from sessions;
		 alter table turns set (autovacuum_enabled = off);
		 alter table memories set (autovacuum_enabled = off)`,
	);
	await sql(stack, 'vacuum analyze turns, memories');
	const session = await newSession(stack, { visitor_id: crypto.randomUUID(), consent: true });
	const take = (nth) => takeTurn(session, `Who has the keys of the ${nth} boat?`);
	for (const nth of ['first', 'second', 'third']) await take(nth);
	await addOthers(others);
	const before = await readsOf('turns', 'memories');
	const [[, , written]] = await usesOf('memories');
	for (const nth of ['fourth', 'fifth']) await take(nth);
	await poll(async () => Number((await usesOf('memories'))[0][2]) >= Number(written) + 4, {
		deadlineMs: 60000,
	});
	for (const [index, read] of Object.entries(await readsOf('turns', 'memories')))
		assert.ok(read - before[index] < others, `${index}: ${read - before[index]} rows`);
});
