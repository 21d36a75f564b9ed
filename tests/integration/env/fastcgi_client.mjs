/* Stands where nginx stands: speaks to a program's own socket, also as nginx never would. */
import net from 'node:net';
import { join } from 'node:path';
import { BEGIN, END, PARAMS, readRecords, record, STDIN, STDOUT, stream } from './fastcgi.mjs';

const KEEP = 1;
const PATIENCE_MS = 20_000;
const RESPONDER = 1;

const param = (name, value) => {
	const length = Buffer.alloc(8);
	length.writeUInt32BE((name.length | 0x80000000) >>> 0, 0);
	length.writeUInt32BE((value.length | 0x80000000) >>> 0, 4);
	return Buffer.concat([length, Buffer.from(name + value)]);
};

const begin = (keep) =>
	record(BEGIN, 1, Buffer.from([0, RESPONDER, keep ? KEEP : 0, 0, 0, 0, 0, 0]));

/** The records up to the body. */
export const headOf = (params, { keep = true } = {}) => {
	const all = Object.entries({ REQUEST_METHOD: 'POST', REMOTE_ADDR: '127.0.0.1', ...params });
	const bytes = Buffer.concat(all.map(([name, value]) => param(name, value)));
	return Buffer.concat([begin(keep), stream(PARAMS, 1, bytes), record(PARAMS, 1)]);
};

/** The records of a body. */
export const bodyOf = (body) =>
	Buffer.concat([stream(STDIN, 1, Buffer.from(body)), record(STDIN, 1)]);

const parse = (text) => {
	const end = text.indexOf('\r\n\r\n');
	const headers = Object.fromEntries(
		text.slice(0, end).split('\r\n').map((line) => {
			const colon = line.indexOf(': ');
			return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
		}),
	);
	const body = text.slice(end + 4);
	return { status: parseInt(headers.status, 10), headers, json: body && JSON.parse(body) };
};

/** Rejected when it takes too long: what a program never does should fail a test, not stop it. */
export const inTime = (what, promise, ms = PATIENCE_MS) => {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${what}: nothing happened`)), ms);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** A connection to a function's socket: {socket, untilClosed(ms?), request(params, body, options),
 * answerTo(bytes)}: the last sends records as they are, and the answer need not wait for the rest.
 * The answer of a request is {status, headers, json}; it is rejected when the connection ends
 * first. */
export const connectTo = async (stack, name) => {
	const socket = net.connect(join(stack.dir, 'run', `${name}.sock`));
	let out = '';
	const asked = []; /* and not answered */
	const fail = (error) => asked.splice(0).forEach(({ reject }) => reject(error));
	readRecords(socket, (type, id, content) => {
		if (type === STDOUT) out += content.toString();
		else if (type === END) {
			asked.shift()?.resolve(parse(out)); /* nobody waits where the head was sent by hand */
			out = '';
		}
	});
	const closed = new Promise((done) => socket.on('close', done));
	socket.on('error', fail);
	closed.then(() => fail(new Error('the connection was closed')));
	await new Promise((done) => socket.once('connect', done));
	const answerTo = (...parts) => {
		const answer = new Promise((resolve, reject) => asked.push({ resolve, reject }));
		/* In one piece: of two connections the one that asks first is then the first. */
		socket.write(Buffer.concat(parts));
		return inTime('an answer', answer);
	};
	return {
		socket,
		untilClosed: (ms) => inTime('closing', closed, ms),
		request: (params, body = '{}', options) => {
			const length = { CONTENT_LENGTH: String(Buffer.byteLength(body)) };
			return answerTo(headOf({ ...length, ...params }, options), bodyOf(body));
		},
		answerTo,
	};
};
