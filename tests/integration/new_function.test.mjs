/* scripts/new-function: what it writes builds, serves and passes its own test; and may go again. */
import assert from 'node:assert/strict';
import { access, chmod, cp, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from './env/stack.mjs';
import { build, flavour, run } from './env/stack_command.mjs';

const NAME = 'count_letters';
const PARTS = [
	'.clang-format',
	'Makefile',
	'common',
	'functions',
	'migrations',
	'nginx',
	'scripts',
	'tests',
];
let copy;

const inCopy = (command, ...args) => {
	const { PATH, HOME, SCRIBE_CACHE } = process.env;
	const cache = SCRIBE_CACHE ? { SCRIBE_CACHE } : {};
	return run(command, args, { cwd: copy, env: { PATH, HOME, FLAVOUR: flavour, ...cache } });
};
const newFunction = (...args) => inCopy('scripts/new-function', ...args);

/* Times are kept, so only what is new gets built. */
before(async () => {
	copy = await mkdtemp(join(tmpdir(), 'scribe-project-'));
	await chmod(copy, 0o755);
	const keep = { recursive: true, preserveTimestamps: true };
	const filter = (path) => !path.endsWith('node_modules');
	for (const part of PARTS) await cp(join(root, part), join(copy, part), { ...keep, filter });
	await cp(join(build, flavour), join(copy, 'build', flavour), keep);
	await symlink(join(root, 'tests/node_modules'), join(copy, 'tests/node_modules'));
});
after(() => rm(copy, { recursive: true, force: true }));

test('names that cannot be are refused and leave nothing', async () => {
	const bad = ['', 'Big', 'a-b', 'a__b', '_a', 'a1', '../x', 'main', 'nginx', 'create_session'];
	for (const name of [...bad, 'speech_to_text_groq', 'x'.repeat(25)]) {
		const { status, stderr } = await newFunction(name);
		assert.equal(status, 1, name);
		assert.match(stderr, /^new-function: .*'/);
	}
	assert.equal((await newFunction()).status, 1);
	await assert.rejects(access(join(copy, 'functions/Big')));
});

test('a new function builds, is served, and passes its test', async () => {
	const { status, stderr } = await newFunction(NAME);
	assert.equal(status, 0, stderr);
	const formatted = await inCopy(
		'clang-format',
		'--dry-run',
		'-Werror',
		`functions/${NAME}/${NAME}.c`,
	);
	assert.equal(formatted.status, 0, formatted.stderr);
	const parts = [`build/${flavour}/bin/${NAME}`, `build/${flavour}/programs.json`];
	const built = await inCopy('make', '-s', ...parts);
	assert.equal(built.status, 0, built.stderr);
	const tested = await inCopy('node', '--test', `tests/integration/${NAME}.test.mjs`);
	assert.equal(tested.status, 0, tested.stdout);
	assert.match(tested.stdout, /^# pass 3$/m);
});

test('a function that is gone is told of no more, though its binary is still there', async () => {
	const told = `build/${flavour}/programs.json`;
	const names = async () =>
		(await readFile(join(copy, told), 'utf8'))
			.trim()
			.split('\n')
			.map((line) => JSON.parse(line).name);
	assert.ok((await names()).includes(NAME));
	await rm(join(copy, 'functions', NAME), { recursive: true });
	const built = await inCopy('make', '-s', told);
	assert.equal(built.status, 0, built.stderr);
	await access(join(copy, `build/${flavour}/bin/${NAME}`));
	assert.ok(!(await names()).includes(NAME));
	assert.ok((await names()).includes('create_session'));
	const { mtimeMs } = await stat(join(copy, told));
	assert.equal((await inCopy('make', '-s', told)).status, 0);
	assert.equal((await stat(join(copy, told))).mtimeMs, mtimeMs, 'it is made over and over');
});
