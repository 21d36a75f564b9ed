/* The environment of the tests, tested: it must fail when it should, or nothing else can. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
	audio,
	functionNames,
	newSession,
	poll,
	post,
	sql,
	startStack,
	supabase,
	useStack,
} from './env/index.mjs';
import { brokenSlice } from './env/logs.mjs';
import { takePort } from './env/ports.mjs';

const stack = useStack();

describe('logs', () => {
	const broken = [
		'==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x6020',
		'==12==ERROR: LeakSanitizer: detected memory leaks',
		'WARNING: ThreadSanitizer: data race (pid=12)',
		'common/base/str.c:12:3: runtime error: signed integer overflow',
		"agent_reply: arena.c:40: arena_alloc: Assertion `a' failed.",
		'*** stack smashing detected ***: terminated',
		'server process (PID 12) was terminated by signal 11: Segmentation fault',
		'[alert] 12#12: worker process 13 exited on signal 11',
	];
	for (const line of broken)
		test(`finds: ${line.slice(0, 40)}`, () => {
			const slice = brokenSlice(`{"a":1}\n{"b":2}\n${line}\n    #0 in main\n`);
			assert.match(slice, /"b":2/);
			assert.match(slice, /#0 in main/);
		});

	test('passes over ordinary lines', () => {
		assert.equal(brokenSlice('{"level":"error","event":"upstream_failed"}\n'), null);
		const ended = 'LOG:  server process (PID 7) was terminated by signal 6: Aborted';
		const after = (why) => brokenSlice(`PANIC:  could not write: ${why}\n${ended}\n`);
		assert.equal(after('No space left on device'), null);
		assert.ok(after('Input/output error'));
	});
});

describe('helpers', () => {
	test('ports taken at once differ', async () => {
		const taken = await Promise.all([takePort(), takePort(), takePort()]);
		assert.equal(new Set(taken.map(({ port }) => port)).size, 3);
		for (const { release } of taken) release();
	});

	test('poll tells the last error when the deadline passes', async () => {
		const never = () => {
			throw new Error('still closed');
		};
		await assert.rejects(poll(never, { deadlineMs: 60, everyMs: 10 }), /still closed/);
		let calls = 0;
		assert.equal(await poll(() => ++calls === 3 && 'open', { everyMs: 1 }), 'open');
	});

	test('recordings are there', () => {
		assert.equal(audio('speech/jfk.wav').toString('latin1', 0, 4), 'RIFF');
	});
});

describe('the shared stack', () => {
	test('has a living process for every function, nginx and PostgreSQL', () => {
		for (const name of [...functionNames(), 'nginx', 'postgresql'])
			assert.ok(stack.pidOf(name), name);
	});

	test('opens sessions for fetch and for supabase-js', async () => {
		const session = await newSession(stack);
		const [[found]] = await sql(
			stack,
			"select count(*) from sessions where id = :'id'",
			{
				id: session.session_id,
			},
		);
		assert.equal(found, '1');
		const { data, error } = await supabase(stack).functions.invoke('create_session', {
			body: {},
		});
		assert.equal(error, null);
		assert.notEqual(data.session_id, session.session_id);
	});

	test('SQL values are quoted, NULL and line ends come through', async () => {
		const rows = await sql(stack, "select 1, :'a', null union select 2, e'x\\n', 'y'", {
			a: "o'k; --",
		});
		assert.deepEqual(rows.sort(), [
			['1', "o'k; --", ''],
			['2', 'x\n', 'y'],
		]);
		assert.deepEqual(await sql(stack, 'select 1 where false'), []);
		await assert.rejects(sql(stack, 'selec'), /syntax error/);
	});

	test('lets nobody excuse a restart, unless the file was run alone', () => {
		const excuse = () => stack.expectRestart();
		if (stack.stop) assert.doesNotThrow(excuse);
		else assert.throws(excuse, /stack of its own/);
	});
});

test('an own stack: settings, restart after a kill, a broken log fails the stop', async () => {
	const own = await startStack({
		functions: ['create_session', 'modes'],
		name: 'own',
		env: { RATE_CREATE_SESSION: '2' },
	});
	await newSession(own);
	await newSession(own);
	assert.equal((await post(own, 'create_session', {})).status, 429);

	assert.equal((await post(own, 'agent_reply', {})).status, 404);
	assert.equal(own.pidOf('agent_reply'), null);
	const others = (names) => own.commandWith({ SCRIBE_FUNCTIONS: names }, 'check');
	await assert.rejects(others('create_session'), /SCRIBE_FUNCTIONS: a change takes/);
	await assert.rejects(others('create_sesion'), /there is no function 'create_sesion'/);

	const pid = own.pidOf('create_session');
	process.kill(pid, 'SIGKILL');
	const next = await poll(
		() => own.pidOf('create_session') !== pid && own.pidOf('create_session'),
	);
	assert.ok(next);

	appendFileSync(
		join(own.dir, 'log/create_session.log'),
		'x.c:1:2: runtime error: division by 0\n',
	);
	await assert.rejects(own.stop(), /create_session\.log\n.*runtime error: division by 0/s);
	assert.ok(existsSync(own.dir));
	rmSync(own.dir, { recursive: true });
});
