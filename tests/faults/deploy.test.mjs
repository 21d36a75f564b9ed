/* scripts/deploy, on a stack that people call all the while: a version that is broken goes back by
 * itself, in whichever way it is broken, and nobody who calls notices; a good one stays until the
 * one before is wanted; and where it is killed, the next puts things right. scripts/preview beside
 * it, and the stages. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
	existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as breathe } from 'node:timers/promises';
import {
	functionNames, keyHeaders, newSession, pairOf, poll, post, root, sql, TALK, useStack,
} from '../integration/env/index.mjs';
import { copyCluster } from '../integration/env/cluster.mjs';
import { makeDir } from '../integration/env/dirs.mjs';
import { build, flavour, run, send } from '../integration/env/stack_command.mjs';

const PATIENCE_MS = 900_000; /* a build and two starts, beside other tests */
const BREATH_MS = 150;
const TURN_MS = 2000; /* a session has a rate of its own */
const NAMES = [...TALK, 'text_to_speech'];
/* What the simulator speaks are no words; a test call is heard only if it has some. */
const stack = useStack({ simulator: true, functions: NAMES, env: { TTS_PROVIDERS: 'local' } });
const place = makeDir('deploy');
const repository = join(place, 'project');
process.once('exit', () => rmSync(place, { recursive: true, force: true }));

const does = async (command, args, options) => {
	const { status, stdout, stderr } = await run(command, args, { cwd: repository, ...options });
	assert.equal(status, 0, stderr);
	return stdout;
};
const git = (...words) =>
	does('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...words]);

/* What is tested, as a repository of its own, whatever is not committed yet, with the builds there
 * are; of the programs only those of this stack, for these are built and linked again. */
const makeRepository = async () => {
	mkdirSync(repository);
	await does('bash', ['-c', `git ls-files -co --exclude-standard -z |
		rsync -a --from0 --ignore-missing-args --files-from=- . ${repository}/`], { cwd: root });
	for (const name of functionNames())
		if (!NAMES.includes(name)) rmSync(join(repository, 'functions', name), { recursive: true });
	symlinkSync(build, join(repository, 'build'));
	await git('init', '-q', '-b', 'main');
	writeFileSync(join(repository, '.git/info/exclude'), '/build\n'); /* it is no folder here */
	await git('add', '-A');
	await git('commit', '-qm', 'as it is');
};

/* A version with those changes, {file: text => text}, to another. */
const version = async (name, from, changes) => {
	await git('checkout', '-q', '-B', name, from);
	for (const [file, change] of Object.entries(changes)) {
		const path = join(repository, file);
		writeFileSync(path, change(existsSync(path) ? readFileSync(path, 'utf8') : ''));
	}
	await git('add', '-A');
	await git('commit', '-qm', name);
};

const AGENT = 'functions/agent_reply/agent_reply.c';
const replace = (pattern, by) => (text) => {
	assert.match(text, pattern);
	return text.replace(pattern, by);
};
/* When it serves, not when it is asked about itself. */
const crashes = replace(/^int main\(.*\n\{\n/m, '$&\tif (argc == 1)\n\t\tabort();\n');
const isSlow = (text) => '#include <poll.h>\n' +
	replace(/^\tin->audio = true;\n/m, '$&\t(void)poll(NULL, 0, 9000);\n')(text);
const planned = (text) => text + ['try_one', 'try_two'].map((name) =>
	`${name} 2026-12-01T00:00:00Z scribe <scribe@localhost> # For a test\n`).join('');
const migration = (body) => () => `begin;\nset local role scribe_owner;\n${body}\ncommit;\n`;
const twoTables = (end) => ({
	'migrations/sqitch.plan': planned,
	'migrations/deploy/try_one.sql': migration('create table try_one ();'),
	'migrations/deploy/try_two.sql': migration(`create table try_two (); ${end}`),
});
const tables = async () => (await sql(stack,
	`select relname from pg_class where relname like 'try%' order by 1`)).map(([name]) => name);

const environment = () => ({ ...stack.env, DEPLOY_WATCH_S: '2', DEPLOY_SLOWER_MS: '4000' });
const script = (name) => join(repository, 'scripts', name);
const deploy = (name) => run(script('deploy'), [name],
	{ cwd: place, timeout: PATIENCE_MS, env: environment() });
const deploys = async (name) => {
	const { status, stderr } = await deploy(name);
	assert.equal(status, 0, stderr);
	return stderr;
};
const running = () => readFileSync(join(stack.dir, 'tree'), 'utf8').split('\n')[0];
const treeOf = async (name) =>
	join(stack.dir, 'releases', (await git('rev-parse', '--short=12', name)).trim());
const refuses = async (name, why) => {
	const before = running();
	const { status, stderr } = await deploy(name);
	assert.notEqual(status, 0, stderr);
	assert.match(stderr, why);
	assert.equal(running(), before);
	assert.ok(!existsSync(join(stack.dir, 'beside')));
	assert.ok(!existsSync(join(stack.dir, 'deploying')));
};

/* Starts a deploy and kills it, as nothing can be done about, when it has said that. */
const killAt = async (name, words) => {
	const child = spawn(script('deploy'), [name],
		{ cwd: place, env: { ...environment(), DEPLOY_WATCH_S: '900' } });
	let said = '';
	child.stderr.on('data', (text) => (said += text));
	await poll(() => said.includes(words) || child.exitCode !== null, { deadlineMs: PATIENCE_MS });
	assert.equal(child.exitCode, null, said);
	return async () => {
		child.kill('SIGKILL');
		await once(child, 'exit');
	};
};

/* Calls until it is told to stop, and remembers what was acknowledged. */
const startCalling = () => {
	const counts = {};
	const sessions = [];
	let going = true;
	let turns = 0;
	const note = ({ status, text }) => {
		counts[status] = (counts[status] ?? 0) + 1;
		if (status !== 200) counts.last = text;
		return status === 200;
	};
	const opens = async () => {
		while (going) {
			const answer = await post(stack, 'create_session', {});
			if (note(answer)) sessions.push(answer.json.session_id);
			await breathe(BREATH_MS);
		}
	};
	const talks = async () => {
		const session = await newSession(stack);
		sessions.push(session.session_id);
		while (going) {
			const body = { ...pairOf(session), user_message: `Number ${turns}.`, audio: false };
			if (note(await post(stack, 'agent_reply', body, keyHeaders(stack)))) turns++;
			await breathe(TURN_MS);
		}
	};
	const calls = Promise.all([opens(), talks()]);
	calls.catch(() => {});
	return async () => {
		going = false;
		await calls;
		return { counts, sessions, turns };
	};
};

let stop;
let good;
after(() => stop?.());

test('a good one stays', async () => {
	await makeRepository();
	await version('good', 'main', { 'README.md': (text) => `${text}\n` });
	good = await treeOf('good');
	stop = startCalling();
	await deploys('good');
	assert.equal(running(), good);
	/* Whichever tree is asked, it is about the version that was put here. */
	const { stdout } = await stack.command('reload', 'create_session');
	assert.equal(stdout, `${stack.baseUrl}\n`);
	assert.equal(running(), good);
});

test('what is no version, or does not build, changes nothing', async () => {
	await refuses('nothing', /there is no version 'nothing'/);
	await refuses('good', /good is what runs/);
	await version('broken', 'good', { [AGENT]: (text) => `${text}#error no\n` });
	await refuses('broken', /can not be built; nothing was changed[^]*#error no/);
	assert.deepEqual(readdirSync(join(stack.dir, 'releases')).map((name) =>
		join(stack.dir, 'releases', name)), [good]);
});

test('one that crashes at its start never gets a request', async () => {
	await version('crash', 'good', { [AGENT]: crashes });
	await refuses('crash', /does not start; nothing was switched[^]*not healthy: agent_reply *\n/);
});

test('one that is slow is taken back by itself', async () => {
	await version('slow', 'good', { [AGENT]: isSlow });
	await refuses('slow',
		/switching[^]*putting the old version back: the first sound came after \d+ ms, before/);
});

test('a migration that fails half-way leaves those before it, goes on when mended', async () => {
	await version('half', 'good', twoTables('select 1 / 0;'));
	await refuses('half', /division by zero[^]*the migrations stopped/);
	assert.deepEqual(await tables(), ['try_one']);
	await version('mended', 'good', twoTables(''));
	await deploys('mended');
	assert.deepEqual(await tables(), ['try_one', 'try_two']);
	assert.equal(running(), await treeOf('mended'));
});

test('the one before comes back, and the schema stays', async () => {
	await deploys('previous');
	assert.equal(running(), good);
	assert.deepEqual(await tables(), ['try_one', 'try_two']);
	await stack.command('reload');
	assert.equal((await stack.command('status')).stderr, '');
});

test('killed while it tries a version: that ends with it', async () => {
	const beside = join(stack.dir, 'beside');
	const kill = await killAt('mended', 'starting it beside');
	await poll(() => existsSync(join(beside, 'sv/agent_reply')), { deadlineMs: PATIENCE_MS });
	await kill();
	await poll(() => !existsSync(join(beside, 'sv')), { deadlineMs: PATIENCE_MS });
	assert.equal(running(), good);
});

test('killed while it watches: the next one puts the version before back', async () => {
	const kill = await killAt('mended', 'watching it');
	assert.equal(running(), await treeOf('mended'));
	await refusesSecond();
	await kill();
	assert.match(await deploys('previous'), /was killed before it was sure of its version/);
	assert.equal(running(), good);
	assert.ok(!existsSync(join(stack.dir, 'deploying')));
});

const refusesSecond = async () => {
	const { status, stderr } = await deploy('good');
	assert.equal(status, 1);
	assert.match(stderr, /another scripts\/deploy is at work/);
};

test('nobody noticed: no request failed, and what was acknowledged is there, once', async () => {
	stack.expectRestart(...functionNames());
	const { counts, sessions, turns } = await stop();
	assert.deepEqual(Object.keys(counts), ['200'], JSON.stringify(counts));
	assert.ok(turns > 10, `${turns} turns`);
	const kept = (await sql(stack, 'select id from sessions order by id')).map(([id]) => id);
	assert.deepEqual(kept, sessions.sort(), 'and no session of a test call is left');
	assert.deepEqual(await sql(stack,
		"select count(*), count(distinct turn) from utterances where speaker = 'visitor'"),
	[[String(turns), String(turns)]]);
});

test('a preview has a stack of its own, and leaves nothing', async () => {
	const previews = join(place, 'previews');
	const dir = join(previews, 'try~mended');
	await git('branch', 'try/mended', 'mended');
	await copyCluster(join(dir, 'stack'));
	const preview = (...words) => does(script('preview'), words,
		{ cwd: place, timeout: PATIENCE_MS, env: { ...stack.env, PREVIEW_DIR: previews } });
	const url = (await preview('try/mended')).trim();
	assert.equal(await preview('list'), `try/mended\t${url}\n`);
	const ask = () => send(`${url}/functions/v1/create_session`, { body: '{}' });
	assert.equal((await ask()).status, 200);
	assert.ok(!readFileSync(join(dir, 'stack/secrets.env'), 'utf8').includes(stack.anonKey));
	const [[before]] = await sql(stack, 'select count(*) from sessions');
	assert.equal((await ask()).status, 200);
	assert.deepEqual(await sql(stack, 'select count(*) from sessions'), [[before]]);
	assert.match(readFileSync(join(dir, 'stack/env.sh'), 'utf8'), /RETENTION_DAYS=14/);
	await preview('try/mended', 'down');
	assert.ok(!existsSync(dir));
	await assert.rejects(ask, { code: 'ECONNREFUSED' });
	assert.equal(await preview('list'), '');
});

test('the stages set nothing that is no setting', () => {
	const own = readFileSync(join(root, 'scripts/lib/settings.sh'), 'utf8');
	const told = readFileSync(join(build, flavour, 'programs.json'), 'utf8');
	for (const stage of ['development', 'staging', 'production']) {
		const text = readFileSync(join(root, `scripts/stages/${stage}.env`), 'utf8');
		for (const [, name] of text.matchAll(/^([A-Z_]+)=/gm))
			assert.ok(told.includes(`"${name}"`) || own.includes(` ${name} `), name);
	}
});
