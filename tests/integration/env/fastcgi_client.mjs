/* Stands where nginx stands: speaks to a program's own socket, also as nginx never would. */
import net from 'node:net';
import { join } from 'node:path';
import { BEGIN, END, PARAMS, readRecords, record, STDIN, STDOUT, stream } from './fastcgi.mjs';

const KEEP = 1;
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

const bodyOf = (body) =>
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

/** A connection to a function's socket: {socket, closed, request(params, body, options)}. The
 * answer of a request is {status, headers, json}; it is rejected when the connection ends first. */
export const connectTo = async (stack, name) => {
	const socket = net.connect(join(stack.dir, 'run', `${name}.sock`));
	let out = '';
	let answered = null;
	const settle = (how, value) => {
		answered?.[how](value);
		answered = null;
		out = '';
	};
	readRecords(socket, (type, id, content) => {
		if (type === STDOUT) out += content.toString();
		else if (type === END) settle('resolve', parse(out));
	});
	const closed = new Promise((done) => socket.on('close', done));
	socket.on('error', (error) => settle('reject', error));
	closed.then(() => settle('reject', new Error('the connection was closed')));
	await new Promise((done) => socket.once('connect', done));
	return {
		socket,
		closed,
		request: (params, body = '{}', options) =>
			new Promise((resolve, reject) => {
				answered = { resolve, reject };
				const length = { CONTENT_LENGTH: String(Buffer.byteLength(body)) };
				socket.write(headOf({ ...length, ...params }, options));
				socket.write(bodyOf(body));
			}),
	};
};
