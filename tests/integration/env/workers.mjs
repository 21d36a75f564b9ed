/* Processes that work jobs beside a stack, and may be killed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { poll } from './client.mjs';
import { brokenSlice } from './logs.mjs';
import { root } from './stack.mjs';

/** The database of a stack as its programs reach it; `host` is another directory of the socket. */
export const programUrl = (stack, host = join(stack.dir, 'run/pg')) =>
	`postgresql:///scribe?host=${encodeURIComponent(host)}&user=scribe_app`;

class Worker {
	constructor(child) {
		this.child = child;
		this.log = '';
		this.ended = once(child, 'exit');
		child.stderr.on('data', (text) => (this.log += text));
	}

	get pid() {
		return this.child.pid;
	}

	/** Its log lines of an event, parsed. */
	events(name) {
		return this.log
			.split('\n')
			.filter((line) => line.startsWith('{') && line.endsWith('}'))
			.map((line) => JSON.parse(line))
			.filter(({ event }) => event === name);
	}

	async kill() {
		this.child.kill('SIGKILL');
		await this.ended;
	}

	get hasEnded() {
		return this.child.exitCode !== null || this.child.signalCode !== null;
	}

	/** Ends it as a supervisor does; gives the milliseconds that took. Before it is at work it may
	 * not have come to keep signals for later. */
	async stop() {
		await poll(() => this.hasEnded || this.events('working_jobs').length);
		const start = performance.now();
		this.child.kill('SIGTERM');
		const [status, signal] = await this.ended;
		assert.equal(brokenSlice(this.log), null);
		assert.deepEqual([status, signal], [0, null], this.log);
		return performance.now() - start;
	}
}

/** Starts build/<flavour>/<program> --jobs-only on the stack's database. */
export const startWorker = (stack, program, env = {}) =>
	new Worker(
		spawn(join(stack.env.BUILD, stack.env.FLAVOUR, program), ['--jobs-only'], {
			cwd: root,
			env: { ...stack.env, DATABASE_URL: programUrl(stack), ...env },
			stdio: ['ignore', 'ignore', 'pipe'],
		}),
	);
