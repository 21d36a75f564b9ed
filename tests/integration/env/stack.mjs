/* A whole stack for tests: scripts/stack with its own directory, port and settings.
 *
 * Readiness is the return of `scripts/stack up`; nothing here sleeps. Stopping reads every log
 * and throws when a sanitizer or an assertion spoke, so a test file cannot pass over one. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { simulatorAt } from '../../simulator/client.mjs';
import { simulatorEnv, startSimulator } from '../../simulator/server.mjs';
import { copyCluster } from './cluster.mjs';
import { makeDir } from './dirs.mjs';
import { assertLogsClean } from './logs.mjs';
import { takePort } from './ports.mjs';

export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

const STACK = join(root, 'scripts/stack');
const DEADLINE_MS = 600000;

/* What of the caller's environment a stack may see. All else (keys, base URLs, rates of whoever
 * runs the tests) would make the tests depend on it. */
const PASSED_ON = /^(PATH|HOME|USER|LOGNAME|LANG|LC_.*|TZ|TMPDIR|SCRIBE_CACHE|PG_BIN|NGINX_BIN)$/;

/** With sanitizers, beside other test files, a start takes its time, and so does all that the
 * programs do without when it is late. */
export const PATIENCE = {
	SCRIBE_START_S: '400',
	DB_CONNECT_MS: '10000',
	MEMORY_EMBED_MS: '20000',
	RECALL_EMBED_MS: '20000',
	OPENAI_EMBED_MS: '15000',
	LLM_CONNECT_MS: '10000',
	LLM_FIRST_TOKEN_MS: '10000',
	ELEVENLABS_FIRST_MS: '10000',
	ELEVENLABS_MS: '20000',
};

const SANITIZERS = {
	ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=1',
	LSAN_OPTIONS: `suppressions=${join(root, 'tests/lsan.supp')}:print_suppressions=0`,
	UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
	TSAN_OPTIONS: `second_deadlock_stack=1:suppressions=${join(root, 'tests/tsan.supp')}`,
};

/** Functions that a conversation needs, its jobs included, for stacks with no more than what is
 * asked there: each program that starts with sanitizers takes its time. */
export const TALK = ['agent_reply', 'create_session', 'save_memory', 'summarize_session'];

/** The names of the functions there are, in order. */
export const functionNames = () => {
	const dir = join(root, 'functions');
	if (!existsSync(dir)) return [];
	return readdirSync(dir, { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map((entry) => entry.name);
};

const ratesOff = () => ({
	...Object.fromEntries(functionNames().map((name) => [`RATE_${name.toUpperCase()}`, '0'])),
	STT_SECONDS_PER_MINUTE: '0',
});

const inherited = () =>
	Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.test(name)));

const run = (command, env, cwd) =>
	new Promise((resolve, reject) => {
		const child = spawn(STACK, command, { env, cwd, timeout: DEADLINE_MS });
		let stdout = '';
		let stderr = '';
		child.stdout.on('data', (text) => (stdout += text));
		child.stderr.on('data', (text) => (stderr += text));
		child.once('error', reject);
		child.once('close', (status) => {
			if (status === 0) resolve({ stdout, stderr });
			else
				reject(
					new Error(
						`scripts/stack ${command.join(' ')}: ${status}\n${stderr}`,
					),
				);
		});
	});

const readSecrets = (dir) =>
	Object.fromEntries(
		readFileSync(join(dir, 'secrets.env'), 'utf8')
			.split('\n')
			.filter((line) => line.includes('='))
			.map((line) => [
				line.slice(0, line.indexOf('=')),
				line.slice(line.indexOf('=') + 1),
			]),
	);

const readPid = (file) => {
	const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
	return pid && existsSync(`/proc/${pid}`) ? pid : null;
};

/** A running stack as tests see it; made by startStack, or from its description in the runner. */
export class Stack {
	constructor({ baseUrl, anonKey, jwtSecret, dir, env, simulatorUrl, name }) {
		Object.assign(this, { baseUrl, anonKey, jwtSecret, dir, env, simulatorUrl, name });
		/** The simulator's controls, when the stack was started with one. */
		this.sim = simulatorUrl ? simulatorAt(simulatorUrl) : null;
	}

	/** What another process needs to use this stack; the constructor takes it. */
	describe() {
		const { baseUrl, anonKey, jwtSecret, dir, env, simulatorUrl, name } = this;
		return { baseUrl, anonKey, jwtSecret, dir, env, simulatorUrl, name };
	}

	/** The log of a function, nginx or postgresql, from a length remembered earlier. */
	logs(name, from = 0) {
		const file = join(this.dir, 'log', `${name}.log`);
		return existsSync(file) ? readFileSync(file, 'utf8').slice(from) : '';
	}

	/** The process of a function, nginx or postgresql; null when it does not live. */
	pidOf(name) {
		const supervised = join(this.dir, 'sv', name, 'a/supervise/pid');
		const own = join(this.dir, 'run', `${name}.pid`);
		return readPid(name === 'nginx' ? supervised : own);
	}

	/** The processes of all functions: {name: pid}. */
	pids() {
		return Object.fromEntries(functionNames().map((name) => [name, this.pidOf(name)]));
	}

	/** Run another command of scripts/stack on this stack, e.g. command('reload'). `more` are
	 * settings for it, as a person would give them. */
	command(...words) {
		return run(words, this.env, this.dir);
	}

	commandWith(more, ...words) {
		return run(words, { ...this.env, ...more }, this.dir);
	}

	/** The same from another directory than the stack was started in. */
	commandFrom(cwd, ...words) {
		return run(words, this.env, cwd);
	}

	/** Throws when a log tells of a sanitizer's or an assertion's words. */
	assertLogsClean() {
		assertLogsClean(join(this.dir, 'log'));
	}
}

/* Stacks of this process, so that an interrupted run leaves none behind. */
const running = new Set();

const stopAtSignal = (signal) => {
	process.once(signal, () => {
		for (const { env, dir } of running) {
			spawnSync(STACK, ['down'], { env, cwd: dir, stdio: 'ignore' });
			rmSync(dir, { recursive: true, force: true });
		}
		process.exit(130);
	});
};
let signalsWatched = false;

const watchSignals = () => {
	if (signalsWatched) return;
	signalsWatched = true;
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) stopAtSignal(signal);
};

/* The directory of a stack that failed stays, for a person to look at. */
const close = async (stack, place, simulator) => {
	try {
		await stack.command('down');
		stack.assertLogsClean();
	} catch (error) {
		error.message += `\nthe stack's directory is kept: ${stack.dir}`;
		throw error;
	} finally {
		running.delete(stack);
		place.release();
		await simulator?.stop();
	}
	if (stack.baseUrl) rmSync(stack.dir, { recursive: true, force: true });
};

/** Start a stack. `env` are settings over the defaults (rates off, sanitizers talkative);
 * `functions`: those it has, else all; `simulator`: start a provider simulator too and point the
 * stack at it; `withMetrics`: Prometheus and Alertmanager, too. Returns a Stack with stop(), which
 * throws when a program broke a rule. */
export const startStack = async ({
	flavour = process.env.FLAVOUR ?? 'asan',
	env = {},
	functions = [],
	name = 'test',
	simulator: wantsSimulator = false,
	withMetrics = false,
} = {}) => {
	watchSignals();
	const dir = makeDir(name);
	const place = await takePort();
	const simulator = wantsSimulator ? await startSimulator() : null;
	const settings = {
		...inherited(),
		...SANITIZERS,
		...PATIENCE,
		...ratesOff(),
		MEMORY_KEEP_MS: '0', /* tests look for what was said just now */
		...(simulator && simulatorEnv(simulator.url)),
		BUILD: process.env.BUILD ?? join(root, 'build'),
		FLAVOUR: flavour,
		PORT: String(place.port),
		STACK_DIR: dir,
		...(functions.length && { SCRIBE_FUNCTIONS: functions.join() }),
		...env,
	};
	const stack = new Stack({ dir, env: settings, name, simulatorUrl: simulator?.url });
	running.add(stack);
	stack.stop = () => close(stack, place, simulator);
	try {
		await copyCluster(dir);
		const up = ['up', ...(withMetrics ? ['--with-metrics'] : [])];
		stack.baseUrl = (await run(up, settings, dir)).stdout.trim();
	} catch (error) {
		await stack.stop().catch((more) => (error.message += `\n${more.message}`));
		error.message += `\nits logs are in ${dir}`;
		throw error;
	}
	const secrets = { ...readSecrets(dir), ...env };
	stack.anonKey = secrets.SCRIBE_ANON_KEY;
	stack.jwtSecret = secrets.SCRIBE_JWT_SECRET;
	return stack;
};
