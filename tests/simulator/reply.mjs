/* What a provider answers: a status, headers and a list of chunks that leave one by one, at a pace
 * where it has one: {first_ms, pause_ms}. */

export class Reply {
	constructor(status, headers, chunks) {
		this.status = status;
		this.headers = headers;
		this.chunks = chunks.map((chunk) => Buffer.from(chunk));
	}

	get bytes() {
		return Buffer.concat(this.chunks);
	}
}

export const json = (status, value, headers = {}) =>
	new Reply(status, { 'content-type': 'application/json', ...headers }, [
		JSON.stringify(value),
	]);

export const text = (status, value, headers = {}) =>
	new Reply(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }, [value]);

const SSE_HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };

/** Server-sent events: each item is an object (sent as JSON) or a ready string. */
export const events = (items, headers = {}) => {
	const line = (item) =>
		`data: ${typeof item === 'string' ? item : JSON.stringify(item)}\n\n`;
	return new Reply(200, { ...SSE_HEADERS, ...headers }, items.map(line));
};

/** Thrown by a provider that refuses a request; carries the reply to send. */
export class Refusal extends Error {
	constructor(reply) {
		super(`refused with ${reply.status}`);
		this.reply = reply;
	}
}

export const refuse = (reply) => {
	throw new Refusal(reply);
};
