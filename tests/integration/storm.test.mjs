/* The short form of make storm: people talk while parts are killed, and what was acknowledged is
 * there once. STORM_SECONDS and SEED as there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storm, STORM_ENV } from '../faults/storm.mjs';
import { functionNames, TALK, useStack } from './env/index.mjs';

const SECONDS = Number(process.env.STORM_SECONDS ?? 20);
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

const stack = useStack({
	name: 'storm',
	functions: [...TALK, 'collect_email'],
	simulator: true,
	env: STORM_ENV,
});
stack.expectRestart(...functionNames());

test(`nothing acknowledged is lost or doubled in a storm (SEED=${SEED})`, async (t) => {
	const seen = await storm(stack, { seconds: SECONDS, rate: 4, pause_ms: 3000, seed: SEED });
	t.diagnostic(JSON.stringify(seen));
	assert.deepEqual(seen.problems, []);
	assert.ok(seen.turns >= SECONDS * 4);
	assert.ok(Object.keys(seen.kills).length >= 2, 'something was killed');
	assert.ok(seen.slack.leads > 0, 'somebody was a lead');
});
