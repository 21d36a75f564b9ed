/* A second agent_reply beside a stack's own, which nginx asks in turn with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poll } from '../integration/env/client.mjs';
import { takePort } from '../integration/env/ports.mjs';

/** Starts it, and has nginx know of it: {pid, log(), stop()}. */
export const startSecond = async (stack) => {
	const { port, release } = await takePort();
	const dir = mkdtempSync(join(tmpdir(), 'scribe-second-'));
	const file = join(dir, 'log');
	const log = () => readFileSync(file, 'utf8');
	const program = join(stack.env.BUILD, stack.env.FLAVOUR, 'bin/agent_reply');
	const out = openSync(file, 'a');
	const script =
		'. "$0/env.sh"; export SCRIBE_STACK_UNIT=second; ' +
		'exec spawn-fcgi -n -a 127.0.0.1 -p "$1" -- "$2"';
	const child = spawn('bash', ['-c', script, stack.dir, String(port), program], {
		cwd: stack.dir,
		stdio: ['ignore', out, out],
	});
	const end = () => child.kill();
	process.once('exit', end);
	await poll(() => {
		if (child.exitCode !== null) throw new Error(`the second agent_reply: ${log()}`);
		return log().includes('"serving"');
	});
	const both = { UPSTREAM_AGENT_REPLY: `local 127.0.0.1:${port}` };
	await stack.commandWith(both, 'reload', 'modes');
	return {
		pid: child.pid,
		log,
		stop: async () => {
			process.off('exit', end);
			child.kill();
			await once(child, 'exit');
			rmSync(dir, { recursive: true });
			release();
		},
	};
};
