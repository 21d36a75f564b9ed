/* For tests of the stack itself: scripts/stack as a person uses it, and plain HTTP. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import http from 'node:http';
import { join, resolve } from 'node:path';
import { copyCluster } from './cluster.mjs';
import { makeDir } from './dirs.mjs';
import { takePort } from './ports.mjs';
import { functionNames, PATIENCE, root } from './stack.mjs';

export const flavour = process.env.FLAVOUR ?? 'asan';
export const build = resolve(root, process.env.BUILD ?? 'build');

/** How long a stack may take to start on a busy machine, for all that start one. */
export const START = { SCRIBE_START_S: PATIENCE.SCRIBE_START_S };
export const START_MS = 1000 * START.SCRIBE_START_S;

const LIMIT_MS = START_MS + 50_000; /* and a little */
const OUTPUT_BYTES_MAX = 1 << 26;
const PASSED_ON = /^(PATH|HOME|USER|LANG|TMPDIR|SCRIBE_CACHE|PG_BIN|NGINX_BIN)$/;

/** Runs a command and tells how it ended, whatever that was: {status, stdout, stderr}. */
export const run = (command, args, options = {}) =>
	new Promise((done) => {
		const limits = { timeout: LIMIT_MS, maxBuffer: OUTPUT_BYTES_MAX };
		execFile(command, args, { ...limits, ...options }, (error, stdout, stderr) =>
			done({ status: error ? (error.code ?? error.signal) : 0, stdout, stderr }),
		);
	});

/** What a program tells of itself. */
export const showConfig = async (name) => {
	const { status, stdout, stderr } = await run(join(build, flavour, 'bin', name), [
		'--show-config',
	]);
	if (status !== 0) throw new Error(`${name} --show-config: ${stderr}`);
	return JSON.parse(stdout);
};

/** A directory and a port for a stack, not up yet, and its commands. Rates are off; `settings`
 * are added. `functions` are those it has, all if none is named. `as`: a command to put before
 * each, and where the project is. `hasData`: with a database that was made before. */
export const newStack = async (settings = {}, options = {}) => {
	const { functions = [], as = [], project = root, hasData = true } = options;
	const dir = makeDir('command');
	const place = await takePort();
	if (hasData) await copyCluster(join(dir, 'stack'));
	const passed = Object.entries(process.env).filter(([name]) => PASSED_ON.test(name));
	const rates = functionNames().map((name) => [`RATE_${name.toUpperCase()}`, '0']);
	const env = {
		...Object.fromEntries([...passed, ...rates]),
		...START,
		...(functions.length ? { SCRIBE_FUNCTIONS: functions.join(',') } : {}),
		BUILD: build,
		FLAVOUR: flavour,
		STACK_DIR: join(dir, 'stack'),
		PORT: String(place.port),
		...settings,
	};
	const command = (words, more = {}) => {
		const [first, ...rest] = [...as, join(project, 'scripts/stack'), ...words];
		return run(first, rest, { cwd: dir, env: { ...env, ...more } });
	};
	return {
		dir,
		env,
		command,
		port: place.port,
		stackDir: env.STACK_DIR,
		functions: functions.length ? functions : functionNames(),
		baseUrl: `http://127.0.0.1:${place.port}`,
		async up() {
			const result = await command(['up']);
			if (result.status !== 0) throw new Error(`stack up: ${result.stderr}`);
			return result;
		},
		async remove() {
			const { status, stderr } = await command(['down']);
			place.release();
			if (status !== 0) throw new Error(`stack down: ${stderr}`);
			await rm(dir, { recursive: true });
		},
	};
};

/** One request on a connection of its own or of the agent, every header as given: {status, headers,
 * raw, text, json}. `raw` keeps what was sent twice. */
export const send = (url, { method = 'POST', headers = {}, body, agent = false } = {}) =>
	new Promise((done, fail) => {
		const request = http.request(url, { method, headers, agent }, (response) => {
			const chunks = [];
			response.on('data', (chunk) => chunks.push(chunk));
			response.on('error', fail);
			response.on('end', () => {
				const text = Buffer.concat(chunks).toString();
				const { statusCode: status, headers: given, rawHeaders: raw } = response;
				done({
					status,
					headers: given,
					raw,
					text,
					get json() {
						return JSON.parse(text);
					},
				});
			});
		});
		request.on('error', fail);
		if (body !== undefined) request.write(body);
		request.end();
	});

export const isHealthy = async (baseUrl, name) =>
	(await send(`${baseUrl}/readyz/${name}`, { method: 'GET' })).status === 200;

/** For assert.rejects: the message has each of them, once. */
export const everyOne =
	(...patterns) =>
	({ message }) => {
		for (const { source } of patterns) {
			const found = message.match(new RegExp(source, 'g'));
			assert.equal(found?.length, 1, `${source}: ${message}`);
		}
		return true;
	};
