/* What becomes of statements nobody waits for, and who gets a connection. db_probe.c drives
 * common/db itself, on the stack's PostgreSQL. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { newSession, pairOf, poll, post, sql, startProbe, TALK, useStack } from './env/index.mjs';

const stack = useStack({ functions: TALK, name: 'pool', env: { DB_POOL_SIZE: '4' } });
const LONG = 'select pg_sleep(600)';
const NOTES = 40;
const LISTEN_MS = 40_000;

const probes = new Set();
const start = (env) => {
	const probe = startProbe(stack, env);
	probes.add(probe);
	return probe;
};

let isMade = false;
const makeTables = () =>
	sql(
		stack,
		`create schema db_probe;
		 create table db_probe.t (id int primary key, n int not null default 0);
		 create sequence db_probe.met;
		 create function db_probe.meet(others int) returns void language plpgsql as $$
		 begin
			perform nextval('db_probe.met');
			while (select last_value from db_probe.met) < others loop
				perform pg_sleep(0.01);
			end loop;
		 end $$;
		 create function db_probe.both(one int, other int) returns void language plpgsql as $$
		 begin
			update db_probe.t set n = n + 1 where id = one;
			perform db_probe.meet(2);
			update db_probe.t set n = n + 1 where id = other;
		 end $$;
		 grant usage on schema db_probe to scribe_app;
		 grant all on all tables in schema db_probe to scribe_app;
		 grant all on all sequences in schema db_probe to scribe_app`,
	);
beforeEach(async () => {
	if (!isMade) await makeTables();
	isMade = true;
});
afterEach(async () => {
	for (const probe of probes) await probe.stop();
	probes.clear();
	await sql(stack, `truncate db_probe.t; select setval('db_probe.met', 1, false)`);
});

const running = (probe, query) =>
	poll(async () =>
		(await probe.backends()).some(([, state, q]) => state === 'active' && q === query),
	);

const quiet = (probe) =>
	poll(async () => (await probe.backends()).every(([, state]) => state === 'idle'));

test('a statement given up is cancelled on the server, its connection kept', async () => {
	const probe = start({ DB_POOL_SIZE: '1' });
	const [pid] = await probe.rows({ sql: ['select pg_backend_pid()'] });
	const cancelled = probe.order({ sql: [LONG] });
	await running(probe, LONG);
	probe.cancel(cancelled);
	assert.ok((await cancelled).cancelled);
	assert.deepEqual(await probe.rows({ sql: ['select pg_backend_pid()'] }), [pid]);
	const late = await probe.order({ sql: [LONG], ms: 200 });
	assert.equal(late.code, 'unavailable');
	assert.ok(late.ms >= 200 && late.ms < 10_000, `${late.ms} ms`);
	assert.deepEqual(await probe.rows({ sql: ['select pg_backend_pid()'] }), [pid]);
	await quiet(probe);
});

test('a transaction given up is rolled back, its connection kept', async () => {
	const probe = start({ DB_POOL_SIZE: '1' });
	const [pid] = await probe.rows({ sql: ['select pg_backend_pid()'] });
	const work = probe.order({ tx: true, sql: ['insert into db_probe.t values (1)', LONG] });
	await running(probe, LONG);
	probe.cancel(work);
	assert.ok((await work).cancelled);
	assert.deepEqual(await probe.rows({ sql: ['insert into db_probe.t values (1)'] }), []);
	assert.deepEqual(await probe.rows({ sql: ['select pg_backend_pid()'] }), [pid]);
});

test('a cancel that comes late never hits the next statement', async () => {
	const probe = start({ DB_POOL_SIZE: '2' });
	const short = [];
	const long = [];
	for (let i = 0; i < 100; i++) {
		short.push(probe.order({ sql: ['select pg_sleep(0.002)'], ms: 1 + (i % 4) }));
		long.push(probe.order({ sql: ['select pg_sleep(0.001)', 'select 7'] }));
	}
	for (const { code, detail } of await Promise.all(long)) assert.equal(code, 'ok', detail);
	await Promise.all(short);
	assert.ok((await probe.backends()).length <= 2);
});

test('a connection put back inside a transaction is never lent so', async () => {
	const probe = start({ DB_POOL_SIZE: '1' });
	await probe.rows({ sql: ['begin'] });
	await probe.rows({ sql: ['insert into db_probe.t values (1)'] });
	assert.deepEqual(await sql(stack, 'select id from db_probe.t'), [['1']]);
});

/* Counts the backends of a name for as long as `body` runs: the most there were. */
const mostBackends = async (name, body) => {
	let most = 0;
	let isOver = false;
	const watch = (async () => {
		while (!isOver) {
			const [[n]] = await sql(
				stack,
				`select count(*) from pg_stat_activity where application_name = :'name'`,
				{ name },
			);
			most = Math.max(most, Number(n));
		}
	})();
	try {
		await body();
	} finally {
		isOver = true;
		await watch;
	}
	return most;
};

test('200 statements against a locked table: no more backends than the pool is large', async () => {
	const holder = start();
	const probe = start({ DB_POOL_SIZE: '4' });
	const lock = holder.order({
		tx: true,
		sql: ['lock table db_probe.t in access exclusive mode', LONG],
		ms: 120_000,
	});
	await running(holder, LONG);
	let quickest = Infinity;
	const most = await mostBackends(probe.name, async () => {
		for (let i = 0; i < 10; i++) {
			const answers = await Promise.all(
				Array.from({ length: 20 }, () =>
					probe.order({ text: 'all', arg: 'x', ms: 150 }),
				),
			);
			for (const { code } of answers) assert.equal(code, 'unavailable');
			/* The quickest: a machine that is busy with others has slow ones. */
			quickest = Math.min(quickest, ...answers.map(({ ms }) => ms));
		}
	});
	assert.ok(most > 0 && most <= 4, `${most} backends`);
	assert.ok(quickest < 1500, `${quickest} ms`);
	await quiet(probe); /* and that before the table is free */
	holder.cancel(lock);
	await lock;
	assert.deepEqual(await probe.rows({ text: 'all', arg: 'x' }), []);
});

test('recalls against a locked table: turns answer, with no more backends', async () => {
	const session = await newSession(stack);
	const holder = start();
	const lock = holder.order({
		tx: true,
		sql: ['lock table memories in access exclusive mode', LONG],
		ms: 120_000,
	});
	await running(holder, LONG);
	const body = { user_message: 'Do you remember my oven?', audio: false };
	const most = await mostBackends('agent_reply', async () => {
		for (let i = 0; i < 20; i++) {
			const sessions = await Promise.all(
				Array.from({ length: 10 }, () => newSession(stack)),
			);
			const answers = await Promise.all(
				sessions.map((s) => post(stack, 'agent_reply', { ...pairOf(s), ...body })),
			);
			for (const { status, text } of answers) assert.equal(status, 200, text);
		}
	});
	/* The pool's four, and the one beside it, which hears of jobs and beats. */
	assert.ok(most <= 5, `${most} backends`);
	/* All of them met the lock; the log is written beside. */
	await poll(() => stack.logs('agent_reply').split('"event":"not_recalled"').length > 200);
	holder.cancel(lock);
	await lock;
	assert.equal((await post(stack, 'agent_reply', { ...pairOf(session), ...body })).status, 200);
});

test('jobs hold a third of the connections, requests pass them', async () => {
	const probe = start({ DB_POOL_SIZE: '5' });
	/* Connections lie idle: what may have one has it at once. */
	await Promise.all([1, 2, 3].map(() => probe.rows({ sql: ['select pg_sleep(0.5)'] })));
	const job = probe.order({ job: true, sql: [LONG] });
	await running(probe, LONG);
	let isServed = false;
	const next = probe.order({ job: true, sql: ['select 1'] });
	next.then(() => (isServed = true));
	for (let i = 0; i < 20; i++) await probe.rows({ sql: ['select 2'] });
	assert.ok(!isServed, 'a second job has a connection');
	probe.cancel(job);
	assert.equal((await next).code, 'ok');
});

test('crowds hold half of the connections, others pass them', async () => {
	const probe = start({ DB_POOL_SIZE: '4' });
	const held = [1, 2].map(() => probe.order({ crowd: true, sql: [LONG] }));
	await poll(async () =>
		(await probe.backends()).filter(([, , query]) => query === LONG).length === 2);
	let isServed = false;
	const next = probe.order({ crowd: true, sql: ['select 1'] });
	next.then(() => (isServed = true));
	for (let i = 0; i < 20; i++) await probe.rows({ sql: ['select 2'] });
	assert.ok(!isServed, 'a crowd has a third connection');
	for (const one of held) probe.cancel(one);
	assert.equal((await next).code, 'ok');
});

/* Whoever uses the connection reads what the listener is to hear, if he comes first to it: that
 * takes some tries. It would wake by itself when its time is over, long after. */
test('what arrives while another uses the listening connection is heard at once', async () => {
	const probe = start({ DB_POOL_SIZE: '1' });
	const isListening = async () =>
		(await probe.backends()).some(([, , query]) => query === 'listen db_probe');
	for (let i = 0; i < NOTES; i++) {
		const heard = probe.order({ listen: true, ms: LISTEN_MS });
		await poll(isListening);
		await probe.rows({ side: true, sql: [`notify db_probe, 'note ${i}'`] });
		const { code, detail, rows, ms } = await heard;
		assert.equal(code, 'ok', detail);
		assert.deepEqual(rows, [`note ${i}`]);
		assert.ok(ms < LISTEN_MS / 2, `${ms} ms`);
	}
});

test('two that lock in opposite order: both succeed, the loser again', async () => {
	const probe = start();
	await sql(stack, 'insert into db_probe.t values (1), (2)');
	const both = await Promise.all([
		probe.order({ sql: ['select db_probe.both(1, 2)'] }),
		probe.order({ sql: ['select db_probe.both(2, 1)'] }),
	]);
	assert.deepEqual(both.map(({ code }) => code), ['ok', 'ok']);
	assert.deepEqual(await sql(stack, 'select n from db_probe.t'), [['2'], ['2']]);
	assert.deepEqual(await sql(stack, 'select last_value from db_probe.met'), [['3']]);
});

test('two transactions likewise', async () => {
	const probe = start();
	await sql(stack, 'insert into db_probe.t values (1), (2)');
	const add = (id) => `update db_probe.t set n = n + 1 where id = ${id}`;
	const both = await Promise.all([
		probe.order({ tx: true, sql: [add(1), 'select db_probe.meet(2)', add(2)] }),
		probe.order({ tx: true, sql: [add(2), 'select db_probe.meet(2)', add(1)] }),
	]);
	assert.deepEqual(both.map(({ code }) => code), ['ok', 'ok']);
	assert.deepEqual(both.map(({ tries }) => tries).sort(), [1, 2]);
	assert.deepEqual(await sql(stack, 'select n from db_probe.t'), [['2'], ['2']]);
});

test('what loses each time ends, with an error', async () => {
	const probe = start();
	const fails = `do $$ begin raise 'lost' using errcode = '40001'; end $$`;
	const answer = await probe.order({ tx: true, sql: [fails] });
	assert.equal(answer.code, 'unavailable');
	assert.equal(answer.tries, 5);
	const short = await probe.order({ tx: true, sql: [fails], ms: 20 });
	assert.ok(short.tries < 5, 'it has no time for all of them');
});

test('a COMMIT that rolled back is an error', async () => {
	const probe = start();
	const answer = await probe.order({
		tx: true,
		careless: true,
		sql: ['insert into db_probe.t values (1)', 'select 1 / 0'],
	});
	assert.equal(answer.code, 'internal');
	assert.deepEqual(await sql(stack, 'select id from db_probe.t'), []);
});

test('a server that became read only: unavailable, then another connection', async () => {
	const probe = start({ DB_POOL_SIZE: '1' });
	const [pid] = await probe.rows({ sql: ['select pg_backend_pid()'] });
	await probe.rows({ sql: ['set default_transaction_read_only = on'] });
	const refused = await probe.order({ text: 'add', arg: '2' });
	assert.equal(refused.code, 'unavailable');
	assert.match(refused.detail, /25006/);
	await probe.rows({ text: 'add', arg: '2' });
	assert.notDeepEqual(await probe.rows({ sql: ['select pg_backend_pid()'] }), [pid]);
});
