/* Gates before the simulated providers: TLS, with a certificate that the programs trust, and an end
 * that can go wrong in ways that no server does by itself. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, chmodSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';

const makePair = (dir, name) => {
	const [key, cert] = ['key', 'cert'].map((what) => join(dir, `${name}.${what}`));
	execFileSync(
		'openssl',
		[
			...['req', '-x509', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
			...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
			...['-keyout', key, '-out', cert, '-addext', 'subjectAltName=IP:127.0.0.1'],
		],
		{ stdio: 'ignore' },
	);
	return { key: readFileSync(key), cert: readFileSync(cert), file: cert };
};

class Gate {
	#sockets = new Set();

	constructor(pairs) {
		this.pairs = pairs;
		this.port = 0;
		this.to = undefined; /* where the simulator listens */
	}

	async #listen(pair) {
		this.server = tls.createServer(pair, (inner) => this.#pass(inner));
		this.server.on('tlsClientError', () => {});
		this.server.on('connection', (socket) => {
			this.#sockets.add(socket);
			socket.on('error', () => {});
			socket.once('close', () => this.#sockets.delete(socket));
		});
		await once(this.server.listen(this.port, '127.0.0.1'), 'listening');
		this.port = this.server.address().port;
	}

	#pass(inner) {
		if (!this.to) {
			inner.destroy();
			return;
		}
		const outer = net.connect(this.to, '127.0.0.1');
		for (const [one, other] of [[inner, outer], [outer, inner]]) {
			one.on('error', () => other.destroy());
			one.once('close', () => other.destroy());
			one.pipe(other);
		}
	}

	async #shut() {
		if (!this.server) return;
		const closed = once(this.server, 'close');
		this.server.close();
		for (const socket of this.#sockets) socket.destroy();
		await closed;
		this.server = undefined;
	}

	/** Whoever comes is served, 'refused', or shown the 'wrong certificate'. */
	async set(mode) {
		if (this.mode === mode) return;
		this.mode = mode;
		await this.#shut();
		if (mode === 'open') await this.#listen(this.pairs.trusted);
		if (mode === 'wrong certificate') await this.#listen(this.pairs.foreign);
	}

	stop() {
		return this.set('stopped');
	}
}

/** Gates of these names: {NAME: Gate}, with `caFile` for the programs, open(url) to tell where the
 * simulator is and open all, and stop(). */
export const makeGates = async (names) => {
	const dir = mkdtempSync(join(tmpdir(), 'scribe-gates-'));
	chmodSync(dir, 0o755);
	const pairs = { trusted: makePair(dir, 'trusted'), foreign: makePair(dir, 'foreign') };
	const gates = Object.fromEntries(names.map((name) => [name, new Gate(pairs)]));
	const all = Object.values(gates);
	for (const gate of all) await gate.set('open');
	return {
		...gates,
		caFile: pairs.trusted.file,
		open: async (url) => {
			for (const gate of all) {
				gate.to = Number(new URL(url).port);
				await gate.set('open');
			}
		},
		stop: async () => {
			for (const gate of all) await gate.stop();
			rmSync(dir, { recursive: true });
		},
	};
};
