/* A stack that runs, as operators rely on it: nothing lost on the way. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyHeaders, poll, post, sql } from './env/client.mjs';
import { root, startStack } from './env/stack.mjs';
import { everyOne, isHealthy, run, send } from './env/stack_command.mjs';
import { superuserUrl } from './env/superuser.mjs';

const BACK_WITHIN_MS = 10_000; /* with sanitizers, beside other tests */
const KILLS = 3;
const CLIENTS = 64;
const BREATH_MS = 200;
const ROUNDS = 7; /* of three programs each: 21 replacements */
/* One of each kind is enough: every reload asks each that runs for its opinion. */
const names = [
	'agent_reply',
	'create_session',
	'groq_chat',
	'save_memory',
	'speech_to_text',
	'text_to_speech',
];

const isNginx = (pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'nginx';

/* Clients that call a function each, on a connection they keep, until stopped: how often each
 * status came. They breathe in between, or what they watch would have no processor. */
const startLoad = (baseUrl, functions = ['create_session'], options = { body: '{}' }) => {
	const agent = new http.Agent({ keepAlive: true });
	const counts = {};
	let going = true;
	const client = async (_, i) => {
		const url = `${baseUrl}/functions/v1/${functions[i % functions.length]}`;
		while (going) {
			const status = await send(url, { ...options, agent }).then(
				(response) => response.status,
				(error) => error.code,
			);
			counts[status] = (counts[status] ?? 0) + 1;
			await sleep(BREATH_MS);
		}
	};
	const clients = Array.from({ length: CLIENTS }, client);
	return async () => {
		going = false;
		await Promise.all(clients);
		agent.destroy();
		return counts;
	};
};

describe('a stack that runs', () => {
	let stack;

	before(async () => {
		stack = await startStack({
			name: 'ops',
			functions: names,
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
		await stack.sim.wait({ provider: 'elevenlabs', count: length + 1 });
		return { answer, release: () => stack.sim.release(words) };
	};

	test('up says that it is up already, and prints the same', async () => {
		const { stdout, stderr } = await stack.command('up');
		assert.equal(stdout, `${stack.baseUrl}\n`);
		assert.match(stderr, /already up/);
	});

	test('without --with-metrics nothing is made for those', () => {
		assert.ok(!readdirSync(stack.dir).includes('monitors'));
	});

	test('status tells of every part', async () => {
		const { stdout } = await stack.command('status');
		for (const name of [...names, 'nginx', 'postgresql'])
			assert.match(stdout, new RegExp(`^${name} +\\d+ +\\d+s +healthy$`, 'm'));
	});

	test('what nobody waits for leaves the processor to what somebody does', () => {
		const groupOf = (pid) => {
			const file = `/proc/${pid}/autogroup`;
			if (!existsSync(file)) return null;
			return Number(readFileSync(file, 'utf8').match(/nice (-?\d+)/)[1]);
		};
		const own = getPriority(process.pid);
		for (const name of names) {
			const pid = stack.pidOf(name);
			const patience = ['save_memory', 'summarize_session'].includes(name) ? 10 : 0;
			assert.equal(getPriority(pid), Math.min(19, own + patience), name);
			if (groupOf(pid) !== null) assert.equal(groupOf(pid), patience, name);
		}
	});

	test('what waits for nobody else shares a session, in which priorities count', () => {
		const sessionOf = (name) =>
			readFileSync(`/proc/${stack.pidOf(name)}/stat`, 'utf8').replace(/^.*\) /s, '')
				.split(' ')[3];
		const talking = names.filter((name) =>
			!['save_memory', 'summarize_session'].includes(name));
		const sessions = new Set([...talking, 'nginx'].map(sessionOf));
		assert.equal(sessions.size, 1, [...sessions].join());
		assert.ok(!sessions.has(sessionOf('save_memory')));
	});

	test('who carries is behind who answers', () => {
		const own = getPriority(process.pid);
		assert.equal(getPriority(stack.pidOf('nginx')), Math.min(19, own + 5));
	});

	test('secrets are readable by their owner only', () => {
		const slots = names.map((name) => `sv/${name}/a/env.sh`);
		for (const file of ['secrets.env', 'env.sh', 'env.up', ...slots])
			assert.equal(statSync(join(stack.dir, file)).mode & 0o777, 0o600, file);
	});

	test('what else is in its environment is kept nowhere', async () => {
		await stack.commandWith({ OTHER_SYSTEMS_KEY: 'hush' }, 'reload', 'groq_chat');
		const kept = readdirSync(stack.dir, { recursive: true })
			.filter((file) => /(^|\/)env\.(sh|up)$/.test(file))
			.map((file) => readFileSync(join(stack.dir, file), 'utf8'));
		assert.ok(kept.length > names.length);
		for (const text of kept) {
			assert.ok(text.includes('STACK_DIR='));
			assert.ok(!text.includes('hush'));
		}
	});

	test('logs and sockets are for those who need them', () => {
		const modeOf = (file) => statSync(join(stack.dir, file)).mode & 0o777;
		const logs = readdirSync(join(stack.dir, 'log'));
		assert.ok(logs.length > names.length);
		for (const file of logs) assert.equal(modeOf(`log/${file}`), 0o640, file);
		const all = readdirSync(join(stack.dir, 'run'), { recursive: true, withFileTypes: true });
		const sockets = all.filter((entry) => entry.isSocket());
		assert.ok(sockets.length > names.length);
		for (const { path, name } of sockets)
			assert.equal(statSync(join(path, name)).mode & 0o117, 0, `${path}/${name}`);
		assert.equal(modeOf('run/inside'), 0o700);
	});

	const statusOf = (pid) =>
		Object.fromEntries(
			readFileSync(`/proc/${pid}/status`, 'utf8')
				.split('\n')
				.map((line) => line.split(/:\s+/)),
		);

	/* By name: the users of a process, real, effective and saved, if they are one. */
	const userOf = (pid) => {
		const ids = new Set(statusOf(pid).Uid.split('\t').slice(0, 3));
		assert.equal(ids.size, 1);
		const [, name] = new RegExp(`^([^:]*):[^:]*:${[...ids][0]}:`, 'm').exec(
			readFileSync('/etc/passwd', 'utf8'),
		);
		return name;
	};

	const childrenOf = (parent) =>
		readdirSync('/proc')
			.filter((entry) => /^\d+$/.test(entry))
			.filter((pid) => {
				try {
					return Number(statusOf(pid).PPid) === Number(parent);
				} catch (error) {
					if (['ENOENT', 'ESRCH'].includes(error.code)) return false;
					throw error;
				}
			});

	const below = (parent) => childrenOf(parent).flatMap((pid) => [pid, ...below(pid)]);

	/* Who is no root has one user, and so has the stack. */
	const isRoot = process.getuid() === 0;
	const expected = (user) => (isRoot ? user : userOf(process.pid));

	test('each part has a user of its own, and none that strangers reach is root', () => {
		for (const name of names) {
			const pid = stack.pidOf(name);
			assert.equal(userOf(pid), expected('scribe'), name);
			if (!isRoot) continue;
			const { Groups, CapPrm, NoNewPrivs } = statusOf(pid);
			assert.deepEqual([Groups.trim(), Number(CapPrm), NoNewPrivs], ['', 0, '1'], name);
			/* The kernel's way to say that others of its user can not look into it. */
			assert.equal(statSync(`/proc/${pid}/environ`).uid, 0, name);
		}
		const decoders = below(stack.pidOf('speech_to_text'));
		assert.ok(decoders.length >= 5, `${decoders.length}: who starts, a nursery, helpers`);
		for (const pid of decoders) assert.equal(userOf(pid), expected('scribe-decoder'));
		const workers = childrenOf(stack.pidOf('nginx'));
		assert.ok(workers.length);
		for (const pid of workers) assert.equal(userOf(pid), expected('scribe-nginx'));
		assert.equal(userOf(stack.pidOf('postgresql')), expected('postgres'));
	});

	test('root is not the superuser of the database', async () => {
		const ask = (user) => {
			const url = superuserUrl(stack).replace('user=postgres', `user=${user}`);
			const { stdout, stderr } = spawnSync('psql', ['-XAtc', 'select current_user', url], {
				cwd: '/',
				encoding: 'utf8',
			});
			return stdout.trim() || stderr;
		};
		assert.equal(ask('scribe_owner'), 'scribe_owner');
		if (isRoot) assert.match(ask('postgres'), /Peer authentication failed/);
		assert.deepEqual(await sql(stack, 'select current_user'), [['postgres']]);
		const told = await run(join(root, 'scripts/migrate'), ['status'], { env: stack.env });
		assert.equal(told.status, 0, told.stderr);
		assert.match(told.stdout, /Project: +scribe/);
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
		const pid = stack.pidOf('postgresql');
		process.kill(pid, 'SIGKILL');
		/* A backend without its postmaster may still answer. */
		await poll(() => ![pid, null].includes(stack.pidOf('postgresql')));
		await poll(() => sql(stack, 'select 1'));
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

	test('programs that are replaced again and again fail no request', async () => {
		const replaced = ['create_session', 'groq_chat', 'save_memory'];
		const preflight = { method: 'OPTIONS', headers: { Origin: stack.baseUrl } };
		const stop = startLoad(stack.baseUrl, replaced, preflight);
		let counts;
		try {
			for (let i = 0; i < ROUNDS; i++) await stack.command('reload', ...replaced);
		} finally {
			counts = await stop();
		}
		assert.deepEqual(Object.keys(counts), ['204'], JSON.stringify(counts));
		assert.ok(counts[204] > CLIENTS * ROUNDS, JSON.stringify(counts));
	});

	test('reload does not let new requests wait for a long one', async () => {
		const held = await holdRequest('hold two');
		const reload = stack.command('reload', 'text_to_speech');
		const pid = stack.pidOf('text_to_speech');
		await poll(() => stack.pidOf('text_to_speech') !== pid);
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

	test('reload takes several names, and none that is not a part', async () => {
		const before = stack.pids();
		await stack.command('reload', 'groq_chat', 'save_memory');
		const now = stack.pids();
		const changed = names.filter((name) => now[name] !== before[name]);
		assert.deepEqual(changed, ['groq_chat', 'save_memory']);
		await assert.rejects(
			stack.command('reload', 'groq_chat', 'nobody'),
			/'nobody' is not a function or nginx/,
		);
		assert.deepEqual(stack.pids(), now);
	});

	const writeSettings = (...lines) =>
		writeFileSync(join(stack.dir, 'scribe.env'), lines.map((line) => `${line}\n`).join(''));

	/* Who may call, by the program's list and by nginx's. */
	const callers = async (...sites) => {
		const found = [];
		for (const site of sites) {
			const headers = { Origin: `https://${site}.example` };
			const { status } = await send(`${stack.baseUrl}/functions/v1/create_session`, {
				headers,
				body: '{}',
			});
			const nowhere = await send(`${stack.baseUrl}/nowhere`, { headers });
			const isKnown = nowhere.headers['access-control-allow-origin'] === headers.Origin;
			assert.equal(status, isKnown ? 200 : 403, `${site}: nginx and program differ`);
			if (isKnown) found.push(site);
		}
		return found.join(' ');
	};

	/* All that a start or a restart of anything begins with. */
	const filesInForce = () => {
		const isOfNginx = (file) => /^nginx\/.*\.conf$/.test(file);
		const files = readdirSync(stack.dir, { recursive: true }).filter(isOfNginx);
		const slots = names.map((name) => {
			const slot = existsSync(join(stack.dir, 'sv', name, 'a/down')) ? 'b' : 'a';
			return `sv/${name}/${slot}/env.sh`;
		});
		const all = ['env.sh', 'env.up', 'secrets.env', ...slots, ...files.sort()];
		return all.map((file) => [file, readFileSync(join(stack.dir, file), 'utf8')]);
	};

	const inEnvironment = (setting) =>
		readFileSync(`/proc/${stack.pidOf('create_session')}/environ`, 'utf8')
			.split('\0')
			.find((line) => line.startsWith(`${setting}=`))
			?.slice(setting.length + 1);

	test('reload takes scribe.env as it is now, from wherever it is called', async () => {
		const odd = `one $HOME "*" 'x' \\ & #`;
		writeSettings(
			'SCRIBE_ALLOWED_ORIGINS = "https://a.example, https://b.example https://c.example"',
			`ELEVENLABS_MODEL='${odd}'`,
		);
		await stack.commandFrom('/', 'reload', 'create_session');
		assert.equal(await callers('a', 'b', 'c', 'd'), 'a b c');
		assert.equal(inEnvironment('ELEVENLABS_MODEL'), odd);
		writeSettings('SCRIBE_ALLOWED_ORIGINS=https://d.example,https://a.example');
		await stack.commandFrom('/', 'reload', 'create_session');
		assert.equal(await callers('a', 'b', 'c', 'd'), 'a d');
		assert.equal(inEnvironment('ELEVENLABS_MODEL'), undefined);
	});

	test('a reload that is refused changes nothing, now or at the next restart', async () => {
		const origins = 'SCRIBE_ALLOWED_ORIGINS=https://a.example';
		writeSettings(origins);
		await stack.command('reload', 'create_session');
		const [before, files] = [stack.pids(), filesInForce()];
		const refused = [
			['SCRIBE_ALLOWED_ORIGINS=https://b.example/', /b.example\/' is not an origin/],
			['SCRIBE_ALLOWED_ORIGINS=*', /'\*' is not an origin/],
			['SCRIBE_TRUSTED_PROXIES=10.0.0.1 *', /'\*' is not an address/],
			['UPSTREAM_GROQ_CHAT=*', /host:port or local, not '\*'/],
			['LLM_PROVIDERS=local nobody', /'nobody' is not a provider/],
			['DB_POOL_SIZE=many', /DB_POOL_SIZE: must be/],
			[
				'STT_PROVIDERS=nobody\nDB_POOL_SIZE=many\nLLM_PROVIDERS=nothing',
				/(?=.*LLM_.*'nothing')(?=.*STT_.*'nobody').*DB_POOL_SIZE: .*\[agent_reply .*save_/s,
			],
			['SCRIBE_TRHEADS=4', /no setting SCRIBE_TRHEADS; is SCRIBE_THREADS meant/],
			['RATE_NOTHING_LIKE_IT=4', /no setting RATE_NOTHING_LIKE_IT/],
			['GROQ_KEY=x', /no setting GROQ_KEY/],
			['SCRIBE_DRAIN_S=soon', /SCRIBE_DRAIN_S: expected a number/],
			['SCRIBE_NGINX_WORKERS=many', /nginx does not accept/],
			['DATABASE_URL=postgresql://elsewhere/x', /DATABASE_URL: .* of its own/],
			['SCRIBE_USER=nobody', /SCRIBE_USER: a change/],
			['what is this', /scribe.env:2: expected KEY=VALUE/],
			[
				'SCRIBE_TRHEADS=4\nwhat is this\nGROQ_KEY=x\nSCRIBE_PUBLIC_URL=nowhere\n' +
					'and this\nSCRIBE_TRUSTED_PROXIES=*\nSCRIBE_DRAIN_S=soon\nDB_POOL_SIZE=many',
				everyOne(
					/env:3: expected/, /env:6: expected/, /is SCRIBE_THREADS meant/,
					/no setting GROQ_KEY/, /SCRIBE_PUBLIC_URL: expected/,
					/SCRIBE_TRUSTED_PROXIES: /, /SCRIBE_DRAIN_S: /, /DB_POOL_SIZE: must be/,
				),
			],
		];
		for (const [line, message] of refused) {
			const [name] = line.split('=');
			writeSettings(...(origins.startsWith(`${name}=`) ? ['#'] : [origins]), line);
			await assert.rejects(stack.command('reload'), message);
			assert.deepEqual(stack.pids(), before, line);
			assert.deepEqual(filesInForce(), files, line);
			assert.ok(!existsSync(join(stack.dir, 'nginx.next')), line);
		}
		writeSettings(origins, 'DB_POOL_SIZE=many');
		await assert.rejects(stack.command('check'), /DB_POOL_SIZE: must be/);
		writeSettings(origins);
		const other = { PORT: '1' };
		await assert.rejects(stack.commandWith(other, 'reload'), /PORT: a change takes .* down/);
		writeSettings(origins, 'PORT=1', 'PGAPPNAME=mine');
		await stack.command('check');
		assert.deepEqual(filesInForce(), files, 'a check changes nothing');
		const { stderr } = await stack.command('reload', 'create_session');
		assert.match(stderr, /scribe.env: PORT=1 has no effect/);
		assert.match(stderr, /scribe.env: PGAPPNAME is no setting/);
		before.create_session = stack.pidOf('create_session');
		writeSettings('SCRIBE_ALLOWED_ORIGINS=https://b.example', 'DB_POOL_SIZE=many');
		process.kill(before.create_session, 'SIGKILL');
		await poll(
			async () =>
				stack.pidOf('create_session') !== before.create_session &&
				isHealthy(stack.baseUrl, 'create_session'),
		);
		assert.equal(await callers('a', 'b'), 'a');
	});

	test('a reload that nginx can not follow is taken back', async () => {
		writeSettings('SCRIBE_ALLOWED_ORIGINS=https://b.example', 'SCRIBE_LISTEN=127.0.0.9');
		const [before, files] = [stack.pids(), filesInForce()];
		const squatter = createServer();
		await new Promise((done) =>
			squatter.listen(new URL(stack.baseUrl).port, '127.0.0.9', done),
		);
		await assert
			.rejects(stack.command('reload', 'create_session'), /nginx goes on with its old/)
			.finally(() => squatter.close());
		assert.deepEqual(stack.pids(), before);
		assert.deepEqual(filesInForce(), files);
		assert.equal(await callers('a', 'b'), 'a');
		await stack.command('status');
		rmSync(join(stack.dir, 'scribe.env'));
		await stack.command('reload', 'create_session');
		assert.equal(await callers('a', 'b'), '');
	});

	test('logs shows the part asked for', async () => {
		const { stdout } = await stack.command('logs', 'create_session');
		assert.match(stdout, /"serving"/);
		await assert.rejects(stack.command('logs', 'nope'), /no log of 'nope'/);
	});
});
