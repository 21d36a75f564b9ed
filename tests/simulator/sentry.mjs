/* A project of Sentry as its envelopes have it: takes what is well-formed and shows the right key,
 * refuses the rest as Relay does, and keeps the events for a test to look at. */
import { once } from 'node:events';
import { createServer } from 'node:http';

const KEY = 'b70a31b3510c4cf793964a185cfe1fd0';
const PROJECT = '42';
const EVENT_ID = /^[0-9a-f]{32}$/;
const EVENT_MAX = 1 << 20;
const LEVELS = ['fatal', 'error', 'warning', 'info', 'debug'];
const AUTH = new RegExp(
	`^Sentry sentry_version=7, sentry_client=[\\w.]+/[\\w.]+, sentry_key=${KEY}$`,
);

const refuse = (status, why) => {
	throw Object.assign(new Error(why), { status });
};

const lineAt = (bytes, at) => {
	const end = bytes.indexOf('\n', at);
	if (end < 0) refuse(400, 'a header has no end');
	return { header: JSON.parse(bytes.subarray(at, end)), next: end + 1 };
};

/* The only event of an envelope. */
const eventIn = (bytes) => {
	const envelope = lineAt(bytes, 0);
	const item = lineAt(bytes, envelope.next);
	if (item.header.type !== 'event') refuse(400, `an item of type ${item.header.type}`);
	if (item.header.length > EVENT_MAX) refuse(413, 'too large');
	const end = item.next + item.header.length;
	const rest = bytes.subarray(end).toString();
	if (bytes.length < end || (rest !== '' && rest !== '\n')) refuse(400, `behind it: ${rest}`);
	const event = JSON.parse(bytes.subarray(item.next, end));
	if (!EVENT_ID.test(event.event_id) || event.event_id !== envelope.header.event_id)
		refuse(400, `event_id ${event.event_id}`);
	if (!(event.timestamp > 1e9 && event.timestamp < 1e10)) refuse(400, 'timestamp');
	if (!LEVELS.includes(event.level)) refuse(400, 'level');
	if (!event.fingerprint?.every((part) => typeof part === 'string')) refuse(400, 'fingerprint');
	return event;
};

const take = (req, bytes) => {
	if (req.method !== 'POST' || req.url !== `/self/hosted/api/${PROJECT}/envelope/`)
		refuse(404, `${req.method} ${req.url}`);
	if (!AUTH.test(req.headers['x-sentry-auth'])) refuse(403, 'the key');
	if (req.headers['content-type'] !== 'application/x-sentry-envelope') refuse(400, 'type');
	return eventIn(bytes);
};

/** On a free port of the loopback. Resolves to {dsn, key, events, refused, bodies, answer,
 * isSilent, meanwhile, stop()}: `answer` ({status, headers}) is what it says instead of 200, and
 * takes nothing; while isSilent is true it says nothing; meanwhile() is awaited before it answers;
 * `refused` holds why it refused. */
export const startSentry = async () => {
	const sentry = {
		key: KEY, events: [], refused: [], bodies: [], answer: null, isSilent: false,
		meanwhile: null,
	};
	const server = createServer(async (req, res) => {
		const bytes = Buffer.concat(await req.toArray());
		sentry.bodies.push(bytes.toString());
		if (sentry.isSilent) return;
		await sentry.meanwhile?.();
		if (sentry.answer) {
			res.writeHead(sentry.answer.status, sentry.answer.headers).end('{}');
			return;
		}
		try {
			const event = take(req, bytes);
			sentry.events.push(event);
			res.writeHead(200, { 'content-type': 'application/json' });
			res.end(JSON.stringify({ id: event.event_id }));
		} catch (error) {
			sentry.refused.push(error.message);
			res.writeHead(error.status ?? 400).end('{}');
		}
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	sentry.dsn = `http://${KEY}@127.0.0.1:${server.address().port}/self/hosted/${PROJECT}`;
	sentry.stop = () => {
		server.close();
		server.closeAllConnections();
	};
	return sentry;
};
