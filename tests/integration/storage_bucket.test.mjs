/* The bytes of files in a bucket: what comes is there before it is told of, what is read comes from
 * there, what goes goes there too, and what that does to who asks while the bucket is away. The
 * bucket is one of s3rver's, which checks each signature. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
	mkdtempSync, readdirSync, rmSync, statSync, unlinkSync, writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import S3rver from 's3rver';
import {
	poll, programUrl, request, root, sql, startWorker, TALK, useStack,
} from './env/index.mjs';
import * as files from './files.mjs';
import { makeDir } from './env/dirs.mjs';
import { run } from './env/stack_command.mjs';
import { people } from './people.mjs';

const { newName, ok } = files;
const BUCKET = 'visitors-files';
const KEYS = { STORAGE_S3_KEY_ID: 'S3RVER', STORAGE_S3_SECRET: 'S3RVER' };

const folder = mkdtempSync(join(tmpdir(), 'scribe-bucket-'));
const serve = (port) => {
	const server = new S3rver({
		address: '127.0.0.1', port, silent: true, directory: folder, vhostBuckets: false,
		configureBuckets: [{ name: BUCKET }],
	});
	return server.run().then((address) => ({ server, port: address.port }));
};
let { server, port } = await serve(0);
const url = `http://127.0.0.1:${port}/${BUCKET}`;
after(async () => {
	await server?.close();
	rmSync(folder, { recursive: true });
});

const backups = makeDir('backup');
const { stderr: told } = await run('age-keygen', ['-o', join(backups, 'key')]);
process.once('exit', () => rmSync(backups, { recursive: true, force: true }));

const stack = useStack({
	functions: [...TALK, 'auth', 'storage', 'summarize_session'],
	env: {
		STORAGE_S3_URL: url, ...KEYS,
		SCRIBE_BACKUP_DIR: join(backups, 'kept'),
		SCRIBE_BACKUP_RECIPIENT: told.match(/age1\w+/)[0],
	},
});

const placeOf = (version) => join(stack.dir, 'storage', version.slice(0, 2), version);
const isInBucket = (version) => files.filesIn(folder).some((name) => name.startsWith(version));
const isOnDisk = (version) => files.filesOnDisk(stack).includes(version);

/* A file of somebody's, and where its bytes are. */
const putOne = async (text) => {
	const bucket = files.bucketOf(stack, await people(stack, 'admin'));
	const name = newName();
	ok(await bucket.upload(name, Buffer.from(text)));
	return { bucket, name, version: await files.versionOf(stack, name) };
};
const read = async ({ bucket, name }) => ok(await bucket.download(name)).text();

/* Files that are an hour old and more are swept until that is so. */
const sweepUntil = async (condition) => {
	const worker = startWorker(stack, 'integration/old_files',
		{ STORAGE_DIR: join(stack.dir, 'storage') });
	try {
		await poll(condition);
	} finally {
		await worker.stop();
	}
};

test('what comes is in the bucket, and is read from there when the disk lacks it', async () => {
	const file = await putOne('Grüße aus dem Eimer');
	assert.ok(isInBucket(file.version) && isOnDisk(file.version));
	unlinkSync(placeOf(file.version));
	assert.equal(await read(file), 'Grüße aus dem Eimer');
	assert.ok(isOnDisk(file.version), 'it is here for the next');
	unlinkSync(placeOf(file.version));
	const { signedUrl } = ok(await file.bucket.createSignedUrl(file.name, 60));
	const part = await request(stack, 'GET', signedUrl.slice(stack.baseUrl.length), {
		headers: { range: 'bytes=0-5' },
	});
	assert.deepEqual([part.status, part.text], [206, 'Grüß']);
});

test('a copy has bytes of its own, and what is removed goes from both places', async () => {
	const file = await putOne('one');
	const name = `${file.name}.copy`;
	ok(await file.bucket.copy(file.name, name));
	const copied = await files.versionOf(stack, name);
	assert.ok(isInBucket(copied) && copied !== file.version);
	ok(await file.bucket.remove([file.name]));
	await poll(() => !isInBucket(file.version) && !isOnDisk(file.version));
	unlinkSync(placeOf(copied));
	assert.equal(await read({ ...file, name }), 'one');
});

test('what nobody reads goes from the disk, what nobody tells of from the bucket too', async () => {
	const file = await putOne('still told of');
	const lost = await putOne('told of no more');
	await sql(stack, `begin; set local session_replication_role = replica;
		delete from storage_objects where version = :'version'; commit`, { version: lost.version });
	await sweepUntil(() => !isOnDisk(file.version) && !isOnDisk(lost.version));
	assert.ok(isInBucket(file.version));
	await poll(() => !isInBucket(lost.version));
	assert.equal(await read(file), 'still told of');
});

test('files of the time before the bucket move there, second names among them', async () => {
	stack.expectRestart('storage');
	await stack.commandWith({ STORAGE_S3_URL: '' }, 'reload', 'storage');
	const file = await putOne('from before');
	const name = `${file.name}.copy`;
	ok(await file.bucket.copy(file.name, name));
	const copied = await files.versionOf(stack, name);
	assert.ok(!isInBucket(file.version));
	assert.equal(statSync(placeOf(copied)).nlink, 2);
	await stack.commandWith({ STORAGE_S3_URL: url }, 'reload', 'storage');
	assert.equal(await read(file), 'from before', 'it is on the disk');
	await sweepUntil(() => !isOnDisk(file.version) && !isOnDisk(copied));
	assert.ok(isInBucket(file.version) && isInBucket(copied));
	assert.equal(await read(file), 'from before');
	assert.equal(await read({ ...file, name }), 'from before');
});

test('what is not the file that was put there is not given away, nor kept', async () => {
	const file = await putOne('the right bytes');
	const place = join(folder, readdirSync(folder, { recursive: true })
		.find((name) => name.includes(file.version) && name.endsWith('_object')));
	for (const wrong of ['<html>Log in first</html>', '', 'the right', 'the wrong bytes']) {
		writeFileSync(place, wrong);
		unlinkSync(placeOf(file.version));
		const { error } = await file.bucket.download(file.name);
		assert.equal(error.originalError?.status ?? error.status, 503, wrong);
		assert.ok(!isOnDisk(file.version));
		assert.ok((await file.bucket.copy(file.name, `${file.name}.copy`)).error);
		writeFileSync(place, 'the right bytes');
		assert.equal(await read(file), 'the right bytes');
	}
	assert.match(stack.logs('storage'), /"bucket_wrong"/);
});

test('a backup and what is restored from it miss nothing that the bucket has', async () => {
	const file = await putOne('not on the disk');
	for (const version of files.filesOnDisk(stack)) unlinkSync(placeOf(version));
	const does = async (name, args = []) => {
		const { status, stderr } = await run(join(root, 'scripts', name), args,
			{ cwd: stack.dir, env: stack.env });
		assert.equal(status, 0, stderr);
		return stderr;
	};
	await does('backup');
	await does('stack', ['down']);
	assert.match(await does('restore'), /\d+ files were not copied: they are the bucket's/);
	await does('stack', ['up']);
	stack.expectRestart(...Object.keys(stack.pids()));
	assert.equal(await read(file), 'not on the disk');
});

test('a bucket that is away: no file is told of, and what is on the disk is read', async () => {
	const here = await putOne('here');
	const there = await putOne('there');
	unlinkSync(placeOf(there.version));
	await server.close();
	server = null;
	try {
		const name = newName();
		const refused = await here.bucket.upload(name, Buffer.from('new'));
		assert.match(refused.error.message, /does not answer/);
		assert.equal(Number(refused.error.statusCode), 503);
		assert.equal(await files.versionOf(stack, name), undefined);
		assert.equal(await read(here), 'here');
		assert.ok((await here.bucket.download(there.name)).error);
		ok(await here.bucket.remove([here.name]));
	} finally {
		({ server } = await serve(port));
	}
	assert.equal(await read(there), 'there', 'it is back');
	await sweepUntil(() => !isInBucket(here.version) && !isOnDisk(here.version));
});

/* Takes connections, and that is all. */
const serveSilence = async () => {
	const held = [];
	const silent = createServer((socket) => held.push(socket.on('error', () => {})));
	silent.listen(port, '127.0.0.1');
	await once(silent, 'listening');
	return { held, end: () => {
		for (const socket of held) socket.destroy();
		return once(silent.close(), 'close');
	} };
};

test('who waits for a bucket that is silent keeps nobody from what is on the disk', async () => {
	const here = await putOne('here');
	const there = [await putOne('there'), await putOne('there too')];
	for (const { version } of there) unlinkSync(placeOf(version));
	await server.close();
	const silence = await serveSilence();
	let over = 0;
	const waiting = there.map(({ bucket, name }) =>
		bucket.download(name).finally(() => (over += 1)));
	try {
		await poll(() => silence.held.length >= there.length);
		assert.equal(await read(here), 'here');
		assert.equal(over, 0, 'it waits for nobody');
	} finally {
		await silence.end();
		({ server } = await serve(port));
	}
	await Promise.all(waiting);
});

test('a bucket whose secret is missing is told at the start', () => {
	const program = join(stack.env.BUILD, stack.env.FLAVOUR, 'bin/storage');
	const { status, stderr } = spawnSync(program, ['--check-config'], {
		env: { ...stack.env, DATABASE_URL: programUrl(stack), STORAGE_S3_SECRET: '' },
		encoding: 'utf8',
	});
	assert.notEqual(status, 0);
	assert.match(stderr, /^STORAGE_S3_URL: .*STORAGE_S3_SECRET/m);
});
