/* Starting and stopping a stack, as operators rely on it: nothing left behind. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
	existsSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	renameSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { poll, sql } from './env/client.mjs';
import { root } from './env/stack.mjs';
import { build, flavour, isHealthy, newStack, run, send, START_MS } from './env/stack_command.mjs';

const DOWN_WITHIN_MS = 25_000; /* who is not asked is killed after thirty seconds */
const NOBODY = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--'];
/* For what does not depend on how many there are: each takes its time to start. */
const FEW = { functions: ['create_session', 'text_to_speech'] };

/* Every living process that belongs to the stack in `dir`: by the mark in its environment, its
 * directory or its command line. Zombies have none of these. */
const processesOf = (dir) => {
	const idFile = join(dir, 'id');
	const mark = existsSync(idFile)
		? `SCRIBE_STACK_UNIT=${readFileSync(idFile, 'utf8').trim()}:`
		: null;
	const read = (pid, what) => {
		try {
			return what === 'cwd'
				? readlinkSync(`/proc/${pid}/cwd`)
				: readFileSync(`/proc/${pid}/${what}`, 'utf8');
		} catch (error) {
			if (['ENOENT', 'ESRCH', 'EACCES'].includes(error.code)) return '';
			throw error;
		}
	};
	return readdirSync('/proc')
		.filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
		.filter(
			(pid) =>
				(mark && read(pid, 'environ').includes(mark)) ||
				`${read(pid, 'cwd')}/`.startsWith(`${dir}/`) ||
				read(pid, 'cmdline').includes(`${dir}/`),
		)
		.map(Number);
};

const socketsIn = (dir) =>
	readdirSync(dir, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isSocket())
		.map((entry) => entry.name);

const assertNothingLeft = (stack) => {
	assert.deepEqual(processesOf(stack.stackDir), []);
	assert.deepEqual(socketsIn(stack.stackDir), []);
	for (const dir of ['run', 'sv'])
		assert.ok(!existsSync(join(stack.stackDir, dir)), `${dir}/ is left`);
};

const assertAllHealthy = async ({ baseUrl, functions }) => {
	for (const name of functions)
		assert.ok(await isHealthy(baseUrl, name), `${name} is not healthy`);
};

/* A process may end by itself once its supervisor is gone. */
const killAll = (pids) => {
	for (const pid of pids)
		try {
			process.kill(pid, 'SIGKILL');
		} catch (error) {
			if (error.code !== 'ESRCH') throw error;
		}
};

const assertNothingToDeployOn = async ({ dir, env }) => {
	const deploy = join(root, 'scripts/deploy');
	const { status, stderr } = await run(deploy, ['previous'], { cwd: dir, env });
	assert.equal(status, 1);
	assert.match(stderr, /^deploy: no stack is up in /);
};

describe('up and down', () => {
	test('two at once, side by side; down leaves nothing and may be repeated', async () => {
		const stacks = [await newStack({}, { hasData: false }), await newStack({}, FEW)];
		const results = await Promise.all(stacks.map((stack) => stack.up()));
		for (const [i, stack] of stacks.entries()) {
			assert.equal(results[i].stdout, `${stack.baseUrl}\n`);
			await assertAllHealthy(stack);
		}
		assert.equal((await stacks[0].command(['down'])).status, 0);
		assertNothingLeft(stacks[0]);
		await assertAllHealthy(stacks[1]);
		assert.equal((await stacks[0].command(['down'])).status, 0);
		assert.notEqual((await stacks[0].command(['status'])).status, 0);
		for (const stack of stacks) await stack.remove();
	});

	test('data and keys outlive a restart', async () => {
		const stack = await newStack({}, FEW);
		await stack.up();
		const keys = readFileSync(join(stack.stackDir, 'secrets.env'), 'utf8');
		const { json } = await send(`${stack.baseUrl}/functions/v1/create_session`, { body: '{}' });
		await stack.command(['down']);
		await stack.up();
		assert.equal(readFileSync(join(stack.stackDir, 'secrets.env'), 'utf8'), keys);
		const seen = await sql(
			{ dir: stack.stackDir, env: {} },
			"select count(*) from sessions where id = :'id'",
			{ id: json.session_id },
		);
		assert.deepEqual(seen, [['1']]);
		await stack.remove();
	});

	test('after a crash of everything, pids that now belong to others are left alone', async () => {
		const stack = await newStack({}, FEW);
		const innocent = spawn('sleep', ['600'], { stdio: 'ignore' });
		try {
			await stack.up();
			killAll(processesOf(stack.stackDir));
			await poll(() => processesOf(stack.stackDir).length === 0);
			await assertNothingToDeployOn(stack);
			const claim = (file) => writeFileSync(join(stack.stackDir, file), `${innocent.pid}\n`);
			for (const name of [...FEW.functions, 'nginx', 'postgresql']) claim(`run/${name}.pid`);
			for (const name of FEW.functions) claim(`sv/${name}/a/supervise/pid`);
			claim('pg/postmaster.pid');
			await stack.up(); /* tidies, and starts in spite of the stale postmaster.pid */
			await assertAllHealthy(stack);
			claim('run/create_session.pid');
			assert.equal((await stack.command(['down'])).status, 0);
			assertNothingLeft(stack);
			assert.equal(
				innocent.exitCode ?? innocent.signalCode,
				null,
				'somebody else was killed',
			);
		} finally {
			innocent.kill();
			await stack.remove();
		}
	});

	test('down without its supervisors', async () => {
		const stack = await newStack({}, FEW);
		await stack.up();
		for (const pid of processesOf(stack.stackDir)) {
			const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
			if (name === 'runsv' || name === 'runsvdir') process.kill(pid, 'SIGKILL');
		}
		assert.notEqual((await stack.command(['status'])).status, 0);
		const start = performance.now();
		assert.equal((await stack.command(['down'])).status, 0);
		assert.ok(
			performance.now() - start < DOWN_WITHIN_MS,
			'nobody was asked to stop, only killed',
		);
		assertNothingLeft(stack);
		await stack.remove();
	});

	test('up that is ended stops what it started, though nobody can be told', async () => {
		const stack = await newStack({}, FEW);
		const child = spawn(join(root, 'scripts/stack'), ['up'], {
			cwd: stack.dir,
			env: stack.env,
			stdio: ['ignore', 'ignore', 'pipe'],
		});
		const ended = new Promise((done) => child.once('close', done));
		await poll(() => existsSync(join(stack.stackDir, 'pg/postmaster.pid')));
		child.stderr.destroy(); /* as a terminal is closed */
		child.kill('SIGHUP');
		await ended;
		assertNothingLeft(stack);
		await stack.remove();
	});

	test('a port in use is named, and nothing is left', async () => {
		const stack = await newStack({}, FEW);
		const squatter = createServer();
		await new Promise((done) => squatter.listen(stack.port, '127.0.0.1', done));
		const { status, stdout, stderr } = await stack.command(['up']);
		squatter.close();
		assert.equal(status, 1);
		assert.equal(stdout, '');
		assert.match(stderr, new RegExp(`port ${stack.port} .*is in use`));
		assertNothingLeft(stack);
		await stack.remove();
	});

	test('settings that a program refuses are told at once, and nothing is left', async () => {
		const stack = await newStack({ SCRIBE_THREADS: 'many' });
		const { status, stdout, stderr } = await stack.command(['up']);
		assert.equal(status, 1);
		assert.equal(stdout, '');
		assert.match(stderr, /SCRIBE_THREADS/);
		assertNothingLeft(stack);
		await stack.remove();
	});

	test('scribe.env is read where it is started; the environment wins', async () => {
		const stack = await newStack({ SCRIBE_ALLOWED_ORIGINS: 'https://a.example' }, FEW);
		const lines = [
			'# a comment',
			'SCRIBE_ALLOWED_ORIGINS=https://b.example',
			'SCRIBE_REQUIRE_KEY="1"',
		];
		writeFileSync(join(stack.dir, 'scribe.env'), `${lines.join('\n')}\n`);
		await stack.up();
		const from = (origin) =>
			send(`${stack.baseUrl}/functions/v1/create_session`, {
				headers: { Origin: origin },
				body: '{}',
			});
		assert.equal(
			(await from('https://a.example')).status,
			401,
			'SCRIBE_REQUIRE_KEY was not read',
		);
		assert.equal((await from('https://b.example')).status, 403);
		await stack.remove();
	});

	test('a deep directory, whose paths no socket may have', async () => {
		const stack = await newStack({}, FEW);
		stack.stackDir = join(stack.dir, 'd'.repeat(100), 'stack');
		const deep = { STACK_DIR: stack.stackDir };
		const { status, stderr } = await stack.command(['up'], deep);
		assert.equal(status, 0, stderr);
		await assertAllHealthy(stack);
		const elsewhere = readlinkSync(join(stack.stackDir, 'run'));
		assert.equal((await stack.command(['down'], deep)).status, 0);
		assertNothingLeft(stack);
		assert.ok(!existsSync(elsewhere));
		await stack.remove();
	});
});

describe('in the foreground', () => {
	test('run stops all of it too when who shows its logs is gone', async () => {
		const stack = await newStack({}, FEW);
		const script = join(root, 'scripts/stack');
		const child = spawn(script, ['run'], { cwd: stack.dir, env: stack.env, detached: true });
		let shown = '';
		for (const stream of [child.stdout, child.stderr])
			stream.on('data', (text) => (shown += text));
		const ended = new Promise((done) => child.once('close', done));
		await poll(() => shown.includes('Ctrl-C'), { deadlineMs: START_MS });
		await poll(() => spawnSync('pkill', ['-x', '-P', String(child.pid), 'tail']).status === 0);
		await ended;
		assertNothingLeft(stack);
		await stack.remove();
	});

	test('run serves until Ctrl-C and then stops all of it', async (t) => {
		const stack = await newStack({}, FEW);
		const child = spawn(join(root, 'scripts/stack'), ['run'], {
			cwd: stack.dir,
			env: stack.env,
			detached: true,
		});
		let shown = '';
		for (const stream of [child.stdout, child.stderr])
			stream.on('data', (text) => (shown += text));
		const ended = new Promise((done) => child.once('close', done));
		t.after(() => child.exitCode === null && process.kill(-child.pid, 'SIGINT'));
		await poll(() => shown.includes('Ctrl-C'), { deadlineMs: START_MS });
		await assertAllHealthy(stack);
		await send(`${stack.baseUrl}/functions/v1/create_session`, { body: '{}' });
		await poll(() => /^create_session: .*"request"/m.test(shown));
		process.kill(-child.pid, 'SIGINT'); /* as a terminal does: to the whole group */
		assert.equal(await ended, 0, shown);
		assertNothingLeft(stack);
		await stack.remove();
	});
});

/* A new program that passes its check and then ends at once. */
const assertGoesOnWithoutNew = async (stack, bin) => {
	const program = join(bin, 'create_session');
	const pid = () => readFileSync(join(stack.stackDir, 'run/create_session.pid'), 'utf8');
	const before = pid();
	renameSync(program, `${program}.good`);
	const script = '#!/bin/sh\ncase $1 in --*) exec "$0.good" "$@" ;; esac\nexit 1\n';
	writeFileSync(program, script, { mode: 0o755 });
	const { status, stderr } = await stack.command(['reload', 'create_session', 'groq_chat'], {
		SCRIBE_ALLOWED_ORIGINS: 'https://new.example',
	});
	assert.equal(status, 1);
	assert.match(stderr, /the new create_session does not stay up/);
	const log = readFileSync(join(stack.stackDir, 'log/create_session.log'), 'utf8');
	assert.equal(pid(), before, log.slice(-4000));
	assert.equal((await stack.command(['status'])).status, 0);
	const env = readFileSync(join(stack.stackDir, 'env.sh'), 'utf8');
	assert.ok(!env.includes('new.example'));
};

/* Who is an ordinary user has just run all of the above as one, and cannot become another. */
if (process.getuid() === 0) {
	test('an ordinary user: up, reload and down from a copy of the project', async () => {
		const home = await newStack({}, { hasData: false });
		const project = join(home.dir, 'project');
		await mkdir(join(project, 'build', flavour), { recursive: true });
		for (const part of ['scripts', 'nginx', 'migrations', 'functions'])
			await cp(join(root, part), join(project, part), { recursive: true });
		for (const part of ['bin', 'libexec', 'programs.json'])
			await cp(join(build, flavour, part), join(project, 'build', flavour, part), {
				recursive: true,
			});
		const settings = {
			HOME: project,
			BUILD: join(project, 'build'),
			SCRIBE_CACHE: join(project, 'cache'),
		};
		const stack = await newStack(settings, { as: NOBODY, project, hasData: false });
		await run('chown', ['-R', 'nobody:nogroup', home.dir, stack.dir]);
		await stack.up();
		await assertAllHealthy(stack);
		for (const pid of processesOf(stack.stackDir))
			assert.notEqual(statSync(`/proc/${pid}`).uid, 0);
		assert.equal((await stack.command(['reload'])).status, 0);
		await assertAllHealthy(stack);
		await assertGoesOnWithoutNew(stack, join(project, 'build', flavour, 'bin'));
		assert.equal((await stack.command(['down'])).status, 0);
		assertNothingLeft(stack);
		await stack.remove();
		await home.remove();
	});
}
