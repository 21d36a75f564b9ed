/* A short storm, see tests/faults/storm.mjs; `make soak` has the long one. SEED=N repeats a run,
 * which tells its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storm, STORMY } from '../faults/storm.mjs';
import { functionNames, useStack } from './env/index.mjs';

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

const stack = useStack({ simulator: true, name: 'storm', env: STORMY });
stack.expectRestart(...functionNames());

test(`anything dies at any moment: what was acknowledged stands once (SEED=${SEED})`, async () => {
	const { problems, kills, acknowledged } = await storm(stack, {
		...{ rate: 3, seconds: 20, seed: SEED },
	});
	assert.deepEqual(problems, []);
	assert.ok(kills > 0 && acknowledged > 0);
});
