/* scripts/stack as operators rely on it: nothing left behind, nothing lost on the way. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
	existsSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyHeaders, poll, post, sql } from './env/client.mjs';
import { functionNames, root, startStack } from './env/stack.mjs';
import { build, flavour, newStack, run, send } from './env/stack_command.mjs';

const BACK_WITHIN_MS = 2000;
const DOWN_WITHIN_MS = 10_000;
const KILLS = 3;
const CLIENTS = 8;
const NOBODY = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--'];
const names = functionNames();

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
	assert.ok(!existsSync(join(stack.stackDir, 'run')), 'run/ is left');
};

const isHealthy = async (baseUrl, name) =>
	(await send(`${baseUrl}/healthz/${name}`, { method: 'GET' })).status === 200;

const assertAllHealthy = async (baseUrl) => {
	for (const name of names) assert.ok(await isHealthy(baseUrl, name), `${name} is not healthy`);
};

const isNginx = (pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'nginx';

/* Eight clients calling create_session until stopped: how often each status came. */
const startLoad = (baseUrl) => {
	const counts = {};
	let going = true;
	const client = async () => {
		while (going) {
			const status = await send(`${baseUrl}/functions/v1/create_session`, {
				body: '{}',
			}).then(
				(response) => response.status,
				(error) => error.code,
			);
			counts[status] = (counts[status] ?? 0) + 1;
		}
	};
	const clients = Array.from({ length: CLIENTS }, client);
	return async () => {
		going = false;
		await Promise.all(clients);
		return counts;
	};
};

describe('a stack that runs', () => {
	let stack;

	before(async () => {
		stack = await startStack({
			name: 'ops',
			simulator: true,
			/* Requests are held there for as long as a test likes. */
			env: {
				TTS_PROVIDERS: 'elevenlabs',
				ELEVENLABS_FIRST_MS: '25000',
				ELEVENLABS_MS: '25000',
			},
		});
	});
	after(() => stack?.stop());

	/* A request whose provider holds its answer back until released. */
	const holdRequest = async (words) => {
		await stack.sim.fault({ provider: 'elevenlabs', fault: { hold: words } });
		const { length } = await stack.sim.requests({ provider: 'elevenlabs' });
		const answer = post(stack, 'text_to_speech', { text: words }, keyHeaders(stack));
		await stack.sim.wait({ provider: 'elevenlabs', count: length + 1, timeout_ms: 10_000 });
		return { answer, release: () => stack.sim.release(words) };
	};

	test('up says that it is up already, and prints the same', async () => {
		const { stdout, stderr } = await stack.command('up');
		assert.equal(stdout, `${stack.baseUrl}\n`);
		assert.match(stderr, /already up/);
	});

	test('status tells of every part', async () => {
		const { stdout } = await stack.command('status');
		for (const name of [...names, 'nginx', 'postgresql'])
			assert.match(stdout, new RegExp(`^${name} +\\d+ +\\d+s +healthy$`, 'm'));
	});

	test('secrets are readable by their owner only', () => {
		for (const file of ['secrets.env', 'env.sh', 'env.up'])
			assert.equal(statSync(join(stack.dir, file)).mode & 0o777, 0o600, file);
	});

	test('a program that is killed is back, and nobody else notices', async () => {
		const others = () =>
			names.filter((name) => name !== 'create_session').map((name) => stack.pidOf(name));
		const before = others();
		for (let i = 0; i < KILLS; i++) {
			const pid = stack.pidOf('create_session');
			process.kill(pid, 'SIGKILL');
			const start = performance.now();
			await poll(
				async () =>
					stack.pidOf('create_session') !== pid &&
					isHealthy(stack.baseUrl, 'create_session'),
			);
			assert.ok(
				performance.now() - start < BACK_WITHIN_MS,
				`it took ${performance.now() - start} ms`,
			);
		}
		assert.deepEqual(others(), before);
	});

	test('nginx that is killed is back, though its workers still have the port', async () => {
		const pid = stack.pidOf('nginx');
		process.kill(pid, 'SIGKILL');
		await poll(() => {
			const now = stack.pidOf('nginx');
			/* The old workers are told to go before the new master is started. */
			return now && now !== pid && isNginx(now) && isHealthy(stack.baseUrl, 'create_session');
		});
	});

	test('PostgreSQL that is killed is back, and the programs find it again', async () => {
		const { json } = await post(stack, 'create_session', {});
		process.kill(stack.pidOf('postgresql'), 'SIGKILL');
		await poll(async () => (await post(stack, 'create_session', {})).status === 200);
		const [[kept]] = await sql(stack, "select count(*) from sessions where id = :'id'", {
			id: json.session_id,
		});
		assert.equal(kept, '1', 'a session that was told of is lost');
	});

	test('SIGTERM: the request in hand is answered, the next one too', async () => {
		const pid = stack.pidOf('text_to_speech');
		const held = await holdRequest('hold one');
		process.kill(pid, 'SIGTERM');
		await sleep(100);
		assert.ok(existsSync(`/proc/${pid}`), 'it left with a request in hand');
		await held.release();
		assert.equal((await held.answer).status, 200);
		await poll(() => stack.pidOf('text_to_speech') !== pid);
		assert.equal(
			(await post(stack, 'text_to_speech', { text: 'Next.' }, keyHeaders(stack))).status,
			200,
		);
	});

	test('reload under load fails no request and restarts every program', async () => {
		const before = stack.pids();
		const stop = startLoad(stack.baseUrl);
		const { stdout } = await stack.command('reload');
		const counts = await stop();
		assert.deepEqual(Object.keys(counts), ['200'], JSON.stringify(counts));
		assert.ok(counts[200] > CLIENTS);
		assert.equal(stdout, `${stack.baseUrl}\n`);
		const now = stack.pids();
		for (const name of names) assert.notEqual(now[name], before[name], name);
		await stack.command('status');
	});

	test('reload does not let new requests wait for a long one', async () => {
		const held = await holdRequest('hold two');
		const reload = stack.command('reload', 'text_to_speech');
		const pid = stack.pidOf('text_to_speech');
		await poll(() => stack.pidOf('text_to_speech') !== pid, { deadlineMs: 30_000 });
		const start = performance.now();
		assert.equal(
			(await post(stack, 'text_to_speech', { text: 'Quick.' }, keyHeaders(stack))).status,
			200,
		);
		assert.ok(performance.now() - start < BACK_WITHIN_MS);
		await held.release();
		assert.equal((await held.answer).status, 200);
		await reload;
	});

	test('reload brings new settings, keeps them, and restarts only what is named', async () => {
		const before = stack.pids();
		await stack.commandWith({ RATE_CREATE_SESSION: '1' }, 'reload', 'create_session');
		const statuses = async () => [
			(await post(stack, 'create_session', {})).status,
			(await post(stack, 'create_session', {})).status,
		];
		assert.deepEqual(await statuses(), [200, 429]);
		await stack.commandWith({ RATE_CREATE_SESSION: '0' }, 'reload', 'nginx');
		assert.deepEqual(await statuses(), [200, 200]);
		const now = stack.pids();
		assert.notEqual(now.create_session, before.create_session);
		assert.equal(now.text_to_speech, before.text_to_speech);
	});

	test('reload with a setting that a program refuses changes nothing', async () => {
		const before = stack.pids();
		await assert.rejects(
			stack.commandWith({ SCRIBE_THREADS: 'many' }, 'reload'),
			/SCRIBE_THREADS/,
		);
		assert.deepEqual(stack.pids(), before);
		await stack.command('reload', 'nginx'); /* and the bad value is not remembered */
	});

	test('logs shows the part asked for', async () => {
		const { stdout } = await stack.command('logs', 'create_session');
		assert.match(stdout, /"serving"/);
		await assert.rejects(stack.command('logs', 'nope'), /no log of 'nope'/);
	});
});

/* A process may end by itself once its supervisor is gone. */
const killAll = (pids) => {
	for (const pid of pids)
		try {
			process.kill(pid, 'SIGKILL');
		} catch (error) {
			if (error.code !== 'ESRCH') throw error;
		}
};

describe('up and down', () => {
	test('two at once, side by side; down leaves nothing and may be repeated', async () => {
		const stacks = [await newStack({}, { hasData: false }), await newStack()];
		const results = await Promise.all(stacks.map((stack) => stack.up()));
		for (const [i, stack] of stacks.entries()) {
			assert.equal(results[i].stdout, `${stack.baseUrl}\n`);
			await assertAllHealthy(stack.baseUrl);
		}
		assert.equal((await stacks[0].command(['down'])).status, 0);
		assertNothingLeft(stacks[0]);
		await assertAllHealthy(stacks[1].baseUrl);
		assert.equal((await stacks[0].command(['down'])).status, 0);
		assert.notEqual((await stacks[0].command(['status'])).status, 0);
		for (const stack of stacks) await stack.remove();
	});

	test('data and keys outlive a restart', async () => {
		const stack = await newStack();
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
		const stack = await newStack();
		const innocent = spawn('sleep', ['600'], { stdio: 'ignore' });
		try {
			await stack.up();
			killAll(processesOf(stack.stackDir));
			await poll(() => processesOf(stack.stackDir).length === 0);
			const claim = (file) => writeFileSync(join(stack.stackDir, file), `${innocent.pid}\n`);
			for (const name of [...names, 'nginx', 'postgresql']) claim(`run/${name}.pid`);
			for (const name of names) claim(`sv/${name}/a/supervise/pid`);
			claim('pg/postmaster.pid');
			await stack.up(); /* tidies, and starts in spite of the stale postmaster.pid */
			await assertAllHealthy(stack.baseUrl);
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
		const stack = await newStack();
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

	test('a port in use is named, and nothing is left', async () => {
		const stack = await newStack();
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
		const stack = await newStack({ SCRIBE_ALLOWED_ORIGINS: 'https://a.example' });
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
		const stack = await newStack();
		stack.stackDir = join(stack.dir, 'd'.repeat(100), 'stack');
		const deep = { STACK_DIR: stack.stackDir };
		const { status, stderr } = await stack.command(['up'], deep);
		assert.equal(status, 0, stderr);
		await assertAllHealthy(stack.baseUrl);
		const elsewhere = readlinkSync(join(stack.stackDir, 'run'));
		assert.equal((await stack.command(['down'], deep)).status, 0);
		assertNothingLeft(stack);
		assert.ok(!existsSync(elsewhere));
		await stack.remove();
	});
});

describe('in the foreground', () => {
	test('run serves until Ctrl-C and then stops all of it', async (t) => {
		const stack = await newStack();
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
		await poll(() => shown.includes('Ctrl-C'), { deadlineMs: 90_000 });
		await assertAllHealthy(stack.baseUrl);
		await send(`${stack.baseUrl}/functions/v1/create_session`, { body: '{}' });
		await poll(() => /^create_session: .*"request"/m.test(shown));
		process.kill(-child.pid, 'SIGINT'); /* as a terminal does: to the whole group */
		assert.equal(await ended, 0, shown);
		assertNothingLeft(stack);
		await stack.remove();
	});
});

/* Who is an ordinary user has just run all of the above as one, and cannot become another. */
if (process.getuid() === 0) {
	test('an ordinary user: up, reload and down from a copy of the project', async () => {
		const home = await newStack({}, { hasData: false });
		const project = join(home.dir, 'project');
		await mkdir(join(project, 'build', flavour), { recursive: true });
		for (const part of ['scripts', 'nginx', 'migrations', 'functions'])
			await cp(join(root, part), join(project, part), { recursive: true });
		await cp(join(build, flavour, 'bin'), join(project, 'build', flavour, 'bin'), {
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
		await assertAllHealthy(stack.baseUrl);
		for (const pid of processesOf(stack.stackDir))
			assert.notEqual(statSync(`/proc/${pid}`).uid, 0);
		assert.equal((await stack.command(['reload'])).status, 0);
		await assertAllHealthy(stack.baseUrl);
		assert.equal((await stack.command(['down'])).status, 0);
		assertNothingLeft(stack);
		await stack.remove();
		await home.remove();
	});
}
