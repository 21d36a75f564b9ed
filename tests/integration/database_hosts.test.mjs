/* Several hosts in DATABASE_URL, and what is told of those that do not serve. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { startProbe, useStack } from './env/index.mjs';

const stack = useStack();

const probes = new Set();
const servers = new Set();
afterEach(async () => {
	for (const probe of probes) await probe.stop();
	probes.clear();
});
after(() => {
	for (const server of servers) server.close();
});

/* Accepts and never says a word; counts who came. */
const silentHost = async () => {
	const server = createServer();
	const host = { came: 0 };
	server.on('connection', (socket) => {
		host.came++;
		socket.on('error', () => {});
		socket.on('data', () => {});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	servers.add(server);
	return Object.assign(host, { port: server.address().port });
};

/* A port where nobody listens. */
const refusingPort = async () => {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address();
	server.close();
	await once(server, 'close');
	return port;
};

const SECRET = 'not-for-the-log';

const start = (hosts, ports, more = '', env = {}) => {
	const list = hosts.map(encodeURIComponent).join(',');
	const url = `postgresql:///scribe?host=${list}&port=${ports.join(',')}&user=scribe_app`;
	const probe = startProbe(stack, {
		DATABASE_URL: `${url}&password=${SECRET}${more}`,
		DB_CONNECT_MS: '6000',
		DB_LIFETIME_MS: '1000',
		...env,
	});
	probes.add(probe);
	return probe;
};

const ONE = { sql: ['select 1'] };
const socket = () => join(stack.dir, 'run/pg');

test('a silent first host leaves time for the second, and is not asked again', async () => {
	const silent = await silentHost();
	const probe = start(['127.0.0.1', socket()], [silent.port, 5432]);
	await probe.rows(ONE);
	const [told, ...others] = probe.events('database_host_failed');
	assert.deepEqual(others, []);
	assert.deepEqual([told.host, told.port], ['127.0.0.1', String(silent.port)]);
	assert.match(told.detail, /silent/);
	await Promise.all(
		Array.from({ length: 4 }, () => probe.rows({ sql: ['select pg_sleep(0.2)'] })),
	);
	assert.equal(silent.came, 1);
});

test('hosts that fail: all are asked, and why is told, but never the password', async () => {
	const silent = await silentHost();
	const port = await refusingPort();
	const probe = start(['127.0.0.1', '127.0.0.1'], [silent.port, port]);
	const answer = await probe.order(ONE);
	assert.equal(answer.code, 'unavailable');
	assert.match(answer.detail, /does not accept connections: .*refused/i);
	assert.equal(probe.events('database_host_failed').length, 2);
	assert.equal(silent.came, 1);
	const stranger = start([socket()], [5432], '&user=nobody');
	const refused = await stranger.order(ONE);
	assert.match(refused.detail, /authentication failed for user "nobody"/);
	for (const { log } of [probe, stranger]) assert.ok(!log.includes(SECRET), log);
});

test('a host of the wrong sort is passed over', async () => {
	const urlOf = (attrs) =>
		`postgresql:///scribe?host=${[socket(), socket()].map(encodeURIComponent)}` +
		`&user=scribe_app&target_session_attrs=${attrs}`;
	const none = startProbe(stack, { DATABASE_URL: urlOf('standby') });
	probes.add(none);
	const answer = await none.order(ONE);
	assert.equal(answer.code, 'unavailable');
	assert.match(answer.detail, /standby/);
	const rather = startProbe(stack, { DATABASE_URL: urlOf('prefer-standby') });
	probes.add(rather);
	await rather.rows(ONE);
	assert.equal(rather.events('database_host_failed').length, 2, 'a primary after all');
});

test('waiting for a silent host ends by a cancel', async () => {
	const silent = await silentHost();
	const probe = start(['127.0.0.1'], [silent.port], '', { DB_CONNECT_MS: '60000' });
	const order = probe.order(ONE);
	while (!silent.came) await once([...servers].at(-1), 'connection');
	probe.cancel(order);
	const answer = await order;
	assert.ok(answer.cancelled);
	assert.ok(answer.ms < 10_000, `${answer.ms} ms`);
});

test('a URL that is none: the program does not start, and does not show it', async () => {
	const probe = startProbe(stack, { DATABASE_URL: `postgresql://u:${SECRET}@h/?nonsense=1` });
	probe.child.stdin.end();
	const [status] = await probe.ended;
	assert.notEqual(status, 0);
	assert.match(probe.log, /DATABASE_URL/);
	assert.ok(!probe.log.includes(SECRET), probe.log);
});
