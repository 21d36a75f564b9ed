/* Cancels that come late, are lost, or hang: between a probe and PostgreSQL stands a relay that
 * lets everything pass but the requests to cancel, which do as the test says. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { poll, sql, startProbe, useStack } from './env/index.mjs';
import { makeDir } from './env/dirs.mjs';

const stack = useStack({ functions: ['create_session'], name: 'cancel' });
const LONG = 'select pg_sleep(600)';
const SOCKET = '.s.PGSQL.5432';
const CANCEL_REQUEST = 80877102;

const isCancel = (bytes) => bytes.length >= 8 && bytes.readInt32BE(4) === CANCEL_REQUEST;

const probes = new Set();
const relays = new Set();

/* relay.onCancel(pass, drop) is called with each request to cancel; relay.held are those that
 * were neither passed on nor dropped yet. */
const startRelay = async () => {
	const dir = makeDir('relay');
	const sockets = new Set();
	const relay = { dir, held: new Set(), cancels: 0, onCancel: (pass) => pass() };
	const keep = (socket) => {
		sockets.add(socket);
		socket.on('error', () => {});
		socket.on('close', () => sockets.delete(socket));
		return socket;
	};
	const passOn = (client, bytes) => {
		const server = keep(connect(join(stack.dir, 'run/pg', SOCKET)));
		server.write(bytes);
		client.pipe(server).pipe(client);
	};
	const server = createServer(async (client) => {
		keep(client);
		const [bytes] = await once(client, 'data');
		if (!isCancel(bytes)) return passOn(client, bytes);
		const release = (how) => () => {
			relay.held.delete(request);
			how();
		};
		const request = {
			pass: release(() => passOn(client, bytes)),
			drop: release(() => client.destroy()),
		};
		relay.cancels++;
		relay.held.add(request);
		relay.onCancel(request.pass, request.drop);
	});
	server.listen(join(dir, SOCKET));
	await once(server, 'listening');
	relay.stop = () => {
		for (const socket of sockets) socket.destroy();
		server.close();
		rmSync(dir, { recursive: true });
	};
	relays.add(relay);
	return relay;
};

const start = (relay, size) => {
	const probe = startProbe(stack, { DB_POOL_SIZE: String(size) }, relay.dir);
	probes.add(probe);
	return probe;
};

afterEach(async () => {
	for (const relay of relays) for (const { pass } of relay.held) pass();
	for (const probe of probes) await probe.stop();
	probes.clear();
});
after(() => {
	for (const relay of relays) relay.stop();
});

const PID = { sql: ['select pg_backend_pid()'] };

const active = async (probe) =>
	(await probe.backends()).filter(([, state]) => state === 'active').length;

/* Of a connection that is given up two seconds are waited for; a machine that is busy with others
 * may need longer for what is done meanwhile here, and the connection goes. */
const TIDY_MS = 1800;
const TRIES = 10;

/* The cancel is held until another statement waits for the connection. Gives whether the
 * connection had to be kept. */
const cancelLate = async () => {
	const relay = await startRelay();
	const probe = start(relay, 1);
	relay.onCancel = () => {};
	const given = probe.order({ sql: [LONG] });
	await poll(() => active(probe));
	const from = performance.now();
	probe.cancel(given);
	await given;
	await poll(() => relay.held.size === 1);
	const next = probe.order({ sql: ['select pg_sleep(0.5)', 'select 7'] });
	const [[pid]] = await probe.backends();
	await sql(stack, `select pg_cancel_backend(:'pid'::int)`, { pid }); /* it ends by itself */
	await poll(async () => {
		const [[, state, query] = []] = await probe.backends();
		return state !== 'active' || query !== LONG;
	});
	/* Lent too early it runs the next one by now, which the cancel would hit. */
	for (let i = 0; i < 20; i++) await sql(stack, 'select 1');
	for (const { pass } of relay.held) pass();
	const wasQuick = performance.now() - from < TIDY_MS;
	const answer = await next;
	assert.equal(answer.code, 'ok', answer.detail);
	assert.deepEqual(answer.rows, ['7']);
	if (wasQuick) assert.deepEqual(await probe.rows(PID), [pid], 'the connection was kept');
	return wasQuick;
};

test('a cancel that arrives after its statement ended hits no other one', async () => {
	for (let i = 0; i < TRIES; i++) if (await cancelLate()) return;
	assert.fail(`${TRIES} times something took longer than ${TIDY_MS} ms`);
});

test('a cancel that is lost is sent again', async () => {
	const relay = await startRelay();
	const probe = start(relay, 1);
	const [pid] = await probe.rows(PID);
	relay.onCancel = (pass, drop) => (relay.cancels > 1 ? pass() : drop());
	const given = probe.order({ sql: [LONG], ms: 100 });
	assert.equal((await given).code, 'unavailable');
	assert.deepEqual(await probe.rows(PID), [pid]);
	assert.ok(relay.cancels >= 2, `${relay.cancels} cancels`);
});

test('cancels that hang: two at once, and the connections are replaced', async () => {
	const relay = await startRelay();
	const probe = start(relay, 4);
	relay.onCancel = () => {};
	const four = (what) => Array.from({ length: 4 }, () => probe.order(what));
	await Promise.all(four({ sql: ['select pg_sleep(0.3)'] })); /* they are connected */
	const given = four({ sql: [LONG], ms: 1500 });
	await poll(async () => (await active(probe)) === 4, { everyMs: 1 });
	/* It waits longer than they do, and not as long as their connections are kept for. */
	const early = await probe.order({ sql: ['select 1'], ms: 2000 });
	for (const order of given) assert.equal((await order).code, 'unavailable');
	const quickest = Math.min(...(await Promise.all(given)).map(({ ms }) => ms));
	assert.ok(quickest < 3000, `${quickest} ms`);
	assert.equal(early.code, 'unavailable', 'their places are taken');
	assert.match(early.detail, /became free/);
	await probe.rows({ sql: ['select 1'] });
	assert.equal(relay.cancels, 2);
	/* Nobody is left behind. */
	await poll(async () => !(await active(probe)));
});
