/* Ports for stacks that run side by side. A lock file per port keeps two test runs apart between
 * choosing a port and listening on it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/* Below the range from which the system takes ports for outgoing connections. */
const FIRST = 21000;
const COUNT = 4000;
const LOCKS = join(tmpdir(), `scribe-test-ports-${process.getuid()}`);

const isAlive = (pid) => {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error.code === 'EPERM';
	}
};

/* Its owner may give it back meanwhile. */
const readOwner = (file) => {
	try {
		return Number(readFileSync(file, 'utf8'));
	} catch (error) {
		if (error.code === 'ENOENT') return 0;
		throw error;
	}
};

const forgetStale = (file) => {
	const owner = readOwner(file);
	if (owner && !isAlive(owner)) rmSync(file, { force: true });
};

const lock = (port) => {
	const file = join(LOCKS, String(port));
	try {
		writeFileSync(file, String(process.pid), { flag: 'wx' });
		return () => rmSync(file, { force: true });
	} catch (error) {
		if (error.code !== 'EEXIST') throw error;
		forgetStale(file);
		return null;
	}
};

const isFree = (port) =>
	new Promise((resolve) => {
		const probe = createServer();
		probe.once('error', () => resolve(false));
		probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
	});

/** A free port of the loopback: {port, release()}. It stays locked until released. */
export const takePort = async () => {
	mkdirSync(LOCKS, { recursive: true });
	const start = process.pid % COUNT;
	for (let i = 0; i < COUNT; i++) {
		const port = FIRST + ((start + i) % COUNT);
		const release = lock(port);
		if (!release) continue;
		if (await isFree(port)) return { port, release };
		release();
	}
	throw new Error(`no free port between ${FIRST} and ${FIRST + COUNT}`);
};
