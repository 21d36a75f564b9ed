/* Calls to a service that speaks HTTP/2: many streams on few connections, and what becomes of them
 * when a connection breaks. The caller is http_caller.c. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { poll, root } from './env/index.mjs';

const build = join(process.env.BUILD ?? join(root, 'build'), process.env.FLAVOUR ?? 'asan');
const dir = mkdtempSync(join(tmpdir(), 'scribe-h2-'));
const file = (name) => join(dir, name);

before(() => {
	const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
	const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
	const out = ['-keyout', file('key.pem'), '-out', file('cert.pem'), '-days', '2'];
	execFileSync('openssl', ['req', '-x509', ...key, ...out, ...subject], { stdio: 'ignore' });
});

/* A server that a failed test left open would keep the run from ending. */
const opened = [];
after(async () => {
	for (const server of opened) await server.close();
	rmSync(dir, { recursive: true });
});

/** A server that hands each stream to `serve`; what it saw, and its address. */
const listen = async (serve, settings = {}) => {
	const server = createSecureServer({
		key: readFileSync(file('key.pem')),
		cert: readFileSync(file('cert.pem')),
		settings: { maxConcurrentStreams: 1000, ...settings },
	});
	const seen = { sessions: [], streams: [], server };
	server.on('session', (session) => seen.sessions.push(session));
	server.on('sessionError', () => {});
	server.on('stream', (stream) => {
		stream.on('error', () => {});
		seen.streams.push(stream);
		serve(stream, seen);
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	seen.url = `https://127.0.0.1:${server.address().port}/`;
	seen.close = () => {
		for (const session of seen.sessions) session.destroy();
		return new Promise((resolve) => server.close(resolve));
	};
	opened.push(seen);
	return seen;
};

const call = (server, callers, rounds, ...more) => {
	const args = [server.url, callers, rounds, ...more].map(String);
	const env = { ...process.env, SCRIBE_CA_FILE: file('cert.pem') };
	const child = spawn(join(build, 'integration/http_caller'), args, { env });
	let out = '';
	let problems = '';
	child.stdout.on('data', (text) => (out += text));
	child.stderr.on('data', (text) => (problems += text));
	child.result = new Promise((resolve, reject) => {
		child.on('exit', (status) =>
			status === 0 ? resolve({ ...JSON.parse(out), problems }) : reject(new Error(problems)),
		);
	});
	return child;
};

/* Not before the request is here: libcurl 7.88 takes the end of an answer that comes while it still
 * sends for a failure of the stream. */
const answer = (stream) => {
	stream.resume();
	stream.on('end', () => {
		stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
		stream.end('data: one\n\ndata: two\n\nevent: end\ndata: three\n\n');
	});
};

test('many callers share few connections', async () => {
	const server = await listen((stream, { streams }) => {
		/* Not before all of them wait. */
		if (streams.length === 300) streams.forEach(answer);
	});
	const told = await call(server, 300, 1).result;
	assert.equal(told.ok, 300);
	assert.equal(told.events, 900);
	assert.ok(server.sessions.length <= 2, `${server.sessions.length} connections`);
	await server.close();
});

test('a server that allows 100 streams on a connection is not buried in connections', async () => {
	const server = await listen(
		(stream, { streams }) => {
			if (streams.length === 1000) streams.forEach(answer);
		},
		{ maxConcurrentStreams: 100 },
	);
	const told = await call(server, 1000, 1).result;
	assert.deepEqual([told.ok, told.failed], [1000, 0], told.problems);
	/* Ten would do. */
	assert.ok(server.sessions.length <= 60, `${server.sessions.length} connections`);
	await server.close();
});

test('a server that never agrees on TLS holds up nobody else', async () => {
	const server = await listen(answer);
	const sockets = [];
	const silent = createServer((socket) => sockets.push(socket.on('error', () => {})));
	await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
	const dead = `https://127.0.0.1:${silent.address().port}/`;
	const caller = call({ url: `${dead},${server.url}` }, 20, 1);
	await poll(() => server.streams.length === 10 && sockets.length > 0);
	silent.on('connection', (socket) => socket.destroy());
	for (const socket of sockets) socket.destroy();
	const told = await caller.result;
	assert.deepEqual([told.ok, told.failed, told.uncertain], [10, 10, 0], told.problems);
	await server.close();
	await new Promise((resolve) => silent.close(resolve));
});

test('a server without HTTP/2 serves many at once', async () => {
	const waiting = [];
	const server = createTlsServer(
		{ key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) },
		(_, response) => {
			waiting.push(response);
			if (waiting.length < 50) return;
			for (const one of waiting) {
				one.writeHead(200, { 'content-type': 'text/event-stream' });
				one.end('event: end\ndata: x\n\n');
			}
		},
	);
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	const told = await call({ url: `https://127.0.0.1:${server.address().port}/` }, 50, 1).result;
	assert.deepEqual([told.ok, told.failed], [50, 0], told.problems);
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
});

test('a new connection goes on with the TLS session of the one before', async () => {
	const reused = [];
	const server = createTlsServer(
		{ key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) },
		(_, response) => {
			response.writeHead(200, { 'content-type': 'text/event-stream', connection: 'close' });
			response.end('event: end\ndata: x\n\n');
		},
	);
	server.on('secureConnection', (socket) => reused.push(socket.isSessionReused()));
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	const told = await call({ url: `https://127.0.0.1:${server.address().port}/` }, 1, 2).result;
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
	assert.deepEqual([told.ok, told.failed], [2, 0], told.problems);
	assert.deepEqual(reused, [false, true]);
});

test('a connection is kept from one call to the next, and warmed before the first', async () => {
	const server = await listen(answer);
	const caller = call(server, 1, 5, 'warm');
	await poll(() => server.sessions.length === 1);
	assert.equal(server.streams.length, 0, 'a connection is made without a request');
	caller.stdin.end('go\n');
	assert.equal((await caller.result).ok, 5);
	assert.equal(server.sessions.length, 1);
	await server.close();
});

for (const [how, breaks] of Object.entries({
	/* Said to have been heard is the first stream only. */
	'a GOAWAY': (session) => {
		session.goaway(2, 1);
		setTimeout(() => session.destroy(), 50);
	},
	'a closed connection': (session) => session.destroy(),
})) {
	test(`${how} before an answer: all streams are repeated on another connection`, async () => {
		const server = await listen((stream, { streams, sessions }) => {
			if (streams.length === 20) breaks(sessions[0]);
			if (streams.length > 20) answer(stream);
		});
		const told = await call(server, 20, 1).result;
		assert.deepEqual([told.ok, told.failed], [20, 0], told.problems);
		await server.close();
	});

	test(`${how} inside the answers: one failure`, async () => {
		const server = await listen((stream, { streams, sessions }) => {
			stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
			stream.write('data: one\n\n');
			if (streams.length === 20) setTimeout(() => breaks(sessions[0]), 200);
		});
		const told = await call(server, 20, 1).result;
		assert.deepEqual([told.counted, told.uncertain], [1, told.failed], told.problems);
		/* libcurl says of those that read the end of the connection that they ended well: one, or
		 * some on a busy machine. Their readers know better. */
		assert.ok(told.failed >= 1, told.problems);
		assert.equal(server.streams.length, 20, 'none is repeated');
		await server.close();
	});
}

test('a stream that is held back goes on when its reader has caught up', async () => {
	const server = await listen((stream) => {
		stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
		for (let i = 0; i < 20000; i++) stream.write(`data: ${'x'.repeat(80)}\n\n`);
		stream.end('event: end\ndata: x\n\n');
	});
	const told = await call(server, 4, 1).result;
	assert.deepEqual([told.ok, told.events], [4, 4 * 20001]);
	await server.close();
});
