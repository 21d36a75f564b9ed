/* README.md: its tour runs, and what it lists is what there is. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { takePort } from './env/ports.mjs';
import { functionNames, root } from './env/stack.mjs';
import { build, flavour, run, START } from './env/stack_command.mjs';

const readme = await readFile(join(root, 'README.md'), 'utf8');
const programs = { BUILD: build, FLAVOUR: flavour };
let dir, env, place;

/* A log line, wherever in a text, and whatever is cut short in its values. */
const keysOfLogLine = (text) => {
	const [line] = text.match(/\{"ts":[^{}]*"event":"request"[^{}]*\}/);
	return Object.keys(JSON.parse(line));
};

const between = (begin, end) => readme.split(begin)[1].split(end)[0];

before(async () => {
	dir = await mkdtemp(join(tmpdir(), 'scribe-readme-'));
	await chmod(dir, 0o755);
	place = await takePort();
	env = {
		...process.env,
		...programs,
		...START,
		STACK_DIR: join(dir, 'stack'),
		PORT: String(place.port),
		STT_PROVIDERS: 'local',
		LLM_PROVIDERS: 'builtin',
		TTS_PROVIDERS: 'local',
	};
});
after(async () => {
	await run(join(root, 'scripts/stack'), ['down'], { cwd: root, env });
	await place.release?.();
	await rm(dir, { recursive: true, force: true });
});

test('the tour runs from its first command to its last, and shows what it says', async () => {
	const tour = between('## Five minutes', '**With keys.**');
	const commands = [...tour.matchAll(/```sh\n(.*?)```/gs)].map(([, command]) => command);
	assert.ok(commands.length >= 8, `${commands.length} blocks of commands`);
	const script = ['set -euo pipefail', ...commands]
		.join('\n')
		.replaceAll('build/release/bin', join(build, flavour, 'bin'));
	const { status, stdout, stderr } = await run('bash', ['-c', script], { cwd: root, env });
	assert.equal(status, 0, stderr);
	for (const shown of [
		'ask not what your country can do for you',
		'"person_name": "Dana Reed"',
		'"lead_score": 65',
		'"provider": "builtin"',
		'event: audio',
		'event: done',
		'"text":"Hello. And welcome."',
		'"field":"session_secret"',
		'Status: 200 OK',
	])
		assert.ok(stdout.includes(shown), `${shown} in:\n${stdout}\n${stderr}`);
	assert.deepEqual(keysOfLogLine(tour), keysOfLogLine(stdout));
	for (const text of [tour, stdout]) assert.match(text, /^:\n\nevent: meta$/m);
});

test('a package has the commands that README says, and no other', async () => {
	const named = between('`stack`, ', ' are not among them').match(/[a-z]+(?=`)/g);
	const source = await readFile(join(root, 'scripts/install'), 'utf8');
	const [, left] = source.match(/^developers='([^']*)'$/m);
	for (const name of ['stack', ...named]) assert.ok(left.includes(` ${name} `), name);
	assert.deepEqual(named.sort(), ['backup', 'deploy', 'preview', 'restore']);
});

test('the table of settings is what the programs say', async () => {
	const { status, stdout, stderr } = await run(join(root, 'scripts/settings'), [], {
		env: { ...process.env, ...programs },
	});
	assert.equal(status, 0, stderr);
	const written = between('scripts/settings --write -->\n', '<!-- settings: end -->');
	assert.equal(written.trim(), stdout.trim(), 'run scripts/settings --write');
});

test('every function is in the table of functions', () => {
	const table = between('## The functions', '## Map of the code');
	for (const name of functionNames()) assert.ok(table.includes(`| \`${name}\``), name);
});
