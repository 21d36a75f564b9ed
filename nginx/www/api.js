/* api.js -- how the page calls a function, and reads what comes, as one answer or as events. */
import { newId } from './ids.js';

const SILENCE_MS = 45_000; /* longer than a function has for its whole answer */

/** What went wrong: `code` is the server's, or `network`, `silence`, `broken_off`. */
export class ApiError extends Error {
	constructor(code, { status = 0, error = '', request_id = '', retryAfter = 0 } = {}) {
		super(error || code);
		Object.assign(this, { code, status, requestId: request_id, retryAfter });
	}
}

const readJson = async (response) => {
	try {
		return await response.json();
	} catch {
		return {};
	}
};

const errorOf = async (response) => {
	const told = await readJson(response);
	const code = told.code ?? (response.status >= 500 ? 'upstream_failed' : 'invalid_request');
	const retryAfter = Number(response.headers.get('Retry-After')) || 0;
	const error = told.error ?? told.message ?? told.msg ?? '';
	return new ApiError(code, { ...told, error, status: response.status, retryAfter });
};

let config = null;

/** The address and the key of the server; the page's own origin has them. */
export const readConfig = async () => {
	if (config) return config;
	let response;
	try {
		response = await fetch('/config.json', { signal: AbortSignal.timeout(15_000) });
	} catch {
		throw new ApiError('network');
	}
	if (!response.ok) throw await errorOf(response);
	config = await response.json();
	return config;
};

/* Ends a request when nothing of it came for too long, or when its caller wants no more. */
const watch = (signal) => {
	const control = new AbortController();
	const leave = () => control.abort();
	let timer;
	const touch = () => {
		clearTimeout(timer);
		timer = setTimeout(() => control.abort(new ApiError('silence')), SILENCE_MS);
	};
	const end = () => {
		clearTimeout(timer);
		signal?.removeEventListener('abort', leave);
	};
	if (signal?.aborted) leave();
	signal?.addEventListener('abort', leave);
	touch();
	const reason = (otherwise) => {
		if (signal?.aborted) return new ApiError('left');
		return control.signal.aborted ? new ApiError('silence') : new ApiError(otherwise);
	};
	return { signal: control.signal, touch, end, reason };
};

/** One request of any kind, {status, headers, data}; data is null where none came. Throws ApiError. */
export const ask = async (path, { method = 'GET', body, headers = {}, signal } = {}) => {
	const { url, key } = await readConfig();
	const sent = { apikey: key, 'X-Client-Info': 'scribe-page', 'X-Request-Id': newId(), ...headers };
	if (body !== undefined) sent['Content-Type'] = 'application/json';
	const watched = watch(signal);
	try {
		const response = await fetch(new URL(path, new URL(url, location.origin)), {
			method,
			headers: sent,
			body: body === undefined ? undefined : JSON.stringify(body),
			signal: watched.signal,
		});
		if (!response.ok) throw await errorOf(response);
		const text = await response.text();
		return {
			status: response.status,
			headers: response.headers,
			data: text ? JSON.parse(text) : null,
		};
	} catch (error) {
		if (error instanceof ApiError) throw error;
		throw watched.reason('network');
	} finally {
		watched.end();
	}
};

const post = async (name, body, { accept, key, signal }) => {
	const { url, key: anonKey } = await readConfig();
	const headers = {
		'Content-Type': 'application/json',
		Accept: accept,
		apikey: anonKey,
		'X-Client-Info': 'scribe-page',
		'X-Request-Id': newId(),
	};
	if (key) headers['Idempotency-Key'] = key;
	const address = new URL(`functions/v1/${name}`, new URL(url, location.origin));
	return fetch(address, { method: 'POST', headers, body: JSON.stringify(body), signal });
};

const sent = async (watched, name, body, options) => {
	let response;
	try {
		response = await post(name, body, { ...options, signal: watched.signal });
	} catch (error) {
		if (error instanceof ApiError) throw error;
		throw watched.reason('network');
	}
	if (!response.ok) throw await errorOf(response);
	return response;
};

/** The answer of a function; throws ApiError. */
export const call = async (name, body, options = {}) => {
	const watched = watch(options.signal);
	try {
		const response = await sent(watched, name, body, { accept: 'application/json', ...options });
		return await response.json();
	} catch (error) {
		if (error instanceof ApiError) throw error;
		throw watched.reason('broken_off');
	} finally {
		watched.end();
	}
};

/* An event of a stream: its lines without the empty one after them. */
const eventIn = (block) => {
	let event = 'message';
	const data = [];
	for (const line of block.split('\n')) {
		if (line.startsWith('event:')) event = line.slice(6).trim();
		if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
	}
	return data.length ? { event, data: JSON.parse(data.join('\n')) } : null;
};

async function* eventsIn(response, watched) {
	const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = '';
	for (;;) {
		const { value, done } = await reader.read();
		if (done) return;
		watched.touch();
		const blocks = (rest + value).replaceAll('\r\n', '\n').split('\n\n');
		rest = blocks.pop();
		for (const block of blocks) {
			const found = eventIn(block);
			if (found) yield found;
		}
	}
}

/* An answer that came whole, as the events it would have come in. */
function* eventsOfWhole(answer) {
	const { audio_base64, ...rest } = answer;
	const { text, session_id, turn_id, current_mode, heard, extract } = answer;
	yield { event: 'meta', data: { session_id, turn_id, current_mode } };
	if (heard) yield { event: 'heard', data: heard };
	yield { event: 'text', data: { delta: text } };
	if (audio_base64)
		yield { event: 'audio', data: { seq: 0, part: 0, is_last: true, audio_base64, text } };
	if (extract) yield { event: 'extract', data: extract };
	yield { event: 'done', data: rest };
}

/** The events of an answer, to `done`; throws ApiError, also for the event `error`. */
export async function* events(name, body, options = {}) {
	const watched = watch(options.signal);
	const accept = 'text/event-stream, application/json';
	try {
		const response = await sent(watched, name, body, { accept, ...options });
		const type = response.headers.get('Content-Type') ?? '';
		const isStream = type.startsWith('text/event-stream');
		const all = isStream ? eventsIn(response, watched) : eventsOfWhole(await response.json());
		for await (const found of all) {
			if (found.event === 'error') throw new ApiError(found.data.code, found.data);
			yield found;
			if (found.event === 'done') return;
		}
		throw new ApiError('broken_off');
	} catch (error) {
		if (error instanceof ApiError) throw error;
		throw watched.reason('broken_off');
	} finally {
		watched.end();
	}
}
