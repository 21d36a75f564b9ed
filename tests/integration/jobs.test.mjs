/* Jobs: each effect exactly once, whatever happens to those who work them. The worker is
 * job_worker.c, whose jobs do as their payload says. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeDir } from './env/dirs.mjs';
import { poll, programUrl, root, sql, startWorker, TALK, useStack } from './env/index.mjs';

const stack = useStack({ functions: TALK, name: 'jobs' });
const run = promisify(execFile);

/* Quick enough to watch; polling so seldom that only a NOTIFY explains a prompt start. */
const QUICK = { JOBS_RETRY_MS: '20', JOBS_POLL_MS: '120000', JOBS_DRAIN_MS: '300' };
const PROMPT_MS = 10000;

const workers = new Set();
const start = (env = {}) => {
	const worker = startWorker(stack, 'integration/job_worker', { ...QUICK, ...env });
	workers.add(worker);
	worker.ended.then(() => workers.delete(worker));
	return worker;
};

beforeEach(() =>
	sql(
		stack,
		`set client_min_messages = warning;
		 create schema if not exists job_test;
		 create table if not exists job_test.runs (job bigint, attempt int, worker text);
		 create table if not exists job_test.effects (job bigint primary key);
		 grant usage on schema job_test to scribe_app;
		 grant select, insert on all tables in schema job_test to scribe_app;
		 delete from jobs where kind like 'test%';
		 truncate job_test.runs, job_test.effects`,
	),
);
afterEach(async () => {
	for (const worker of workers) await worker.stop();
});
after(async () => {
	for (const worker of workers) await worker.kill();
});

const enqueue = async (
	payload = {},
	{ kind = 'test', key = '', inSeconds = 0, attempts = 8 } = {},
) => {
	const [[id]] = await sql(
		stack,
		`insert into jobs (kind, key, payload, run_at, max_attempts) values (:'kind',
		 nullif(:'key', ''), :'payload', now() + :'s'::numeric * interval '1 s', :'n'::int)
		 returning id`,
		{ kind, payload: JSON.stringify(payload), key, s: inSeconds, n: attempts },
	);
	return id;
};

const rowOf = async (id) => {
	const [row] = await sql(
		stack,
		`select state, attempts, coalesce(last_error, ''), leased_by is null,
		 (select count(*) from job_test.runs where job = id),
		 (select count(*) from job_test.effects where job = id) from jobs where id = :'id'`,
		{ id },
	);
	const [state, attempts, error, isFree, runs, effects] = row ?? [];
	return { state, attempts: +attempts, error, isFree, runs: +runs, effects: +effects };
};

const until = (id, wanted, more) =>
	poll(
		async () => {
			const row = await rowOf(id);
			return row.state === wanted && row;
		},
		more,
	);

const ready = (worker) => poll(() => worker.events('working_jobs').length);

/* A worker that has heard its own proof sleeps; nothing but a NOTIFY wakes it then. */
const listening = async (worker) => {
	await ready(worker);
	await poll(async () => {
		const id = await enqueue();
		await until(id, 'done', { deadlineMs: 3000 });
		return true;
	});
};

test('10 000 jobs, workers killed at random: each effect exactly once', async () => {
	const N = 10000;
	await sql(
		stack,
		`insert into jobs (kind, key, payload)
		 select 'test', 'n' || n, '{}' from generate_series(1, ${N}) n`,
	);
	const pool = Array.from({ length: 3 }, () => start({ JOBS_THREADS: '4' }));
	let kills = 0;
	const left = async () =>
		(await sql(stack, `select 1 from jobs where kind = 'test' and state <> 'done'`)).length;
	for (let open = N; open > 0; open = await left()) {
		await pause(300 + Math.random() * 400);
		if (open < N / 20) continue; /* the rest only waits for leases to run out */
		const victim = Math.floor(Math.random() * pool.length);
		await pool[victim].kill();
		pool[victim] = start({ JOBS_THREADS: '4' });
		kills++;
	}
	const [[done, effects, runs, twice]] = await sql(
		stack,
		`select (select count(*) from jobs where kind = 'test' and state = 'done'),
		 (select count(*) from job_test.effects), (select count(*) from job_test.runs),
		 (select count(*) from jobs where kind = 'test' and attempts > 1)`,
	);
	assert.equal(done, String(N));
	assert.equal(effects, String(N));
	assert.ok(kills >= 10, `${kills} kills`);
	assert.ok(Number(twice) > 0, 'some were taken over');
	assert.ok(Number(runs) >= N + 1, 'and ran again');
});

test('a job begins at once when it is enqueued', async () => {
	await listening(start());
	const times = [];
	for (let i = 0; i < 5; i++) {
		const from = performance.now();
		await until(await enqueue(), 'done', { everyMs: 5 });
		times.push(performance.now() - from);
	}
	assert.ok(Math.min(...times) < PROMPT_MS, `${times}`);
});

test('a failing job is tried again, with growing pauses, until it succeeds', async () => {
	const worker = start();
	const row = await until(await enqueue({ fails: 3 }), 'done');
	assert.deepEqual([row.attempts, row.runs, row.effects], [4, 4, 1]);
	assert.deepEqual(
		worker.events('job').filter(({ kind }) => kind === 'test').map(({ outcome }) => outcome),
		['again', 'again', 'again', 'done'],
	);
	assert.equal(row.error, '', 'an error that is over is not shown');
});

test('a password in a URL comes on no command line', async () => {
	const dir = makeDir('psql');
	const file = join(dir, 'calls');
	const psql = [
		'#!/bin/sh',
		'printf "%s <- %s\\n" "$PGPASSWORD" "$*" >>"${0%/*}/calls"',
		'exec /usr/bin/psql "$@"\n',
	].join('\n');
	writeFileSync(join(dir, 'psql'), psql, { mode: 0o755 });
	const socket = join(stack.dir, 'run/pg');
	for (const url of [
		`postgresql://scribe_owner:s%20%5Ccret@/scribe?host=${encodeURIComponent(socket)}`,
		`postgresql:///scribe?password=s%20%5Ccret&host=${socket}&user=scribe_owner`,
		`host=${socket} password='s \\\\cret' user=scribe_owner dbname=scribe`,
	]) {
		const env = { PATH: `${dir}:${process.env.PATH}`, DATABASE_URL: url };
		assert.match((await run(join(root, 'scripts/jobs'), ['stats'], { env })).stdout, /kind/);
		await assert.rejects(
			run(join(root, 'scripts/forget'), ['nobody at all'], { env }),
			/no session of that visitor/,
		);
		if (url.startsWith('postgresql:'))
			await assert.rejects(
				run(join(root, 'scripts/migrate'), ['status', url], { env }),
				/need a superuser/,
			);
	}
	const calls = readFileSync(file, 'utf8').trim().split('\n');
	assert.equal(calls.length, 8);
	for (const call of calls) assert.match(call, /^s \\cret <- (?!.*cret)/);
	rmSync(dir, { recursive: true });
});

test('a job that never succeeds waits for a person, who retries or drops it', async () => {
	start();
	const id = await enqueue({ fails: 3 }, { attempts: 2 });
	const row = await until(id, 'dead');
	assert.deepEqual([row.attempts, row.effects], [2, 0]);
	assert.match(row.error, /^upstream_failed: attempt 2 as ordered \(.*job_worker\.c:\d+\)$/);

	const jobs = (...words) =>
		run(join(root, 'scripts/jobs'), words, {
			env: { PATH: process.env.PATH, STACK_DIR: stack.dir },
		});
	assert.match((await jobs()).stdout, new RegExp(`${id} +\\| test +\\| dead +\\| 2/2`));
	await sql(
		stack,
		`update jobs set last_error = E'\\u001b[2J \\u009b red \\u202e \\u2066 \\u200f\\nend'
			where id = :'id'`,
		{ id },
	);
	await sql(stack, `insert into jobs (kind, run_at)
		values (E'test_\\u001b[2J\\u009b\\u202e\\u2066end', now() + interval '1 day')`);
	for (const LC_ALL of ['C', 'C.UTF-8']) {
		const env = { PATH: process.env.PATH, STACK_DIR: stack.dir, LC_ALL };
		const { stdout } = await run(join(root, 'scripts/jobs'), [], { env });
		assert.ok(stdout.includes('?[2J ? red ? ? ??end'), stdout);
		for (const action of ['list', 'stats']) {
			const { stdout } = await run(join(root, 'scripts/jobs'), [action], { env });
			assert.match(stdout, / test_\?\[2J\?\?\?end +\| ready /);
		}
	}
	assert.match((await jobs('stats')).stdout, /test +\| dead +\| +1 /);
	await jobs('retry', id);
	assert.equal((await until(id, 'dead')).runs, 4, 'all its attempts anew');
	await sql(stack, `update jobs set payload = '{}' where id = :'id'`, { id });
	assert.equal((await jobs('retry', id)).stdout, `retry: ${id}\n`);
	await until(id, 'done');
	await assert.rejects(jobs('retry', id), /no job to retry/);
	assert.equal((await jobs('drop', id)).stdout, `drop: ${id}\n`);
	assert.equal((await rowOf(id)).state, undefined);
	await assert.rejects(jobs('drop', '7; drop table jobs'), /is not the id of a job/);
	await assert.rejects(jobs('list', 'odd'), /there is no state/);
});

test('a hopeless job is not tried again', async () => {
	start();
	const row = await until(await enqueue({ hopeless: true }), 'dead');
	assert.deepEqual([row.attempts, row.effects], [1, 0]);
});

test('a job whose worker dies each time is buried too', async () => {
	const id = await enqueue({ ms: 600000, extend: true }, { attempts: 2 });
	for (let i = 1; i <= 2; i++) {
		const worker = start();
		await poll(async () => (await rowOf(id)).runs === i);
		await worker.kill();
	}
	start();
	const row = await until(id, 'dead');
	assert.deepEqual([row.attempts, row.runs], [2, 2]);
	assert.match(row.error, /did not end/);
});

test('work that is long keeps its lease', async () => {
	start({ JOBS_THREADS: '3' });
	const row = await until(await enqueue({ ms: 4000, extend: true }), 'done');
	assert.deepEqual([row.attempts, row.runs, row.effects], [1, 1, 1]);
});

test('what takes long keeps no other job waiting, and is one at a time', async () => {
	start();
	const long = { ms: 60000, extend: true };
	const ids = [];
	for (let i = 0; i < 2; i++) ids.push(await enqueue(long, { kind: 'test_long' }));
	await until(ids[0], 'running');
	const later = await enqueue({}, { inSeconds: 0.7 });
	for (let i = 0; i < 3; i++) await until(await enqueue(), 'done');
	await until(later, 'done', { deadlineMs: PROMPT_MS });
	const states = [];
	for (const id of ids) states.push((await rowOf(id)).state);
	assert.deepEqual(states, ['running', 'ready']);
});

test('a job that outlives its lease, and that nobody took, ends as it ended', async () => {
	start();
	const row = await until(await enqueue({ ms: 1800, deaf: true, hopeless: true }), 'dead');
	assert.deepEqual([row.attempts, row.runs, row.isFree], [1, 1, 't']);
});

test('a late worker cannot end a job that another one took over', async () => {
	const slow = start();
	const id = await enqueue({ ms: 500, deaf: true });
	await poll(async () => (await rowOf(id)).runs === 1);
	process.kill(slow.pid, 'SIGSTOP');
	start();
	const row = await until(id, 'done');
	assert.deepEqual([row.attempts, row.runs, row.effects], [2, 2, 1]);
	process.kill(slow.pid, 'SIGCONT');
	const late = await poll(() => slow.events('job').find((line) => line.id === Number(id)));
	assert.equal(late.outcome, 'lost');
	assert.deepEqual(await rowOf(id), row);
});

test('an attempt that was taken over by a namesake ends nothing', async () => {
	const worker = start();
	const id = await enqueue({ ms: 1000, deaf: true });
	await poll(async () => (await rowOf(id)).runs === 1);
	/* A worker on another host that has the same name, process number and all. */
	await sql(
		stack,
		`update jobs set attempts = attempts + 1, leased_until = now() + interval '1 hour'
		 where id = :'id'`,
		{ id },
	);
	const late = await poll(() => worker.events('job').find((line) => line.id === Number(id)));
	assert.equal(late.outcome, 'lost');
	const row = await rowOf(id);
	assert.deepEqual([row.state, row.attempts, row.isFree], ['running', 2, 'f']);
});

test('nor does it keep the lease of its namesake, or go on without one', async () => {
	const worker = start();
	const id = await enqueue({ ms: 600000, extend: true });
	await poll(async () => (await rowOf(id)).runs === 1);
	const [[lease]] = await sql(
		stack,
		`update jobs set attempts = attempts + 1, leased_until = now() + interval '1 hour'
		 where id = :'id' returning leased_until`,
		{ id },
	);
	const late = await poll(() => worker.events('job').find((line) => line.id === Number(id)));
	assert.equal(late.outcome, 'lost');
	const now = await sql(stack, `select leased_until from jobs where id = :'id'`, { id });
	assert.deepEqual(now, [[lease]]);
});

test('one job waits per key, and one more beside the one that runs', async () => {
	const insert = () =>
		sql(
			stack,
			`insert into jobs (kind, key, payload)
			 select 'test', 'same', '{"ms": 1500, "extend": true}' from generate_series(1, 3)
			 on conflict (kind, key) where state = 'ready' do nothing`,
		);
	await insert();
	start();
	await poll(async () => (await sql(stack, 'select 1 from job_test.runs')).length);
	await insert();
	const done = () => sql(stack, `select 1 from jobs where kind = 'test' and state = 'done'`);
	await poll(async () => (await done()).length === 2);
	assert.equal((await sql(stack, `select 1 from jobs where kind = 'test'`)).length, 2);
});

test('a failed job is done when another one of its key waits already', async () => {
	const first = await enqueue({ ms: 500, fails: 8 }, { key: 'same' });
	start();
	await poll(async () => (await rowOf(first)).runs === 1);
	const second = await enqueue({}, { key: 'same' });
	await until(second, 'done');
	const row = await rowOf(first);
	assert.deepEqual([row.state, row.runs, row.effects], ['done', 1, 0]);
});

test('a delayed job runs when it is due, without anybody telling of it', async () => {
	await listening(start());
	const from = performance.now();
	await until(await enqueue({}, { inSeconds: 0.7 }), 'done', { everyMs: 5 });
	const ms = performance.now() - from;
	assert.ok(ms > 600 && ms < PROMPT_MS, `${ms}`);
});

test('a periodic job comes into being by itself, and comes again', async () => {
	start();
	start();
	await poll(async () => (await sql(stack, 'select 1 from job_test.runs')).length >= 4);
	const open = () =>
		sql(
			stack,
			`select key, attempts < 4 from jobs
			 where kind = 'test_round' and state in ('ready', 'running')`,
		);
	assert.deepEqual(await open(), [['periodic', 't']], 'its attempts are counted anew each time');
	await sql(stack, `delete from jobs where kind = 'test_round'`);
	await poll(async () => (await open()).length);
});

/* agent_reply has one periodic job, every five seconds: it asks when that is due, what there is
 * behind it, and when it is woken. */
test('a program without jobs lets the database rest', async () => {
	const lastAsked = async () => {
		const [[at]] = await sql(
			stack,
			`select max(query_start) from pg_stat_activity
			 where application_name = 'agent_reply' and query like 'with mine%'`,
		);
		return at;
	};
	const from = performance.now();
	const seen = new Set([await poll(lastAsked)]);
	for (let i = 0; i < 10; i++) {
		await sql(stack, `select count(*) from pg_class, pg_class x`);
		seen.add(await lastAsked());
	}
	const most = 3 + (3 * (performance.now() - from)) / 5000;
	assert.ok(seen.size <= most, `it asked ${seen.size} times`);
});

test('at the end a job in hand may finish within a bound', async () => {
	const worker = start({ JOBS_DRAIN_MS: '60000' });
	const id = await enqueue({ ms: 800 });
	await poll(async () => (await rowOf(id)).runs === 1);
	const next = await enqueue();
	assert.ok((await worker.stop()) < 30000, 'it waits for no more than the job');
	const row = await rowOf(id);
	assert.deepEqual([row.state, row.attempts, row.effects], ['done', 1, 1]);
	const other = await rowOf(next);
	assert.deepEqual([other.state, other.attempts, other.runs], ['ready', 0, 0]);
});

test('a job that takes longer is given back, and the attempt does not count', async () => {
	const worker = start({ JOBS_DRAIN_MS: '200' });
	const id = await enqueue({ ms: 600000, extend: true }, { attempts: 1 });
	await poll(async () => (await rowOf(id)).runs === 1);
	assert.ok((await worker.stop()) < 30000);
	const row = await rowOf(id);
	assert.deepEqual([row.state, row.attempts, row.isFree], ['ready', 0, 't']);
	assert.equal(worker.events('job').at(-1).outcome, 'returned');
});

test('when the database restarts, waiting workers go on', async () => {
	const worker = start({ JOBS_POLL_MS: '300' });
	await listening(worker);
	const pid = stack.pidOf('postgresql');
	process.kill(pid, 'SIGINT');
	await poll(() => worker.events('jobs_not_heard').length);
	await poll(() => sql(stack, 'select 1'));
	const row = await until(await enqueue(), 'done');
	assert.equal(row.effects, 1);
	await listening(worker);
	assert.ok(worker.events('jobs_out_of_reach').length <= 2, 'it complains once, not in a loop');
});

test('jobs are worked when the database comes after the worker', async (t) => {
	const dir = mkdtempSync(join(stack.dir, 'late-'));
	chmodSync(dir, 0o755); /* for the user that programs run as */
	const worker = start({ DATABASE_URL: programUrl(stack, dir), JOBS_POLL_MS: '100' });
	await poll(() => worker.events('jobs_out_of_reach').length);
	const id = await enqueue();
	const proxy = await relay(dir);
	t.after(() => proxy.close());
	await until(id, 'done');
	await worker.stop();
	rmSync(dir, { recursive: true });
});

/* Passes a PostgreSQL connection through. With `isDeaf`, without notifications, as a pooler
 * in transaction mode does. */
const withoutNotifications = () => {
	let rest = Buffer.alloc(0);
	return (bytes) => {
		const kept = [];
		rest = Buffer.concat([rest, bytes]);
		while (rest.length >= 5 && rest.length >= 1 + rest.readInt32BE(1)) {
			const end = 1 + rest.readInt32BE(1);
			if (rest[0] !== 'A'.charCodeAt(0)) kept.push(rest.subarray(0, end));
			rest = rest.subarray(end);
		}
		return Buffer.concat(kept);
	};
};

const relay = async (dir, isDeaf = false) => {
	const open = new Set();
	const server = createServer((client) => {
		const database = connect(join(stack.dir, 'run/pg/.s.PGSQL.5432'));
		const filter = isDeaf ? withoutNotifications() : (bytes) => bytes;
		for (const socket of [client, database]) {
			open.add(socket);
			socket.on('error', () => socket.destroy());
			socket.on('close', () => [client, database].forEach((other) => other.destroy()));
		}
		client.on('data', (bytes) => database.write(bytes));
		database.on('data', (bytes) => client.write(filter(bytes)));
	});
	const file = join(dir, '.s.PGSQL.5432');
	await new Promise((resolve) => server.listen(file, resolve));
	chmodSync(file, 0o777);
	return {
		close: () => {
			for (const socket of open) socket.destroy();
			server.close();
		},
	};
};

test('behind a pooler that swallows notifications, workers poll', async (t) => {
	const dir = mkdtempSync(join(stack.dir, 'deaf-'));
	chmodSync(dir, 0o755); /* for the user that programs run as */
	const proxy = await relay(dir, true);
	t.after(() => proxy.close());
	const worker = start({ DATABASE_URL: programUrl(stack, dir), JOBS_POLL_MS: '200' });
	await poll(() => worker.events('jobs_not_heard').length);
	for (let i = 0; i < 3; i++) {
		const from = performance.now();
		await until(await enqueue(), 'done');
		assert.ok(performance.now() - from < PROMPT_MS);
	}
	await worker.stop();
	rmSync(dir, { recursive: true });
});

test('one line tells of each job, and nothing of what it is about', async () => {
	const worker = start();
	const secret = 'sound of a private sentence';
	const id = await enqueue({ fails: 1, said: secret }, { key: secret });
	await until(id, 'done');
	const lines = await poll(() => {
		const found = worker.events('job').filter((line) => line.id === Number(id));
		return found.length === 2 && found;
	});
	assert.deepEqual(lines.map(({ attempt }) => attempt), [1, 2]);
	for (const line of lines)
		for (const field of ['kind', 'outcome', 'ms', 'db_ms']) assert.ok(field in line, field);
	assert.ok(!worker.log.includes(secret));
});

test('a program without jobs refuses --jobs-only', async () => {
	const program = join(stack.env.BUILD, stack.env.FLAVOUR, 'bin/create_session');
	await assert.rejects(run(program, ['--jobs-only'], { env: stack.env }), (error) => {
		assert.equal(error.code, 64);
		return /unknown option --jobs-only/.test(error.stderr);
	});
});
