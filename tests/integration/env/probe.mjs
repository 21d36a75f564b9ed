/* db_probe.c: common/db driven directly, on a stack's database. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sql } from './client.mjs';
import { brokenSlice } from './logs.mjs';
import { root } from './stack.mjs';
import { programUrl } from './workers.mjs';

let probes = 0;

class Probe {
	constructor(stack, child, name) {
		this.stack = stack;
		this.name = name;
		this.child = child;
		this.log = '';
		this.orders = 0;
		this.waiting = new Map();
		this.ended = once(child, 'close');
		child.stderr.on('data', (text) => (this.log += text));
		createInterface({ input: child.stdout }).on('line', (line) => {
			const answer = JSON.parse(line);
			this.waiting.get(answer.id)(answer);
			this.waiting.delete(answer.id);
		});
	}

	/** Gives an order of db_probe.c; its answer comes as a promise that knows its `id`. */
	order(what) {
		const id = ++this.orders;
		const answer = new Promise((resolve, reject) => {
			this.waiting.set(id, resolve);
			this.ended.then(() => reject(new Error(`the probe ended: ${this.log}`)));
		});
		answer.catch(() => {}); /* who waits for it is told */
		this.child.stdin.write(`${JSON.stringify({ id, ...what })}\n`);
		return Object.assign(answer, { id });
	}

	/** One that succeeds: its rows. */
	async rows(what) {
		const answer = await this.order(what);
		assert.equal(answer.code, 'ok', JSON.stringify(answer));
		return answer.rows;
	}

	cancel({ id }) {
		this.child.stdin.write(`${JSON.stringify({ cancel: id })}\n`);
	}

	/** Its backends: [pid, state, query] each. */
	backends() {
		return sql(
			this.stack,
			`select pid, state, query from pg_stat_activity where application_name = :'name'
			 order by backend_start`,
			{ name: this.name },
		);
	}

	/** Its log lines of an event, parsed. */
	events(name) {
		return this.log
			.split('\n')
			.filter((line) => line.startsWith('{') && line.endsWith('}'))
			.map((line) => JSON.parse(line))
			.filter(({ event }) => event === name);
	}

	/** What a failed test left waiting is cancelled. */
	async stop() {
		for (const id of this.waiting.keys()) this.cancel({ id });
		this.child.stdin.end();
		const [status, signal] = await this.ended;
		assert.equal(brokenSlice(this.log), null);
		assert.deepEqual([status, signal], [0, null], this.log);
	}
}

/** Starts build/<flavour>/integration/db_probe on the stack's database; `host` is another directory
 * of its socket. */
export const startProbe = (stack, env = {}, host = undefined) => {
	const name = `db_probe_${process.pid}_${++probes}`;
	const child = spawn(join(stack.env.BUILD, stack.env.FLAVOUR, 'integration/db_probe'), [], {
		cwd: root,
		env: {
			...stack.env,
			DATABASE_URL: `${programUrl(stack, host)}&application_name=${name}`,
			...env,
		},
		stdio: ['pipe', 'pipe', 'pipe'],
	});
	return new Probe(stack, child, name);
};
