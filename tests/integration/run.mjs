/* Runs the integration tests: `node run.mjs [--concurrency N] [FILE...]`.
 *
 * Makes the database that stacks begin with, starts the stack that the files share, runs node's
 * test runner over them, stops the stack and reads its logs. Ends with `N passed, N failed`; a
 * skipped test counts as failed, for nobody would see it otherwise.
 *
 * What fails beside other files may have been short of a machine. So few files that failed are run
 * once more, each alone; what passes then is told as `flaky - TEST (FILE)` and is somebody's next
 * work. A program that died or broke a rule, and more than a few files, are failures at once. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CLUSTER, makeCluster } from './env/cluster.mjs';
import { BROKE_A_RULE } from './env/logs.mjs';
import { startStack } from './env/stack.mjs';
import { SHARED, WAS_RESTARTED } from './env/use.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const DEADLINE_MS = 60 * 60000;
const FLAKY_FILES_MAX = 3;

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

/* node's runner tells its totals as it ends: "pass 12". */
const addTotal = (totals, { message, nesting }) => {
	const [, what, count] = /^(pass|fail|cancelled|skipped|todo) (\d+)$/.exec(message) ?? [];
	if (nesting === 0 && what) totals[what] = Number(count);
};

/* An interrupted run takes its test files along, which stop their stacks. */
const untilEnd = () => {
	const interrupt = new AbortController();
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
		process.prependListener(signal, () => interrupt.abort());
	return AbortSignal.any([interrupt.signal, AbortSignal.timeout(DEADLINE_MS)]);
};

/* A file fails with its tests or by itself, as when it crashes. */
const addFailure = (failures, { file, name, details: { error } }) =>
	failures.push({ file, name, why: `${error?.message}\n${error?.cause?.message}` });

const runTests = async (files, concurrency) => {
	const totals = { pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };
	const failures = [];
	const events = run({ files, concurrency, signal: endOfRun });
	events.on('test:diagnostic', (event) => addTotal(totals, event));
	events.on('test:fail', (event) => addFailure(failures, event));
	await pipeline(events, new spec(), process.stdout, { end: false });
	return {
		passed: totals.pass,
		failed: totals.fail + totals.cancelled,
		skipped: totals.skipped + totals.todo,
		failures,
	};
};

const isBeyondDoubt = ({ why }) => why.includes(BROKE_A_RULE) || why.includes(WAS_RESTARTED);

/* Files that failed and may have been short of something; none where it is more than that. */
const doubtfulFiles = ({ failures }) => {
	const files = [...new Set(failures.map(({ file }) => file))];
	const isOver = failures.some(isBeyondDoubt) || endOfRun.aborted;
	return isOver || files.length > FLAKY_FILES_MAX ? [] : files;
};

const runAgain = async (files, totals) => {
	console.log(`\n${files.length} files failed: each once more, alone`);
	const again = await runTests(files, 1);
	for (const { name, file } of totals.failures)
		if (!again.failures.some((failure) => failure.file === file))
			console.log(`flaky - ${name} (${basename(file)})`);
	totals.passed += Math.max(0, totals.failed - again.failed);
	totals.failed = again.failed;
	totals.skipped += again.skipped;
};

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
	if (!totals.passed && !totals.failed) countOnce(totals, 'no test ran');
};

const files = wantedFiles();
const endOfRun = untilEnd();
process.env[CLUSTER] = await makeCluster();
const stack = files.some(sharesStack) ? await startStack({ name: 'shared' }) : null;
if (stack) process.env[SHARED] = JSON.stringify(stack.describe());
const totals = await runTests(files, Number(values.concurrency));
const doubtful = doubtfulFiles(totals);
if (doubtful.length) await runAgain(doubtful, totals);
judge(totals);
await stack?.stop().catch((error) => countOnce(totals, error.message));
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed ? 1 : 0;
