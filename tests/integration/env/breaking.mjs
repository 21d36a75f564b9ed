/* Killing, stopping and freezing the parts of a stack. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { poll, sql } from './client.mjs';

const run = promisify(execFile);

export const isGone = (pid) => {
	try {
		process.kill(pid, 0);
		return false;
	} catch (error) {
		assert.equal(error.code, 'ESRCH');
		return true;
	}
};

/** A process of a unit dies as if its power was cut, and is gone when this ends; its pid. */
export const killUnit = async (stack, name) => {
	const pid = await poll(() => stack.pidOf(name));
	process.kill(pid, 'SIGKILL');
	await poll(() => isGone(pid)); /* it dies in its time, and with it who asks before */
	return pid;
};

const isAnswering = async (stack) => (await sql(stack, 'select 1'))[0][0] === '1';

/** The database answers. */
export const databaseIsBack = (stack) => poll(() => isAnswering(stack));

/** Killed, and back under another process. */
export const killDatabase = async (stack) => {
	const old = await killUnit(stack, 'postgresql');
	await poll(() => ![old, null].includes(stack.pidOf('postgresql')));
	await databaseIsBack(stack);
};

const unitOf = (stack, name) => join(stack.dir, 'sv', name, 'a');

/** Keeps the database away until the function returned is called. */
export const takeDatabaseAway = async (stack) => {
	await run('sv', ['-w', '20', 'down', unitOf(stack, 'postgresql')]);
	return async () => {
		await run('sv', ['up', unitOf(stack, 'postgresql')]);
		await databaseIsBack(stack);
	};
};

/** Its supervisor ends a part in good order and starts it again. */
export const restartUnit = (stack, name) => run('sv', ['-w', '20', 'restart', unitOf(stack, name)]);

/** A process and its children. */
export const familyOf = (pid) => [
	pid,
	...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
		.trim()
		.split(' ')
		.filter(Boolean)
		.map(Number),
];

/** Runs `body` while these processes stand still. */
export const whileFrozen = async (pids, body) => {
	for (const pid of pids) process.kill(pid, 'SIGSTOP');
	try {
		return await body();
	} finally {
		for (const pid of pids) if (!isGone(pid)) process.kill(pid, 'SIGCONT');
	}
};
