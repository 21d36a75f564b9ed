/* Backups and what is restored from them, as operators make them: nothing that was acknowledged is
 * lost, a point in time is that point, who was forgotten stays so, and what is broken or half made
 * is told and harms nothing. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
	chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync,
	rmSync, statSync, truncateSync, utimesSync, writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
	keyHeaders, newSession, operate, pairOf, poll, post, request, root, sql, useStack,
} from './env/index.mjs';
import { makeDir } from './env/dirs.mjs';
import { run } from './env/stack_command.mjs';
import { people } from './people.mjs';

const place = makeDir('backup');
const dir = join(place, 'kept');
const key = join(place, 'key');
const { stderr: told } = await run('age-keygen', ['-o', key]);
mkdirSync(dir, { mode: 0o755 }); // somebody made it for us
const stack = useStack({ env: {
	SCRIBE_BACKUP_DIR: dir,
	SCRIBE_BACKUP_RECIPIENT: told.match(/age1\w+/)[0],
} });
process.once('exit', () => rmSync(place, { recursive: true, force: true }));

const script = (name, args = [], env = {}) =>
	run(join(root, 'scripts', name), args, { cwd: stack.dir, env: { ...stack.env, ...env } });
const does = async (name, args, env) => {
	const result = await script(name, args, env);
	assert.equal(result.status, 0, result.stderr);
	return result;
};
const refuses = async (name, args, env, why) => {
	const { status, stderr } = await script(name, args, env);
	assert.notEqual(status, 0, 'it went through');
	assert.match(stderr, why);
};
const wholeOnes = () => readFileSync(join(dir, 'whole'), 'utf8').trim().split('\n');
const backups = async () => (await script('stack', ['status'])).stdout
	.split('\n').find((line) => line.startsWith('backups')) ?? '';
/* Of metrics, as text; undefined if it is not told. */
const number = async (name) => (await operate(stack, '/metrics')).text
	.split('\n').find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
const isTold = (name, value) => poll(async () => (await number(name)) === value);
const PLACE = 'scribe_backup_place_up', LAST = 'scribe_backup_last_timestamp_seconds';
const ARCHIVING = 'scribe_database_archiving';
const say = async (session, words) => {
	const answer = await post(stack, 'agent_reply',
		{ ...pairOf(session), user_message: words, audio: false }, keyHeaders(stack));
	assert.equal(answer.status, 200, answer.text);
};
const heard = async (session) => (await sql(stack,
	`select text from utterances where session_id = :'id' and speaker = 'visitor'
	order by position`,
	{ id: session.session_id })).map(([text]) => text);
const upload = async (person, name, text) => {
	const answer = await request(stack, 'POST', `/storage/v1/object/uploads/${name}`,
		{ body: text, headers: { ...person.keyed, 'content-type': 'text/plain' } });
	assert.equal(answer.status, 200, answer.text);
};
const download = (person, name) =>
	request(stack, 'GET', `/storage/v1/object/authenticated/uploads/${name}`,
		{ headers: person.keyed });
const down = () => script('stack', ['down']);
const up = async () => {
	await does('stack', ['up']);
	stack.expectRestart(...Object.keys(stack.pids()));
};

/* Kills all that carries the stack's mark, as a power cut; PostgreSQL is known by its folder. */
const crash = async () => {
	const mark = `SCRIBE_STACK_UNIT=${readFileSync(join(stack.dir, 'id'), 'utf8').trim()}:`;
	const found = () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
		try {
			return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark) ||
				readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${stack.dir}/`);
		} catch {
			return false;
		}
	});
	await poll(() => {
		for (const pid of found()) process.kill(Number(pid), 'SIGKILL');
		return found().length === 0;
	});
};

let talk;
let forgotten;
let admin;
let point;

test('none was made yet, and status says so', async () => {
	assert.match(await backups(), /none was made yet/);
	await refuses('backup', [], { STACK_DIR: place }, /^backup: there is no stack/);
	await isTold(PLACE, '1');
	assert.equal(await number(LAST), undefined);
});

test('a folder that is there keeps its mode, and is refused if it will not do', async () => {
	const modeOf = (name) => statSync(name).mode & 0o7777;
	assert.equal(modeOf(dir), 0o755, 'the one that is used');
	const folders = [
		['public', 0o1777, [], 'can be written by others \\(its mode is 1777\\)'],
		['shared', 0o775, [], 'can be written by others \\(its mode is 775\\)'],
		['full', 0o755, ['database'], 'holds other things'],
	];
	for (const [name, mode, things, why] of folders) {
		const folder = join(place, name);
		mkdirSync(folder);
		for (const thing of things) mkdirSync(join(folder, thing));
		chmodSync(folder, mode);
		await refuses('stack', ['reload'], { SCRIBE_BACKUP_DIR: folder },
			new RegExp(`^stack: SCRIBE_BACKUP_DIR: '${folder}' ${why}`, 'm'));
		assert.equal(modeOf(folder), mode);
		assert.deepEqual(readdirSync(folder), things);
	}
	await refuses('stack', ['reload'], { SCRIBE_BACKUP_DIR: key },
		/^stack: SCRIBE_BACKUP_DIR: '\S+\/key' is no folder/m);
	if (process.getuid() === 0) {
		const closed = join(place, 'closed');
		mkdirSync(closed, { mode: 0o700 });
		await refuses('stack', ['reload'], { SCRIBE_BACKUP_DIR: closed },
			/^stack: SCRIBE_BACKUP_DIR: the user postgres can not reach '\S+\/closed'/m);
	}
	assert.match(await backups(), /none was made yet/);
});

test('a whole one', async () => {
	admin = await people(stack, 'admin');
	const visitor_id = randomUUID();
	talk = await newSession(stack);
	forgotten = { visitor_id, session: await newSession(stack, { visitor_id, consent: true }) };
	await say(talk, 'This was said before the backup.');
	await say(forgotten.session, 'I shall be forgotten.');
	await upload(admin, 'early.txt', 'early');
	const files = join(stack.dir, 'storage');
	renameSync(files, `${files}.away`);
	mkdirSync(files);
	await refuses('backup', [], {}, /none of the newest 1 files: is its disk mounted/);
	rmdirSync(files);
	renameSync(`${files}.away`, files);
	/* What comes often gives way, the daily one waits. */
	const other = spawn('flock', [join(dir, 'lock'), 'cat'], { stdio: ['pipe', 'pipe', 2] });
	other.stdin.write('locked\n');
	await once(other.stdout, 'data');
	await refuses('backup', ['files'], {}, /another scripts\/backup is at work/);
	const daily = does('backup');
	await poll(async () => (await run('pgrep', ['-f', 'flock -w 7200 9'])).status === 0);
	other.stdin.end();
	await daily;
	assert.equal(wholeOnes().length, 1);
	assert.match(await backups(), / healthy$/);
	const age = await poll(async () => Date.now() / 1000 - (await number(LAST)));
	assert.ok(age > -1 && age < 120, `${age} s`);
	assert.ok(await number(`scribe_disk_free_bytes{dir="${dir}"}`) > 0);
	assert.equal(await number(ARCHIVING), '1');
	await does('backup', ['verify']);
});

test('without the database status and reload say so in words of ours', async () => {
	const unit = join(stack.dir, 'sv/postgresql/a');
	assert.equal((await run('sv', ['down', unit])).status, 0);
	try {
		const { stdout, stderr } = await poll(async () => {
			const found = await script('stack', ['status']);
			return /^host .*not ready: database/m.test(found.stdout) && found;
		});
		assert.match(stdout, /^postgresql +- +down$/m);
		assert.match(stdout, /^backups .* not known without the database$/m);
		assert.equal(stderr, '');
		await refuses('stack', ['reload'], {},
			/^stack: PostgreSQL does not answer; nothing was changed$/m);
	} finally {
		assert.equal((await run('sv', ['up', unit])).status, 0);
	}
	await poll(async () => (await script('stack', ['status'])).status === 0);
});

test('where the programs have no way in, metrics raise no alarm, and the log tells', async () => {
	if (process.getuid() !== 0) return; /* all of it is one user's then */
	const { uid, gid, mode } = statSync(dir);
	await run('chown', ['postgres:', dir]);
	chmodSync(dir, 0o700);
	await isTold(PLACE, undefined);
	assert.equal(await number(LAST), undefined);
	assert.match(stack.logs('metrics'), /"backups_not_seen"/);
	await run('chown', [`${uid}:${gid}`, dir]);
	chmodSync(dir, mode & 0o7777);
	await isTold(PLACE, '1');
});

test('keys are apart and sealed', async () => {
	const [file] = readdirSync(join(dir, 'secrets'));
	const sealed = join(dir, 'secrets', file);
	const kept = readFileSync(join(stack.dir, 'secrets.env'), 'utf8').match(/DATA_KEY=(\w+)/)[1];
	const { stdout } = await run('age', ['-d', '-i', key, sealed]);
	assert.match(stdout, new RegExp(`^SCRIBE_DATA_KEY=${kept}$`, 'm'));
	const { status } = await run('grep', ['-rqF', kept, dir]);
	assert.equal(status, 1, 'the data key is among what it opens');
});

test('one that finds no room or is killed leaves the one before', async () => {
	const before = wholeOnes();
	const bounded = await run('bash',
		['-c', `trap '' XFSZ; ulimit -f 64; exec ${root}/scripts/backup`],
		{ cwd: stack.dir, env: stack.env });
	assert.notEqual(bounded.status, 0);
	assert.match(bounded.stderr, /could not be backed up; those before are as they were/);
	const killed = run('timeout', ['-s', 'KILL', '0.3', join(root, 'scripts/backup')],
		{ cwd: stack.dir, env: stack.env });
	assert.notEqual((await killed).status, 0);
	assert.deepEqual(wholeOnes(), before);
	/* The one that was killed may have left somebody at work. */
	await poll(async () => (await script('backup', ['verify'])).status === 0);
	assert.match(await backups(), / healthy$/);
});

test('a log that can not be archived is told, and is archived later', async () => {
	const database = join(dir, 'database');
	renameSync(database, `${database}.away`);
	await sql(stack, 'create table of_no_use (); select pg_switch_wal()');
	const failing = await poll(async () => {
		const line = await backups();
		return /can not be archived/.test(line) && line;
	});
	assert.match(failing, /last tried \S+ \S+ UTC\): \d+ \w+ wait, and the disk has \S+ left/);
	assert.notEqual((await script('stack', ['status'])).status, 0);
	assert.equal(await number(ARCHIVING), '0');
	await refuses('backup', [], {}, /is its disk/);
	renameSync(`${database}.away`, database);
	await poll(async () => {
		await sql(stack, 'drop table if exists of_no_use; select pg_switch_wal()');
		return / healthy$/.test(await backups());
	}, { deadlineMs: 150_000 });
	assert.equal(await number(ARCHIVING), '1');
});

test('a log that waits behind a command that hangs is told', async () => {
	const pg = join(stack.dir, 'pg'), conf = join(pg, 'archive.conf'), fifo = join(place, 'fifo');
	const before = readFileSync(conf, 'utf8');
	await run('mkfifo', ['-m', '666', fifo]);
	writeFileSync(conf, before.replace(/^archive_command.*$/m,
		`archive_command = 'read line <"${fifo}"; false'`));
	await sql(stack, 'select pg_reload_conf()');
	await poll(async () => {
		await sql(stack, 'create table if not exists of_no_use (); select pg_switch_wal()');
		return (await run('pgrep', ['-f', `read line <"${fifo}"`])).status === 0;
	});
	const [waits] = readdirSync(join(pg, 'pg_wal/archive_status'))
		.filter((name) => name.endsWith('.ready'));
	const long = new Date(Date.now() - 20 * 60_000);
	utimesSync(join(pg, 'pg_wal/archive_status', waits), long, long);
	assert.match(await backups(),
		/the log has waited (19|20|21) minutes to be archived: \d+ \w+ wait/);
	writeFileSync(conf, before);
	await sql(stack, 'select pg_reload_conf()');
	const writer = await open(fifo, 'r+'); // whoever reads it goes on
	await writer.write('\n');
	await poll(async () => / healthy$/.test(await backups()), { deadlineMs: 150_000 });
	await writer.close();
});

test('a folder whose disk is not mounted is not made anew', async () => {
	renameSync(dir, `${dir}.away`);
	await refuses('backup', [], {}, /is not the folder that it was: is its disk mounted\?/);
	await refuses('forget', [randomUUID()], {}, /is its disk mounted\?/);
	mkdirSync(dir);
	await isTold(PLACE, '0');
	assert.equal(await number(`scribe_disk_free_bytes{dir="${dir}"}`), undefined);
	await refuses('forget', [randomUUID()], {}, /is its disk mounted\?/);
	await does('stack', ['reload']);
	stack.expectRestart(...Object.keys(stack.pids()));
	assert.match(await backups(), /is its disk mounted\?/);
	assert.deepEqual(readdirSync(dir), []);
	rmdirSync(dir);
	renameSync(`${dir}.away`, dir);
	await isTold(PLACE, '1');
	await poll(async () => {
		await sql(stack, 'drop table if exists of_no_use; select pg_switch_wal()');
		return / healthy$/.test(await backups());
	}, { deadlineMs: 150_000 });
});

test('a point in time: what was before it is there, what came after is not', async () => {
	await say(talk, 'This was said before the point.');
	await upload(admin, 'late.txt', 'late');
	await does('backup', ['files']);
	await post(stack, 'collect_email', { email: 'dana@northwind.example' }, keyHeaders(stack));
	[[point]] = await sql(stack, 'select clock_timestamp()');
	await say(talk, 'This was said after the point.');
	const { stdout } = await does('forget', [forgotten.visitor_id]);
	assert.match(stdout, /^sessions 1$/m);
	assert.ok(!readFileSync(join(dir, 'forgotten'), 'utf8').includes(forgotten.visitor_id));

	await refuses('restore', ['--to', point], {}, /is up/);
	await down();
	await refuses('restore', ['--to', '2020-01-01'], {}, /nothing has changed/);
	rmSync(join(stack.dir, 'storage'), { recursive: true });
	rmSync(join(stack.dir, 'secrets.env'));
	for (const option of ['--to', '--backup', '--key']) {
		const why = new RegExp(`^restore: ${option}: nothing is given`);
		await refuses('restore', [option, ''], {}, why);
		await refuses('restore', [option], {}, why);
	}
	await refuses('restore', ['--to', ' '], {}, /^restore: --to: ' ' is not a time/);
	await refuses('restore', ['--to', 'next year'], {}, /^restore: --to: .* yet to come/);
	await refuses('restore', ['--to', 'some day'], {}, /^restore: --to: 'some day' is not a time/);
	await refuses('restore', ['--to', point], {}, /secrets.env is lost; give --key/);
	const { stderr } = await does('restore', ['--to', point, '--key', key]);
	assert.match(stderr, /forgotten again: 1$/m);
	assert.match(stderr, /1 messages may have gone out since/);
	await up();
	assert.deepEqual(await heard(talk),
		['This was said before the backup.', 'This was said before the point.']);
	assert.deepEqual(await heard(forgotten.session), []);
	assert.deepEqual(await sql(stack, `select state from jobs where kind = 'confirm_mail'`),
		[['dead']]);
	assert.equal((await download(admin, 'early.txt')).text, 'early');
	assert.equal((await download(admin, 'late.txt')).text, 'late');
	await say(talk, 'We go on from here.');
	await poll(async () => / healthy$/.test(await backups()));
});

test('a backup that is broken is refused by name', async () => {
	const broken = join(place, 'broken');
	cpSync(dir, broken, { recursive: true });
	const [, label] = wholeOnes()[0].split(' ');
	const set = join(broken, 'database/backup/scribe', label);
	const files = readdirSync(set, { recursive: true }).map((name) => join(set, name))
		.filter((name) => statSync(name).isFile() && !name.includes('manifest'));
	const [largest] = files.sort((a, b) => statSync(b).size - statSync(a).size);
	truncateSync(largest, Math.floor(statSync(largest).size / 2));
	await run('chown', ['-R', `--reference=${join(dir, 'database')}`, join(broken, 'database')]);
	chmodSync(broken, 0o711);
	await down();
	const before = statSync(join(stack.dir, 'pg/PG_VERSION')).ino;
	await refuses('restore', ['--backup', label], { SCRIBE_BACKUP_DIR: broken },
		new RegExp(`the backup ${label} is not there or is broken`));
	await refuses('restore', ['--backup', '20200101-000000F'], {}, /20200101-000000F is not there/);
	assert.equal(statSync(join(stack.dir, 'pg/PG_VERSION')).ino, before);
	await up();
});

/* A restore that was killed while pgBackRest brings back the database; that one stands still. */
const killRestore = async () => {
	const child = spawn(join(root, 'scripts/restore'), [],
		{ cwd: stack.dir, env: stack.env, stdio: 'ignore' });
	const ended = once(child, 'exit');
	const left = await poll(async () =>
		Number((await run('pgrep', ['-P', child.pid, '-x', 'pgbackrest'])).stdout));
	process.kill(left, 'SIGSTOP');
	child.kill('SIGKILL');
	await ended;
	return left;
};
const isAtWork = (pid) => {
	try {
		return /^State:\s+[^XZ]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
	} catch {
		return false;
	}
};

test('what a killed restore has left is ended before the next begins', async () => {
	const lock = join(stack.dir, 'restore.lock');
	await down();
	const left = await killRestore();
	const folder = readFileSync(`/proc/${left}/cmdline`, 'utf8')
		.match(/\/tmp\/scribe-restore-\w+/)[0];
	try {
		assert.ok(isAtWork(left));
		await does('restore');
		assert.ok(!isAtWork(left), 'two were at work');
	} finally {
		if (isAtWork(left)) process.kill(left, 'SIGKILL');
	}
	assert.ok(!existsSync(folder), 'its folder is still there');
	/* Of somebody whom nobody can tell only the lock speaks. */
	const other = spawn('flock', [lock, 'cat'], { stdio: ['pipe', 'pipe', 2] });
	other.stdin.write('locked\n');
	await once(other.stdout, 'data');
	const before = statSync(join(stack.dir, 'pg/PG_VERSION')).ino;
	await refuses('restore', [], {}, /has left somebody who still writes.*nothing has changed/);
	other.stdin.end();
	assert.equal(statSync(join(stack.dir, 'pg/PG_VERSION')).ino, before);
	await up();
});

test('on a new machine scribe.env and the key are enough', async () => {
	const machine = join(place, 'machine'), files = join(place, 'files');
	mkdirSync(machine);
	chmodSync(place, 0o711);
	writeFileSync(join(machine, 'scribe.env'), `SCRIBE_BACKUP_DIR=${dir}\nSTORAGE_DIR=${files}\n`);
	const env = Object.fromEntries(Object.entries(stack.env)
		.filter(([name]) => !/^(SCRIBE|STORAGE)_/.test(name)));
	const { status, stderr } = await run(join(root, 'scripts/restore'), ['--key', key],
		{ cwd: machine, env: { ...env, STACK_DIR: join(machine, 'stack') } });
	assert.equal(status, 0, stderr);
	assert.match(stderr, /the keys are those of/);
	const [[version]] = await sql(stack,
		`select version from storage_objects where name = 'late.txt'`);
	assert.equal(readFileSync(join(files, version.slice(0, 2), version), 'utf8'), 'late');
	const kept = readFileSync(join(machine, 'stack/secrets.env'), 'utf8');
	assert.match(kept, /^SCRIBE_DATA_KEY=\w+$/m);
	assert.ok(statSync(join(machine, 'stack/pg/PG_VERSION')).isFile());
});

test('after a crash nothing acknowledged is lost, also of what was not archived yet', async () => {
	await say(talk, 'This was said last.');
	await crash();
	await down();
	await does('restore');
	await up();
	assert.deepEqual((await heard(talk)).slice(-2), ['We go on from here.', 'This was said last.']);
});
