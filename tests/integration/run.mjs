/* Runs the integration tests: `node run.mjs [--concurrency N] [FILE...]`.
 *
 * Makes the database that stacks begin with, starts the stack that the files share, runs node's
 * test runner over them, stops the stack and reads its logs. Ends with `N passed, N failed`; a
 * skipped test counts as failed, for nobody would see it otherwise. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CLUSTER, makeCluster } from './env/cluster.mjs';
import { startStack } from './env/stack.mjs';
import { SHARED } from './env/use.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const DEADLINE_MS = 30 * 60000;

const { values, positionals } = parseArgs({
	options: { concurrency: { type: 'string', default: '2' } },
	allowPositionals: true,
});

const sharesStack = (file) => /\buseStack\(\)/.test(readFileSync(file, 'utf8'));

/* Those that start stacks take long and come first: none is left to run alone in the end. */
const allFiles = () =>
	readdirSync(here)
		.filter((name) => name.endsWith('.test.mjs'))
		.sort()
		.map((name) => join(here, name))
		.sort((a, b) => sharesStack(a) - sharesStack(b));

const wantedFiles = () => {
	const wanted = positionals.map((name) => basename(name, '.test.mjs'));
	const files = allFiles().filter(
		(file) => !wanted.length || wanted.includes(basename(file, '.test.mjs')),
	);
	if (!files.length || (wanted.length && files.length !== wanted.length))
		throw new Error(`no such test file among: ${positionals.join(' ')}`);
	return files;
};

/* The totals node prints at the end of its TAP output. */
const readTotals = (file) => {
	const tap = readFileSync(file, 'utf8');
	const total = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0);
	return {
		passed: total('pass'),
		failed: total('fail') + total('cancelled'),
		skipped: total('skipped') + total('todo'),
	};
};

const runTests = (files, stack) =>
	new Promise((resolve, reject) => {
		const dir = mkdtempSync(join(tmpdir(), 'scribe-tap-'));
		const tap = join(dir, 'tap');
		const env = {
			...process.env,
			...(stack && { [SHARED]: JSON.stringify(stack.describe()) }),
		};
		const child = spawn(
			process.execPath,
			[
				'--test',
				`--test-concurrency=${values.concurrency}`,
				'--test-reporter=spec',
				'--test-reporter-destination=stdout',
				'--test-reporter=tap',
				`--test-reporter-destination=${tap}`,
				...files,
			],
			{ env, stdio: ['ignore', 'inherit', 'inherit'], timeout: DEADLINE_MS },
		);
		for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
			process.prependListener(signal, () => child.kill('SIGTERM'));
		child.once('error', reject);
		child.once('close', (status) => {
			const totals = readTotals(tap);
			rmSync(dir, { recursive: true });
			resolve({ ...totals, status });
		});
	});

/* A failure that no test counted: a crashed runner, a broken log. */
const countOnce = (totals, what) => {
	console.error(what);
	totals.failed++;
};

const judge = (totals) => {
	if (totals.skipped) {
		console.error(`${totals.skipped} tests were skipped: they count as failed`);
		totals.failed += totals.skipped;
	}
	if (totals.status !== 0 && !totals.failed)
		countOnce(totals, `the test runner ended with ${totals.status}`);
	if (!totals.passed && !totals.failed) countOnce(totals, 'no test ran');
};

const files = wantedFiles();
process.env[CLUSTER] = await makeCluster();
const stack = files.some(sharesStack) ? await startStack({ name: 'shared' }) : null;
const totals = await runTests(files, stack);
judge(totals);
await stack?.stop().catch((error) => countOnce(totals, error.message));
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed ? 1 : 0;
