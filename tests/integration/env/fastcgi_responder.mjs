/* A FastCGI program in JavaScript: stands where a function stands, to see exactly what nginx
 * passes and to answer, or fail to, as no real program would. */
import net from 'node:net';

const BEGIN = 1;
const END = 3;
const PARAMS = 4;
const STDIN = 5;
const STDOUT = 6;
const HEADER_BYTES = 8;
const RECORD_MAX = 65528;

const record = (type, id, content) => {
	const header = Buffer.alloc(HEADER_BYTES);
	header.writeUInt8(1, 0);
	header.writeUInt8(type, 1);
	header.writeUInt16BE(id, 2);
	header.writeUInt16BE(content.length, 4);
	return Buffer.concat([header, content]);
};

const readLength = (bytes, at) =>
	bytes[at] < 128 ? [bytes[at], at + 1] : [bytes.readUInt32BE(at) & 0x7fffffff, at + 4];

const parseParams = (bytes) => {
	const params = {};
	for (let at = 0; at < bytes.length;) {
		let nameBytes, valueBytes;
		[nameBytes, at] = readLength(bytes, at);
		[valueBytes, at] = readLength(bytes, at);
		const name = bytes.toString('latin1', at, at + nameBytes);
		params[name] = bytes.toString('latin1', at + nameBytes, at + nameBytes + valueBytes);
		at += nameBytes + valueBytes;
	}
	return params;
};

/* What a handler gets to answer with. */
const replyOn = (socket, id) => ({
	write(text) {
		const bytes = Buffer.from(text);
		for (let at = 0; at < bytes.length; at += RECORD_MAX)
			socket.write(record(STDOUT, id, bytes.subarray(at, at + RECORD_MAX)));
	},
	json(status, value, headers = {}) {
		const lines = Object.entries({ 'Content-Type': 'application/json', ...headers });
		const head = lines.map(([name, text]) => `${name}: ${text}\r\n`).join('');
		this.write(`Status: ${status}\r\n${head}\r\n${JSON.stringify(value)}`);
		this.end();
	},
	end() {
		socket.end(
			Buffer.concat([record(STDOUT, id, Buffer.alloc(0)), record(END, id, Buffer.alloc(8))]),
		);
	},
	drop: () => socket.destroy(),
	socket,
});

const serve = (socket, handle) => {
	let pending = Buffer.alloc(0);
	const params = [];
	const body = [];
	socket.on('error', () => socket.destroy()); /* nginx may leave at any time */
	socket.on('data', (chunk) => {
		pending = Buffer.concat([pending, chunk]);
		while (pending.length >= HEADER_BYTES) {
			const length = pending.readUInt16BE(4);
			const whole = HEADER_BYTES + length + pending[6];
			if (pending.length < whole) return;
			const content = pending.subarray(HEADER_BYTES, HEADER_BYTES + length);
			const type = pending[1];
			const id = pending.readUInt16BE(2);
			pending = pending.subarray(whole);
			if (type === PARAMS) params.push(content);
			else if (type === STDIN && length > 0) body.push(content);
			else if (type === STDIN) {
				const request = {
					params: parseParams(Buffer.concat(params)),
					body: Buffer.concat(body),
				};
				handle(request, replyOn(socket, id));
			} else if (type !== BEGIN) socket.destroy();
		}
	});
};

/** Listens on a free port of the loopback; `handle(request, reply)` is called for each request
 * that has arrived whole. Returns {port, stop}. */
export const startResponder = async (handle) => {
	const sockets = new Set();
	const server = net.createServer((socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		serve(socket, handle);
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		port: server.address().port,
		stop: () => {
			for (const socket of sockets) socket.destroy();
			return new Promise((resolve) => server.close(resolve));
		},
	};
};
