/* /livez, /readyz, of the host and of each program: up or not to everybody, what is amiss to who
 * runs the system. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { functionNames, poll, request, root, sql, useStack } from './env/index.mjs';
import { build, flavour, run } from './env/stack_command.mjs';

const stack = useStack({ name: 'health', env: { DB_POOL_SIZE: '2' } });
stack.expectRestart('create_session');
stack.expectRestart('modes');

const outside = (path, headers = {}) => request(stack, 'GET', path, { headers });

/* By the socket that only who can reach the stack's directory can reach. */
const inside = (path, socket = 'operate') =>
	new Promise((resolve, reject) => {
		const asked = http.get({ socketPath: join(stack.dir, `run/inside/${socket}.sock`), path });
		asked.on('error', reject);
		asked.on('response', async (response) => {
			const text = Buffer.concat(await response.toArray()).toString();
			resolve({ status: response.statusCode, text, json: JSON.parse(text) });
		});
	});

/* What `scripts/stack status` says of each part. */
const stackStatus = async () => {
	const { status, stdout } = await run(join(root, 'scripts/stack'), ['status'], {
		cwd: stack.dir, env: stack.env,
	});
	const lines = stdout.trim().split('\n').map((line) => line.trim().split(/\s{2,}/));
	return { code: status, of: Object.fromEntries(lines.map((words) => [words[0], words.at(-1)])) };
};

test('what is up says so, and its name to who runs the system only', async () => {
	await poll(async () => (await inside('/readyz')).status === 200);
	for (const name of functionNames())
		for (const what of ['livez', 'readyz']) {
			const spoofed = { 'scribe-inside': '1', 'scribe_inside': '1', 'scribe-programs': 'x' };
			const answer = await outside(`/${what}/${name}`, spoofed);
			assert.equal(answer.status, 200, `${what} ${name}`);
			assert.equal(answer.text, '{"status":"ok"}');
			assert.equal((await inside(`/${what}/${name}`, 'nginx')).text, '{"status":"ok"}');
			const { json } = await inside(`/${what}/${name}`);
			assert.deepEqual(json, { status: 'ok', name, amiss: {} });
		}
	for (const path of ['/livez', '/readyz', '/healthz', '/healthz/rest'])
		assert.equal((await outside(path)).text, '{"status":"ok"}');
	const { code, of } = await stackStatus();
	assert.deepEqual([code, of.host, of.agent_reply], [0, 'healthy', 'healthy']);
});

test('what has no database lives and is not ready, and says why to the inside only', async () => {
	const refuse = (many) => sql(stack, `alter role scribe_app connection limit ${many}`);
	const cut = () =>
		sql(stack, `select pg_terminate_backend(pid) from pg_stat_activity
			where usename = 'scribe_app'`);
	await refuse(0);
	after(() => refuse(-1));
	await cut();
	const answer = await poll(async () => {
		const found = await outside('/readyz/save_memory');
		return found.status !== 200 && found;
	});
	assert.equal(answer.status, 503);
	assert.equal(answer.text, '{"status":"down"}');
	assert.ok(answer.headers.get('retry-after'));
	const told = await inside('/readyz/save_memory');
	assert.equal(told.status, 503);
	assert.deepEqual(Object.keys(told.json.amiss), ['database', 'migrations']);
	assert.match(stack.logs('save_memory'), /"event":"not_healthy".*"check":"database"/);
	assert.equal((await outside('/livez/save_memory')).status, 200);
	const { code, of } = await poll(async () => {
		const found = await stackStatus();
		return /database/.test(found.of.host) && found;
	});
	assert.equal(code, 1);
	assert.equal(of.save_memory, 'not ready: database');
	assert.match(of.host, /^not ready: database: the database does not accept connections: .+/);
	assert.doesNotMatch(of.host, /migrations/);
	const reasons = Object.values(of).filter((line) => line.includes('does not accept'));
	assert.deepEqual(reasons, [of.host], 'what the database says is told more than once');
	await refuse(-1);
	await poll(async () => (await outside('/readyz/save_memory')).status === 200);
});

test('a program whose schema is not deployed is not ready, and the host neither', async () => {
	const [[change]] = await sql(stack,
		'select change from sqitch.changes order by planned_at desc limit 1');
	const rename = (from, to) =>
		sql(stack, `update sqitch.changes set change = '${to}' where change = '${from}'`);
	await rename(change, 'another');
	after(() => rename('another', change));
	const told = await inside('/readyz/rest');
	assert.equal(told.status, 503);
	assert.match(told.json.amiss.migrations, new RegExp(`^${change} is not deployed`));
	assert.equal((await outside('/readyz')).text, '{"status":"down"}');
	assert.equal((await outside('/readyz/realtime')).status, 503);
	assert.equal((await outside('/livez/rest')).status, 200);
	const { code, of } = await stackStatus();
	assert.equal(code, 1);
	assert.match(of.rest, /^not ready: migrations: /);
	assert.match(of.host, /^not ready: migrations: /);
	await rename('another', change);
	assert.equal((await outside('/readyz')).status, 200);
});

/* A program as it would be on this stack with other settings. */
const readiness = (name, env) => {
	const { stdout } = spawnSync(join(build, flavour, 'bin', name), [], {
		cwd: stack.dir,
		env: {
			...stack.env,
			DATABASE_URL: `postgresql:///scribe?host=${encodeURIComponent(
				join(stack.dir, 'run/pg'))}&user=scribe_app`,
			REQUEST_METHOD: 'GET',
			PATH_INFO: '/readyz',
			SCRIBE_INSIDE: '1',
			...env,
		},
	});
	return JSON.parse(stdout.toString().split('\r\n\r\n')[1]).amiss;
};

test('no room on a disk and a damaged model are amiss', () => {
	const model = join(stack.dir, 'damaged.bin');
	writeFileSync(model, 'no model');
	assert.deepEqual(readiness('modes', { SCRIBE_DISK_DIRS: stack.dir }), {});
	const tooMuch = { SCRIBE_DISK_DIRS: stack.dir, SCRIBE_DISK_FREE_MB: '999999999' };
	const full = readiness('modes', tooMuch);
	assert.match(full.disk, /MB are free$/);
	assert.match(readiness('speech_to_text', { WHISPER_MODEL: model }).models, /could not load/);
});

test('what lacks room serves on and is told of, and is no reason not to start', async () => {
	const reload = (mb) =>
		stack.commandWith({ SCRIBE_DISK_FREE_MB: mb }, 'reload', 'modes');
	const { stderr } = await reload('999999999');
	assert.match(stderr, /modes: degraded: disk: .* MB are free/);
	assert.equal((await outside('/readyz/modes')).status, 503);
	const { code, of } = await stackStatus();
	assert.equal(code, 1);
	assert.match(of.modes, /^degraded: disk: /);
	assert.equal((await request(stack, 'GET', '/functions/v1/modes')).status, 200);
	await reload('');
	assert.equal((await outside('/readyz/modes')).status, 200);
});

test('what does not answer at all is down in the same words', async () => {
	const pid = stack.pidOf('create_session');
	process.kill(pid, 'SIGSTOP');
	try {
		const answer = await outside('/livez/create_session');
		assert.equal(answer.status, 503);
		assert.equal(answer.text, '{"status":"down"}');
		const told = await inside('/readyz/create_session');
		assert.equal(told.status, 503);
		assert.equal(told.json.amiss.program, 'does not answer: 504');
		const host = await poll(async () => {
			const found = await inside('/readyz');
			return found.status !== 200 && found;
		});
		assert.equal(host.json.amiss.programs, 'create_session hangs');
	} finally {
		process.kill(pid, 'SIGCONT');
	}
	await poll(async () => (await outside('/readyz')).status === 200);
});

test('one address may ask so often, the inside as often as it likes', async () => {
	const answers = await Promise.all(
		Array.from({ length: 300 }, () => outside('/readyz/agent_reply')));
	const refused = answers.filter(({ status }) => status === 429);
	assert.ok(refused.length > 50, `${refused.length} refused`);
	assert.ok(answers.filter(({ status }) => status === 200).length >= 100);
	assert.equal(refused[0].json.code, 'rate_limited');
	assert.ok(refused[0].headers.get('retry-after'));
	const own = await Promise.all(
		Array.from({ length: 300 }, () => inside('/readyz/agent_reply')));
	assert.ok(own.every(({ status }) => status === 200));
});
