/* scripts/deploy, on a stack that people call meanwhile: a version that is broken is taken back by
 * itself, whichever way it is broken, and nobody who calls notices; a good one stays until somebody
 * wants the one before. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { functionNames, post, root, sql, useStack } from './env/index.mjs';
import { makeDir } from './env/dirs.mjs';
import { run } from './env/stack_command.mjs';

const MANY_MINUTES_MS = 900_000; /* a build and two starts, beside other tests */
const stack = useStack({ env: { SCRIBE_LOG_DEBUG: '0' } }); /* one of its own */
const place = makeDir('deploy');
const repository = join(place, 'project');

const git = async (...words) => {
	const { status, stderr } = await run('git',
		['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...words], { cwd: repository });
	assert.equal(status, 0, stderr);
};

/* What is tested, as a repository of its own with one commit, whatever is not committed yet. */
const makeRepository = async () => {
	mkdirSync(repository);
	const { status, stderr } = await run('bash', ['-c',
		`git ls-files -co --exclude-standard -z |
			rsync -a --from0 --files-from=- . ${repository}/`], { cwd: root });
	assert.equal(status, 0, stderr);
	await git('init', '-q', '-b', 'main');
	await git('add', '-A');
	await git('commit', '-qm', 'as it is');
};

/* A version with those changes: {file: text => text}. */
const version = async (name, changes) => {
	await git('checkout', '-q', '-B', name, 'main');
	for (const [file, change] of Object.entries(changes)) {
		const path = join(repository, file);
		let text = '';
		try {
			text = readFileSync(path, 'utf8');
		} catch {}
		writeFileSync(path, change(text));
	}
	await git('add', '-A');
	await git('commit', '-qm', name);
	return name;
};

const deploy = (name, env = {}) => run(join(repository, 'scripts/deploy'), [name],
	{ cwd: stack.dir, timeout: MANY_MINUTES_MS,
		env: { ...stack.env, STACK_DIR: stack.dir, DEPLOY_WATCH_S: '3', ...env } });

/* Calls until it is told to stop; how often each status came. */
const startCalling = () => {
	const counts = {};
	let going = true;
	const calls = (async () => {
		while (going) {
			const { status } = await post(stack, 'create_session', {}).catch((error) => error);
			counts[status] = (counts[status] ?? 0) + 1;
		}
	})();
	return async () => {
		going = false;
		await calls;
		return counts;
	};
};

const treeThatRuns = () => readFileSync(join(stack.dir, 'tree'), 'utf8').split(' ')[0];
const migration = (body) => () => `begin;\nset local role scribe_owner;\n${body}\ncommit;\n`;
const planned = (...names) => (text) => text + names.map((name) =>
	`${name} 2026-12-01T00:00:00Z scribe <scribe@localhost> # For a test\n`).join('');
const twoChanges = (second) => ({
	'migrations/sqitch.plan': planned('try_one', 'try_two'),
	'migrations/deploy/try_one.sql': migration('create table try_one ();'),
	'migrations/verify/try_one.sql': () => 'select from try_one;\n',
	'migrations/deploy/try_two.sql': migration(`create table try_two (); ${second}`),
	'migrations/verify/try_two.sql': () => 'select from try_two;\n',
});
const tables = async () => (await sql(stack,
	`select relname from pg_class where relname like 'try%' order by 1`)).map(([name]) => name);
/* When it serves, not when it is asked about its settings. */
const crashes = (text) => text.replace(/^int main\(int argc, char \*\*argv\)\n{/m,
	'$&\n\tif (argc == 1)\n\t\tabort();\n');
const isSlow = (text) => `#include <poll.h>\n${text}`.replace(
	/^\td->until = d->cx->deadline;/m, '\t(void)poll(NULL, 0, 9000);\n$&');

let stop;
let atFirst;

before(async () => {
	await makeRepository();
	atFirst = treeThatRuns();
	stop = startCalling();
});
after(() => rmSync(place, { recursive: true, force: true }));

const refused = async (name, why) => {
	const { status, stderr } = await deploy(name);
	assert.equal(status, 1, stderr);
	assert.match(stderr, why);
	assert.equal(treeThatRuns(), atFirst);
};

test('one that crashes at its start never gets a request', async () => {
	const name = await version('crash', { 'functions/agent_reply/agent_reply.c': crashes });
	await refused(name, /the new version does not start; nothing was switched/);
});

test('a migration that fails half-way leaves those before it, whole', async () => {
	await refused(await version('half', twoChanges('select 1 / 0;')), /the migrations stopped/);
	assert.deepEqual(await tables(), ['try_one']);
});

test('one that is slow is taken back by itself', async () => {
	const name = await version('slow', { ...twoChanges(''),
		'functions/agent_reply/delivery.c': isSlow });
	await refused(name, /the first sound takes \d+ ms, and took \d+[^]*the old version is back/);
	assert.deepEqual(await tables(), ['try_one', 'try_two'], 'and the schema stays');
});

test('a good one stays, until the one before is wanted', async () => {
	const name = await version('good', { ...twoChanges(''),
		'README.md': (text) => `${text}\n` });
	const { status, stderr } = await deploy(name);
	assert.equal(status, 0, stderr);
	assert.match(treeThatRuns(), /\/releases\/[0-9a-f]{12}$/);
	const back = await deploy('previous');
	assert.equal(back.status, 0, back.stderr);
	assert.equal(treeThatRuns(), atFirst);
	stack.expectRestart(...functionNames());
	const counts = await stop();
	assert.deepEqual(Object.keys(counts), ['200'], JSON.stringify(counts));
});
