/* The storm at length (make soak):
 *
 *   node tests/faults/soak.mjs           SECONDS=300 RATE=20 SEED=7
 *   KILLS=0 SECONDS=1800 node tests/faults/soak.mjs    nobody dies: do sizes stay as they are?
 *
 * What a storm is and how it is judged: storm.mjs. `sizes` are memory and descriptors of each part
 * after a third of the time and at its end. Writes var/bench/soak.json; ends with 1 where something
 * acknowledged is not there once. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root, startStack } from '../integration/env/stack.mjs';
import { sizeOf } from '../bench/processes.mjs';
import { storm, STORMY } from './storm.mjs';

const number = (name, fallback) => Number(process.env[name] || fallback);
const SECONDS = number('SECONDS', 300);
const RATE = number('RATE', 20);
const SEED = number('SEED', Date.now() % 1_000_000);
const KILLS = process.env.KILLS !== '0';

const sizesOf = (stack) => {
	const pids = { ...stack.pids(), nginx: stack.pidOf('nginx') };
	return Object.fromEntries(
		Object.entries(pids)
			.filter(([, pid]) => pid)
			.map(([name, pid]) => [name, sizeOf(pid)]),
	);
};

const watched = async (stack, raging) => {
	const early = pause((SECONDS * 1000) / 3).then(() => sizesOf(stack));
	const late = pause(SECONDS * 1000).then(() => sizesOf(stack));
	const found = await raging;
	const [before, after] = [await early, await late];
	return { ...found, sizes: { before, after } };
};

const stack = await startStack({
	flavour: process.env.FLAVOUR ?? 'release',
	name: 'soak',
	simulator: true,
	env: STORMY,
});
let found;
try {
	const wanted = { rate: RATE, seconds: SECONDS, seed: SEED, kills: KILLS };
	found = await watched(stack, storm(stack, wanted));
} finally {
	await stack.stop();
}
const { killed, sizes, problems, ...summary } = found;
console.log(JSON.stringify(summary));
console.table(
	Object.entries(sizes.after).map(([name, after]) => ({
		name,
		rss_mb: `${sizes.before[name]?.rss_mb} ${after.rss_mb}`,
		descriptors: `${sizes.before[name]?.descriptors} ${after.descriptors}`,
	})),
);
for (const problem of problems) console.error(problem);
mkdirSync(join(root, 'var/bench'), { recursive: true });
writeFileSync(join(root, 'var/bench/soak.json'), `${JSON.stringify(found, null, '\t')}\n`);
process.exitCode = problems.length ? 1 : 0;
