/* How a test file gets its stack: the one all files share, or one of its own.
 *
 * A file that changes settings, injects faults or kills programs needs its own; all others
 * share the runner's. Either way the programs must be the same processes after the file as
 * before it: a program that died and was restarted in silence is a failure. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Stack, startStack } from './stack.mjs';

/** The runner puts the description of the shared stack here. */
export const SHARED = 'SCRIBE_TEST_STACK';
/** What an error says of a program that is another process after the tests. */
export const WAS_RESTARTED = 'was restarted during these tests';

const isPlain = (options) => Object.keys(options).length === 0;

const assertSamePids = (then, now, excused) => {
	for (const name of Object.keys(then))
		if (!excused.has(name))
			assert.equal(
				now[name],
				then[name],
				`${name} ${WAS_RESTARTED}`,
			);
};

/** Call once at the top of a test file. Without options: the shared stack (or, when the file is
 * run alone, one for it). With options, those of startStack: an own one. The object returned is
 * filled in before the first test; it is a Stack with `expectRestart(name)` besides, for tests
 * that make a program leave. */
export const useStack = (options = {}) => {
	const description = isPlain(options) ? process.env[SHARED] : undefined;
	const stack = Object.create(Stack.prototype);
	const excused = new Set();
	let pids;

	before(async () => {
		const found = description
			? new Stack(JSON.parse(description))
			: await startStack({ name: 'file', ...options });
		Object.assign(stack, found);
		pids = stack.pids();
	});
	stack.expectRestart = (...names) => {
		assert.ok(
			!description,
			'a test that makes a program leave needs a stack of its own',
		);
		for (const name of names) excused.add(name);
	};
	after(async () => {
		if (!pids) return;
		const now = stack.pids();
		await stack.stop?.();
		assertSamePids(pids, now, excused);
	});
	return stack;
};
