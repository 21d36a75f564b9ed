/* storage: files in buckets, as both storage clients put, list, show and remove them, through
 * nginx; who sees what of them; what is not to be stored; and lists made on request. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import {
	audio, keyHeaders, newSession, poll, request, root, sql, supabase, supabaseVersions, TALK,
	useStack,
} from './env/index.mjs';
import * as files from './files.mjs';
import { checkTable, people } from './people.mjs';

const { newName, ok } = files;

const stack = useStack({
	functions: [...TALK, 'auth', 'rest', 'storage', 'speech_to_text'],
	env: { SCRIBE_KEEP_AUDIO: '1', STORAGE_PERSON_BYTES_MAX: '20000000' },
});

const bucketOf = (...args) => files.bucketOf(stack, ...args);
const filesOnDisk = () => files.filesOnDisk(stack);
const versionOf = (name) => files.versionOf(stack, name);
const bytesOf = async (blob) => Buffer.from(await blob.arrayBuffer());
const get = (path, headers = {}) => request(stack, 'GET', path, { headers });
const pathOf = (url) => url.slice(stack.baseUrl.length);

for (const version of supabaseVersions)
	test(`a file goes round with supabase-js ${version}`, async () => {
		const admin = await people(stack, 'admin');
		const bucket = bucketOf(admin, 'uploads', version);
		const name = newName();
		const put = ok(await bucket.upload(name, new Blob(['Grüße'], { type: 'text/plain' }),
			{ cacheControl: '60', metadata: { from: 'a test' } }));
		assert.equal(put.path, name);
		assert.equal(put.fullPath, `uploads/${name}`);
		assert.match(put.id, /^[0-9a-f-]{36}$/);

		assert.equal(await ok(await bucket.download(name)).text(), 'Grüße');
		const info = ok(await bucket.info(name));
		assert.equal(info.size, 7);
		assert.equal(info.contentType, 'text/plain; charset=utf-8');
		assert.equal(info.cacheControl, 'max-age=60');
		assert.deepEqual(info.metadata, { from: 'a test' });
		assert.equal(ok(await bucket.exists(name)), true);
		assert.equal((await bucket.exists(`${name}.not`)).data, false);

		/* Again is an error, in its place is not. */
		const again = await bucket.upload(name, Buffer.from('x'));
		assert.equal(again.error.message, 'The resource already exists');
		assert.equal(Number(again.error.statusCode), 409);
		ok(await bucket.upload(name, Buffer.from('two'), { upsert: true }));
		ok(await bucket.update(name, Buffer.from('three'), { contentType: 'text/csv' }));
		assert.equal(ok(await bucket.info(name)).contentType, 'text/csv; charset=utf-8');

		const { signedUrl } = ok(await bucket.createSignedUrl(name, 60, { download: 'a b.txt' }));
		const opened = await get(pathOf(signedUrl));
		assert.equal(opened.status, 200);
		assert.equal(opened.text, 'three');
		assert.match(opened.headers.get('content-disposition'),
			/^attachment; .*filename\*=UTF-8''a%20b\.txt$/);

		ok(await bucket.copy(name, `${name}.copy`));
		ok(await bucket.move(`${name}.copy`, `${name}.moved`));
		assert.equal(await ok(await bucket.download(`${name}.moved`)).text(), 'three');
		const gone = ok(await bucket.remove([name, `${name}.moved`, `${name}.never`]));
		assert.deepEqual(gone.map((o) => o.name).sort(), [name, `${name}.moved`].sort());
		assert.ok((await bucket.download(name)).error);
		assert.equal((await get(pathOf(signedUrl))).status, 400);
	});

test('lists are of folders, in order, a page at a time', async () => {
	const bucket = bucketOf(await people(stack, 'admin'));
	const folder = `lists-${process.pid}`;
	for (const name of ['b.txt', 'a.txt', 'sub/one.txt', 'sub/deep/two.txt', 'Ab.txt', 'c_.txt'])
		ok(await bucket.upload(`${folder}/${name}`, Buffer.from(name)));
	const names = async (options) => ok(await bucket.list(folder, options)).map((o) => o.name);
	assert.deepEqual(await names(), ['Ab.txt', 'a.txt', 'b.txt', 'c_.txt', 'sub']);
	assert.deepEqual(await names({ limit: 2, offset: 1 }), ['a.txt', 'b.txt']);
	assert.deepEqual(await names({ sortBy: { column: 'name', order: 'desc' }, limit: 2 }),
		['sub', 'c_.txt']);
	assert.deepEqual(await names({ sortBy: { column: 'created_at', order: 'asc' }, limit: 2 }),
		['b.txt', 'a.txt']);
	assert.deepEqual(await names({ search: 'a' }), ['Ab.txt', 'a.txt']);
	assert.deepEqual(await names({ search: 'c_' }), ['c_.txt']);
	assert.deepEqual(await names({ search: '_' }), []);
	const [sub] = ok(await bucket.list(folder, { search: 'sub' }));
	assert.equal(sub.id, null);
	const below = ok(await bucket.list(`${folder}/sub/`));
	assert.deepEqual(below.map((o) => o.name), ['deep', 'one.txt']);
	assert.equal(ok(await bucket.list(folder, { search: 'b.' }))[0].metadata.mimetype,
		'text/plain; charset=utf-8');
	const { error } = await bucket.list(folder, { sortBy: { column: 'owner' } });
	assert.match(error.message, /sorted/);
});

test('buckets are told, and not made', async () => {
	const client = supabase(stack, { headers: (await people(stack, 'viewer')).headers }).storage;
	assert.deepEqual(ok(await client.listBuckets()).map((b) => [b.id, b.public]),
		[['audio', false], ['exports', false], ['uploads', false]]);
	assert.equal(ok(await client.getBucket('uploads')).file_size_limit, 16 * 1024 * 1024);
	assert.equal((await client.getBucket('none')).error.message, 'Bucket not found');
	assert.match((await client.createBucket('more')).error.message, /not made/);
	assert.deepEqual(ok(await supabase(stack).storage.listBuckets()), []);
});

test('a link to a place takes one file, for who has it', async () => {
	const admin = await people(stack, 'admin');
	const name = newName('png');
	const picture = Buffer.from('\x89PNG\r\n\x1a\n----', 'latin1');
	const { token } = ok(await bucketOf(admin).createSignedUploadUrl(name));
	const nobody = supabase(stack).storage.from('uploads');
	for (const [to, by] of [[`${name}.x`, token], [name, `${token}0`]])
		assert.match((await nobody.uploadToSignedUrl(to, by, picture)).error.message, /link/);
	ok(await nobody.uploadToSignedUrl(name, token, new Blob([picture])));
	assert.equal((await nobody.uploadToSignedUrl(name, token, picture)).error.message,
		'The resource already exists');
	assert.equal(ok(await bucketOf(admin).info(name)).contentType, 'image/png');
	const [[owner]] = await sql(stack,
		`select put_by from storage_objects where name = :'name'`, { name });
	assert.equal(owner, admin.id);
	assert.match((await nobody.createSignedUploadUrl(newName())).error.message, /may not/);
});

test('what is told of many links is what is there', async () => {
	const bucket = bucketOf(await people(stack, 'admin'));
	const name = newName();
	ok(await bucket.upload(name, Buffer.from('x')));
	const [one, none] = ok(await bucket.createSignedUrls([name, `${name}.not`], 60));
	assert.equal((await get(pathOf(one.signedUrl))).text, 'x');
	assert.equal(none.signedUrl, null);
	assert.match(none.error, /does not exist/);
});

/* ---- who sees what ---- */

const ANSWERS = {
	list: (c, b, name) => c.from(b).list(name.slice(0, name.lastIndexOf('/'))),
	download: (c, b, name) => c.from(b).download(name),
	info: (c, b, name) => c.from(b).info(name),
	sign: (c, b, name) => c.from(b).createSignedUrl(name, 60),
	upload: (c, b) => c.from(b).upload(newName(b === 'audio' ? 'wav' : 'csv'),
		b === 'audio' ? WAV : Buffer.from('a,b\n'), { contentType: 'text/csv' }),
	place: (c, b) => c.from(b).createSignedUploadUrl(newName()),
	move: (c, b, name) => c.from(b).move(name, name),
	remove: (c, b, name) => c.from(b).remove([name]),
};
const WHO = ['service', 'owner', 'admin', 'viewer', 'signed out', 'demoted', 'expired', 'forged',
	'outsider', 'anon'];
const WAV = Buffer.from('RIFF....WAVEfmt ');

const statusOf = async ({ error, data }) => {
	if (!error) return Array.isArray(data) ? (data.length ? 'seen' : 'nothing') : 'seen';
	return String(error.statusCode ?? error.status ?? error.originalError?.status ?? '?');
};

test('who sees, puts and removes what in each bucket', async () => {
	const owner = await people(stack, 'owner');
	const rows = [];
	for (const bucket of ['audio', 'exports', 'uploads'])
		for (const who of WHO) {
			const headers = (await people(stack, who)).headers;
			const client = supabase(stack, { headers }).storage;
			const name = newName(bucket === 'audio' ? 'wav' : 'csv');
			ok(await bucketOf(owner, bucket).upload(name,
				bucket === 'audio' ? WAV : Buffer.from('a\n'), { contentType: 'text/csv' }));
			const cells = [];
			for (const [what, ask] of Object.entries(ANSWERS)) {
				const answer = await statusOf(await ask(client, bucket, name));
				cells.push(answer);
				assert.equal(!(await versionOf(name)), what === 'remove' && answer === 'seen',
					`${who} ${what} ${bucket}`);
			}
			rows.push([bucket, who, ...cells]);
		}
	await checkTable('storage.md', 'Who is answered what by storage',
		['bucket', 'who', ...Object.keys(ANSWERS)], rows);
});

test('without any key there is nothing, and no public bucket', async () => {
	assert.equal((await get('/storage/v1/bucket')).status, 401);
	const { data } = supabase(stack).storage.from('uploads').getPublicUrl('a.txt');
	const answer = await get(pathOf(data.publicUrl));
	assert.equal(answer.status, 404);
	assert.equal(answer.json.message, 'Bucket not found');
});

test('a link is over when its time is, or who made it may not see that any more', async () => {
	const admin = await people(stack, 'admin', { fresh: true });
	const name = newName();
	ok(await bucketOf(await people(stack, 'owner'), 'audio').upload(`${name}.wav`, WAV));
	const { signedUrl } = ok(await bucketOf(admin, 'audio').createSignedUrl(`${name}.wav`, 1000));
	assert.equal((await get(pathOf(signedUrl))).status, 200);
	ok(await bucketOf(admin, 'audio').download(`${name}.wav`));
	const told = await sql(stack, `select actor, action, subject from audit_log
		where detail->>'name' = :'name' order by id`, { name: `${name}.wav` });
	const by = `person:${admin.id}`;
	assert.deepEqual(told, [[by, 'file_linked', 'audio'], ['link', 'file_read', 'audio'],
		[by, 'file_read', 'audio']]);
	assert.equal((await get(pathOf(signedUrl).replace(/token=./, 'token=z'))).status, 400);
	await sql(stack, `update profiles set role = 'viewer' where id = :'id'`, { id: admin.id });
	assert.equal((await get(pathOf(signedUrl))).status, 400);
	await sql(stack, `update profiles set role = 'admin' where id = :'id'`, { id: admin.id });
	assert.equal((await get(pathOf(signedUrl))).status, 200);
	await sql(stack, `update storage_links set expires_at = now() where made_by = :'id'`,
		{ id: admin.id });
	assert.equal((await get(pathOf(signedUrl))).status, 400);
	assert.match((await bucketOf(admin, 'audio').createSignedUrl(`${name}.wav`, 8 * 86400))
		.error.message, /expiresIn/);
});

/* ---- names and bytes ---- */

test('any name is a name, and none a path', async () => {
	const admin = await people(stack, 'admin');
	const bucket = bucketOf(admin);
	const folder = newName('d');
	const names = ['ünï/çødé 名前.txt', 'a b+c&d=e.txt', `${'x'.repeat(1000)}.txt`, '...', 'a..b/.c'];
	for (const name of names) {
		ok(await bucket.upload(`${folder}/${name}`, Buffer.from(name)));
		assert.equal(await ok(await bucket.download(`${folder}/${name}`)).text(), name);
		const { signedUrl } = ok(await bucket.createSignedUrl(`${folder}/${name}`, 60));
		assert.equal((await get(pathOf(signedUrl))).text, name, name);
	}
	for (const [name, status] of [['a%2f..%2f..%2fetc', 400], ['..%5cx', 400], ['%00', 400],
		['x%0ay', 400], ['x'.repeat(1025), 400], ['a/%ff', 400], ['', 400]]) {
		const answer = await request(stack, 'POST', `/storage/v1/object/uploads/${name}`,
			{ headers: admin.keyed, body: 'x' });
		assert.ok([status, 404].includes(answer.status), `${name}: ${answer.status}`);
	}
	const sent = await request(stack, 'POST', '/storage/v1/object/move', {
		headers: { ...admin.keyed, 'content-type': 'application/json' },
		body: JSON.stringify({ bucketId: 'uploads', sourceKey: 'a', destinationKey: '../../b' }),
	});
	assert.equal(sent.status, 400);
	assert.equal(sent.json.error, 'InvalidKey');
	for (const file of filesOnDisk()) assert.match(file, /^[0-9a-f-]{36}$/);
});

test('what a browser could run is saved, not shown', async () => {
	const admin = await people(stack, 'admin');
	const bucket = bucketOf(admin);
	const cases = [
		['<!doctype html><script>alert(1)</script>', 'text/html', 'text/plain; charset=utf-8',
			'inline'],
		['<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'image/svg+xml',
			'text/plain; charset=utf-8', 'inline'],
		['%PDF-1.7', 'text/html', 'application/pdf', 'attachment'],
		['\x00\x01binary', 'text/html', 'application/octet-stream', 'attachment'],
		['{"a":1}', 'application/json', 'application/json', 'attachment'],
		['GIF89a/*<script>*/', 'text/javascript', 'image/gif', 'inline'],
	];
	for (const [body, said, type, kind] of cases) {
		const name = newName('x');
		ok(await bucket.upload(name, Buffer.from(body, 'latin1'), { contentType: said }));
		const answer = await get(`/storage/v1/object/uploads/${name}`,
			{ ...admin.keyed, origin: stack.baseUrl });
		assert.equal(answer.headers.get('content-type'), type, body);
		assert.ok(answer.headers.get('content-disposition').startsWith(kind), body);
		assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
		assert.match(answer.headers.get('content-security-policy'), /sandbox/);
		assert.equal(answer.headers.get('cache-control'), 'private, no-cache');
		assert.equal(answer.headers.get('access-control-allow-origin'), stack.baseUrl);
		assert.equal(answer.headers.get('x-accel-redirect'), null);
	}
});

test('a part of a file is given, and what is unchanged is not given again', async () => {
	const admin = await people(stack, 'admin');
	const name = newName();
	ok(await bucketOf(admin).upload(name, Buffer.from('0123456789')));
	const path = `/storage/v1/object/uploads/${name}`;
	const part = await get(path, { ...admin.keyed, range: 'bytes=2-4' });
	assert.equal(part.status, 206);
	assert.equal(part.text, '234');
	const etag = part.headers.get('etag');
	const same = await get(path, { ...admin.keyed, 'if-none-match': etag });
	assert.equal(same.status, 304);
	const version = await versionOf(name);
	assert.equal((await get(`/_storage/${version.slice(0, 2)}/${version}`)).status, 404);
});

/* Files the program has open, which have no name any more: [where they are, bytes] each. */
const filesInHand = () => {
	const folder = `/proc/${stack.pidOf('storage')}/fd`;
	return readdirSync(folder).flatMap((fd) => {
		try {
			const at = readlinkSync(`${folder}/${fd}`);
			return at.endsWith(' (deleted)') ? [[at, statSync(`${folder}/${fd}`).size]] : [];
		} catch {
			return []; /* closed since */
		}
	});
};

test('the largest file is on the disk while it arrives and is read, not in memory', async () => {
	const most = 16 << 20;
	const person = await people(stack, 'admin', { fresh: true });
	const bytes = Buffer.alloc(most, 'scribe ');
	const name = newName();
	const logged = stack.logs('storage').length;
	const sent = http.request(`${stack.baseUrl}/storage/v1/object/uploads/${name}`, {
		method: 'POST',
		headers: { ...person.keyed, 'content-type': 'text/plain', 'content-length': most },
	});
	const answered = new Promise((resolve, reject) =>
		sent.on('response', resolve).on('error', reject));
	sent.write(bytes.subarray(1));
	const all = await poll(() => filesInHand().filter(([, size]) => size >= most - 1));
	for (const [at] of all) assert.match(at, /\/storage\/begun\//);
	sent.end(bytes.subarray(0, 1));
	const answer = await answered;
	answer.resume();
	assert.equal(answer.statusCode, 200);
	const id = answer.headers['x-request-id'];
	const line = await poll(() => stack.logs('storage', logged).split('\n')
		.find((text) => text.includes(id) && text.includes('"event":"request"')));
	assert.ok(JSON.parse(line).arena_bytes < most / 16, line);
	assert.deepEqual(await poll(() => filesInHand().length === 0), true);
	const bucket = bucketOf(person);
	assert.ok((await bytesOf(ok(await bucket.download(name)))).equals(
		Buffer.concat([bytes.subarray(1), bytes.subarray(0, 1)])));
	ok(await bucket.remove([name]));
});

test('what is too large, of a wrong type, broken or cut off is not stored', async () => {
	const admin = await people(stack, 'admin');
	const bucket = bucketOf(admin);
	const before = filesOnDisk();
	const large = await bucket.upload(newName(), Buffer.alloc((16 << 20) + 1));
	assert.equal(Number(large.error.statusCode), 413);
	const wrong = await bucketOf(admin, 'audio').upload(newName('wav'), Buffer.from('no sound'));
	assert.equal(Number(wrong.error.statusCode), 415);
	const send = (body, type) => request(stack, 'POST', `/storage/v1/object/uploads/${newName()}`,
		{ headers: { ...admin.keyed, 'content-type': type }, body });
	for (const body of ['', '--B', '--B\r\n\r\nx', '--B\r\n\r\nx\r\n--B', 'x\r\n--B--\r\n',
		'--B--\r\n', '--B\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n1\r\n--B--'])
		assert.equal((await send(body, 'multipart/form-data; boundary=B')).status, 400, body);
	assert.equal((await send('--\r\n', 'multipart/form-data')).status, 400);
	assert.equal((await request(stack, 'POST', `/storage/v1/object/none/${newName()}`,
		{ headers: admin.keyed, body: 'x' })).status, 404);

	/* One that says more than it sends. */
	const name = newName();
	const socket = net.connect(new URL(stack.baseUrl).port, '127.0.0.1');
	const heads = Object.entries(admin.keyed).map(([k, v]) => `${k}: ${v}\r\n`).join('');
	socket.end(`POST /storage/v1/object/uploads/${name} HTTP/1.1\r\nhost: x\r\n${heads}` +
		'content-length: 100000\r\n\r\nonly this');
	await socket.toArray().catch(() => {});
	assert.equal(await versionOf(name), undefined);
	assert.deepEqual(filesOnDisk().filter((file) => !before.includes(file)), []);
});

test('metadata that would be longer than is kept is refused', async () => {
	const admin = await people(stack, 'admin');
	const many = (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [i, 1]));
	for (const [metadata, fits] of [[many(500), true], [many(900), false],
		[{ a: Array(2000).fill(1) }, true], [{ a: Array(4000).fill(1) }, false]]) {
		const { error } = await bucketOf(admin).upload(newName(), Buffer.from('x'), { metadata });
		assert.equal(error?.statusCode, fits ? undefined : '400', JSON.stringify(error));
	}
	const json = `{"a":[${Array(99).fill('1e300')}]}`; // which the database writes out
	const long = await request(stack, 'POST', `/storage/v1/object/uploads/${newName()}`, {
		headers: { ...admin.keyed, 'x-metadata': Buffer.from(json).toString('base64') },
		body: 'x',
	});
	assert.equal(long.status, 400, long.text);
});

test('one person has so much room and no more', async () => {
	const admin = await people(stack, 'admin', { fresh: true });
	const bucket = bucketOf(admin);
	ok(await bucket.upload(newName(), Buffer.alloc(15e6)));
	const full = await bucket.upload(newName(), Buffer.alloc(6e6));
	assert.equal(full.error.status, 507);
	assert.match(full.error.message, /remove some/);
	ok(await bucketOf(await people(stack, 'owner')).upload(newName(), Buffer.alloc(6e6)));
});

test('what is not supported says so', async () => {
	const admin = await people(stack, 'admin');
	const resumable = await request(stack, 'POST', '/storage/v1/upload/resumable',
		{ headers: admin.keyed, body: '' });
	assert.equal(resumable.status, 400);
	assert.match(resumable.json.message, /Resumable/);
	const small = await bucketOf(admin).createSignedUrl('a', 60, { transform: { width: 10 } });
	assert.match(small.error.message, /transformed/);
	const picture = await get('/storage/v1/render/image/uploads/a?width=1', admin.keyed);
	assert.equal(picture.status, 400);
	assert.equal((await get('/storage/v1/nothing', admin.keyed)).status, 404);
	assert.equal((await request(stack, 'PATCH', '/storage/v1/object/uploads/a',
		{ headers: admin.keyed })).status, 405);
});

/* ---- what goes ---- */

test('the bytes of a file that is removed or replaced go', async () => {
	const bucket = bucketOf(await people(stack, 'admin'));
	const name = newName();
	ok(await bucket.upload(name, Buffer.from('first')));
	const first = await versionOf(name);
	assert.ok(filesOnDisk().includes(first));
	const owner = await people(stack, 'owner');
	ok(await bucketOf(owner).update(name, Buffer.from('second')));
	const second = await versionOf(name);
	assert.deepEqual(await sql(stack, `select put_by from storage_objects where name = :'name'`,
		{ name }), [[owner.id]]);
	await poll(() => !filesOnDisk().includes(first));
	assert.ok(filesOnDisk().includes(second));
	ok(await bucket.copy(name, `${name}.copy`));
	ok(await bucket.remove([name]));
	await poll(() => !filesOnDisk().includes(second));
	assert.equal(await ok(await bucket.download(`${name}.copy`)).text(), 'second');
	await poll(async () => (await sql(stack, 'select from storage_gone')).length === 0);
});

/* ---- exports ---- */

const ask = (person, body) => request(stack, 'POST', '/storage/v1/exports', {
	headers: { ...person.keyed, 'content-type': 'application/json' },
	body: JSON.stringify(body),
});

test('a list of leads is made for who may have it, and no cell is a formula', async () => {
	const admin = await people(stack, 'admin');
	const session = await newSession(stack);
	await sql(stack, `update sessions set lead_score = 99, final_intent = 'collaboration'
		where id = :'id'; insert into summaries (session_id, executive_summary)
		values (:'id', '=cmd|x')`, { id: session.session_id });
	const asked = await ask(admin, { kind: 'leads' });
	assert.equal(asked.status, 202, asked.text);
	const bucket = bucketOf(admin, 'exports');
	const csv = await poll(async () => ok(await bucket.download(asked.json.path)).text());
	const line = csv.split('\r\n').find((l) => l.includes(session.session_id));
	assert.match(csv, /^session_id,started_at,score,/);
	assert.match(line, /"'=cmd\|x"$/);
	assert.ok((await sql(stack, `select from audit_log where actor = :'actor'
		and action = 'contact_read' and session_id = :'id'`,
	{ actor: `person:${admin.id}`, id: session.session_id })).length);

	const viewer = await people(stack, 'viewer');
	assert.equal((await ask(viewer, { kind: 'leads' })).status, 403);
	const sessions = await ask(viewer, { kind: 'sessions', format: 'json', since: '2020-01-01' });
	const theirs = bucketOf(viewer, 'exports');
	const list = await poll(async () =>
		JSON.parse(await ok(await theirs.download(sessions.json.path)).text()));
	assert.ok(list.some((s) => s.session_id === session.session_id && s.lead_score === 99));
	assert.equal((await ask(await people(stack, 'anon'), { kind: 'sessions' })).status, 403);
	assert.equal((await ask(admin, { kind: 'passwords' })).status, 400);
	for (const since of ["1';", '2026-99-99', '2026-02-30', '2026-01-01T25:00:00Z', 'now']) {
		const refused = await ask(admin, { kind: 'leads', since });
		assert.equal(refused.status, 400, refused.text);
		assert.match(refused.text, /since/);
	}
	const bounded = await ask(viewer, { kind: 'sessions', format: 'json', until: '2020-01-01' });
	assert.deepEqual(await poll(async () =>
		JSON.parse(await ok(await theirs.download(bounded.json.path)).text())), []);
});

test('a fourth list at once waits its turn, and is told for how long', async () => {
	const admin = await people(stack, 'admin', { fresh: true });
	await sql(stack, `insert into jobs (kind, key, payload, run_at)
		select 'export', 'busy/' || :'id' || n, jsonb_build_object('person', :'id'),
			now() + interval '1 hour' from generate_series(1, 3) n`, { id: admin.id });
	const refused = await ask(admin, { kind: 'sessions' });
	await sql(stack, `delete from jobs where key like 'busy/' || :'id' || '%'`, { id: admin.id });
	assert.equal(refused.status, 429, refused.text);
	assert.match(refused.json.message, /Three/);
	assert.equal(refused.headers.get('retry-after'), '10');
});

test('who may not have a list any more when it is made does not get it', async () => {
	const admin = await people(stack, 'admin', { fresh: true });
	const asked = await sql(stack, `begin; select set_config('scribe.claims', :'claims', true);
		select storage_export('leads', 'csv', null, null);
		update auth_sessions set revoked_at = now() where person = :'id'; commit`,
	{ id: admin.id, claims: JSON.stringify(admin.claims) });
	const path = asked.flat().at(-1);
	await poll(async () => (await sql(stack, `select from jobs where kind = 'export'
		and key = :'path' and state = 'dead'`, { path })).length);
	assert.equal(await versionOf(path), undefined);
});

test('who is forgotten is in no list, be it there, being made or put elsewhere', async () => {
	const owner = await people(stack, 'owner');
	const visitor_id = randomUUID();
	await newSession(stack, { visitor_id, consent: true });
	const bucket = bucketOf(owner, 'exports');
	const name = newName('csv');
	ok(await bucket.upload(name, Buffer.from('a,b'), { contentType: 'text/csv' }));
	for (const from of ['exports', 'audio']) {
		const files = bucketOf(owner, from);
		const away = await files.move(name, name, { destinationBucket: 'uploads' });
		assert.match(away.error.message, /neither moved nor copied/);
		assert.equal((await files.copy(name, newName('csv'))).error.statusCode, '400');
	}
	await sql(stack, `insert into jobs (kind, key, run_at)
		values ('export', :'name', now() + interval '1 hour')`, { name });
	execFileSync(join(root, 'scripts/forget'), [visitor_id],
		{ env: { ...process.env, ...stack.env } });
	assert.deepEqual(await sql(stack, `select from jobs where key = :'name'`, { name }), []);
	assert.equal(await versionOf(name), undefined);
});

/* ---- what visitors said, as it sounded ---- */

const speak = async (consent) => {
	const session = await newSession(stack, { consent, visitor_id: randomUUID() });
	const answer = await request(stack, 'POST', '/functions/v1/agent_reply', {
		headers: {
			...keyHeaders(stack), 'content-type': 'audio/wav',
			'x-session-id': session.session_id, 'x-session-secret': session.session_secret,
		},
		body: audio('speech/spk1_snt3.wav'),
	});
	assert.equal(answer.status, 200, answer.text);
	return { ...session, reply: answer.json };
};
const heardAt = (session) => sql(stack, `select speaker, audio_url from utterances
	where session_id = :'id' order by position`, { id: session.session_id });

test('a turn is kept as it sounded if the visitor agreed, and goes with them', async () => {
	const agreed = await speak(true);
	const refused = await speak(false);
	const admin = await people(stack, 'admin');
	const urls = await poll(async () => {
		const rows = await heardAt(agreed);
		return rows.length === 2 && rows.every(([, url]) => url) && rows;
	});
	const bytes = [];
	for (const [speaker, url] of urls) {
		const name = url.slice('/storage/v1/object/authenticated/audio/'.length);
		assert.ok(name.startsWith(`${agreed.session_id}/`));
		bytes.push([speaker, await bytesOf(ok(await bucketOf(admin, 'audio').download(name)))]);
		assert.equal((await get(url, admin.keyed)).status, 200);
		assert.equal((await get(url, (await people(stack, 'viewer')).keyed)).status, 404);
	}
	assert.deepEqual(bytes[0], ['visitor', audio('speech/spk1_snt3.wav')]);
	assert.deepEqual(bytes[1], ['agent', Buffer.from(agreed.reply.audio_base64, 'base64')]);
	assert.deepEqual((await heardAt(refused)).map(([, url]) => url), ['', '']);

	const asked = await ask(admin, { kind: 'leads' });
	await poll(() => versionOf(asked.json.path));
	const files = (await sql(stack, `select version from storage_objects
		where session_id = :'id' or name = :'path'`,
	{ id: agreed.session_id, path: asked.json.path })).flat();
	assert.equal(files.length, 3);
	const [[visitor]] = await sql(stack, `select visitor_id from sessions where id = :'id'`,
		{ id: agreed.session_id });
	const told = execFileSync(join(root, 'scripts/forget'), [visitor],
		{ env: { ...process.env, STACK_DIR: stack.dir }, encoding: 'utf8' });
	assert.match(told, /^storage_objects 2$/m);
	assert.match(told, /^exports [1-9]/m);
	for (const file of files) assert.ok(!filesOnDisk().includes(file));
});
