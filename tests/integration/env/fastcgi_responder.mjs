/* A FastCGI program in JavaScript: stands where a function stands, to see exactly what nginx
 * passes and to answer, or fail to, as no real program would. */
import net from 'node:net';
import { BEGIN, END, PARAMS, readRecords, record, STDIN, STDOUT, stream } from './fastcgi.mjs';

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
		socket.write(stream(STDOUT, id, Buffer.from(text)));
	},
	json(status, value, headers = {}) {
		const lines = Object.entries({ 'Content-Type': 'application/json', ...headers });
		const head = lines.map(([name, text]) => `${name}: ${text}\r\n`).join('');
		this.write(`Status: ${status}\r\n${head}\r\n${JSON.stringify(value)}`);
		this.end();
	},
	end() {
		socket.end(
			Buffer.concat([record(STDOUT, id), record(END, id, Buffer.alloc(8))]),
		);
	},
	drop: () => socket.destroy(),
	socket,
});

const serve = (socket, handle) => {
	const params = [];
	const body = [];
	socket.on('error', () => socket.destroy()); /* nginx may leave at any time */
	readRecords(socket, (type, id, content) => {
		if (type === PARAMS) params.push(content);
		else if (type === STDIN && content.length > 0) body.push(content);
		else if (type === STDIN) {
			const request = {
				params: parseParams(Buffer.concat(params)),
				body: Buffer.concat(body),
			};
			handle(request, replyOn(socket, id));
		} else if (type !== BEGIN) socket.destroy();
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
