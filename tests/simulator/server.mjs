/* One HTTP server that is all providers at once, told apart by path.
 *
 * A request goes: read whole, recorded, given to the provider whose prefix it has; a fault that
 * waits for it replaces or spoils the answer. The provider's work (a message posted, a mail
 * sent) is done before the answer leaves, so a client that times out may have been served:
 * that is the uncertainty real services give. */
import { createServer } from 'node:http';
import { controls } from './control.mjs';
import { deliver, spoil } from './delivery.mjs';
import { elevenlabs, ELEVENLABS_KEY } from './elevenlabs.mjs';
import { takeFitting } from './faults.mjs';
import { groq, GROQ_KEY } from './groq.mjs';
import { openai, OPENAI_KEY } from './openai.mjs';
import { json, Refusal } from './reply.mjs';
import { resend, RESEND_KEY } from './resend.mjs';
import { slack, SLACK_PATH } from './slack.mjs';
import { State } from './state.mjs';

/* The first prefix that fits decides: ElevenLabs lives under OpenAI's /v1/. */
const PROVIDERS = [groq, elevenlabs, openai, slack, resend];
const BODY_BYTES_MAX = 64 * 1024 * 1024;
const KEEP_ALIVE_MS = 120000;

/** The settings that point a client of these providers at a simulator. */
export const simulatorEnv = (url) => ({
	GROQ_BASE_URL: url,
	GROQ_API_KEY: GROQ_KEY,
	OPENAI_BASE_URL: `${url}/v1`,
	OPENAI_API_KEY: OPENAI_KEY,
	ELEVENLABS_BASE_URL: url,
	ELEVENLABS_API_KEY: ELEVENLABS_KEY,
	ELEVENLABS_VOICE_ID: 'SimulatedVoice000001',
	RESEND_BASE_URL: url,
	RESEND_API_KEY: RESEND_KEY,
	SLACK_WEBHOOK_URL: `${url}${SLACK_PATH}`,
	MAIL_FROM: 'Scribe <hello@scribe.test>',
});

const readBody = async (req) => {
	const chunks = [];
	let size = 0;
	for await (const chunk of req) {
		size += chunk.length;
		if (size > BODY_BYTES_MAX) throw new Error('body too large');
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
};

const parseJson = (headers, body) => {
	if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) return undefined;
	try {
		return JSON.parse(body.toString('utf8'));
	} catch (error) {
		if (error instanceof SyntaxError) return undefined;
		throw error;
	}
};

const parseForm = (provider, headers, body) => {
	if (!provider.readForm || !/^multipart\//i.test(headers['content-type'] ?? '')) return null;
	try {
		return provider.readForm(headers, body);
	} catch (error) {
		return { error: error.message };
	}
};

const routeOf = (provider, path) => {
	for (const route of provider.routes) {
		const match = route.path.exec(path);
		if (match) return { route, match };
	}
	return {};
};

const failure = (provider, fault) =>
	provider.fail(fault, {
		...(fault.retry_after !== undefined && {
			'retry-after': String(fault.retry_after),
		}),
	});

const isRefusal = (error) => {
	if (error instanceof Refusal) return true;
	throw error;
};

/* The provider's own answer; a refusal is marked in the record. */
const answer = (route, call, entry) => {
	try {
		return route.handle(call);
	} catch (error) {
		entry.refused = isRefusal(error);
		return error.reply;
	}
};

const replyTo = (provider, route, call, entry) => {
	const { fault } = call;
	const early = fault.status && !fault.after_effect;
	if (early) return failure(provider, fault);
	const reply = answer(route, call, entry);
	if (fault.status) return failure(provider, fault);
	return spoil(reply, fault);
};

const callOf = (state, provider, { route, match }, entry, body) => {
	const form = parseForm(provider, entry.headers, body);
	const call = {
		provider: provider.name,
		operation: route.operation,
		method: entry.method,
		path: entry.path,
		query: entry.query,
		headers: entry.headers,
		match,
		json: parseJson(entry.headers, body),
		parts: form?.parts,
		settings: state.settings[provider.name],
		state: state.memory[provider.name],
		deliver: (item) => state.outbox[provider.name].push(item),
	};
	Object.assign(entry, {
		operation: route.operation,
		body: call.json ?? (form ? null : body.toString('utf8', 0, 65536)),
		parts: form?.described ?? null,
		form_error: form?.error,
	});
	call.fault = takeFitting(state.faults, call)?.fault ?? {};
	if (!call.fault.status || call.fault.after_effect)
		call.script = takeFitting(state.replies, call)?.reply;
	entry.fault = Object.keys(call.fault).length ? call.fault : null;
	return call;
};

const serveProvider = async (state, provider, entry, req, res) => {
	entry.provider = provider.name;
	const body = await readBody(req);
	const found = routeOf(provider, entry.path);
	const isPost = entry.method === 'POST';
	let fault = {};
	let reply;
	if (!found.route) reply = provider.notFound(entry);
	else if (!isPost) reply = (provider.wrongMethod ?? provider.notFound)(entry);
	else {
		const call = callOf(state, provider, found, entry, body);
		call.whenOver = (fn) => res.once('close', fn);
		fault = call.fault;
		reply = replyTo(provider, found.route, call, entry);
	}
	state.journal.changed();
	entry.status = fault.silence ? null : reply.status;
	await deliver(res, reply, fault, state.holds, entry.sent);
};

const newEntry = (state, req) => {
	const url = new URL(req.url, 'http://simulator');
	const entry = state.journal.open({
		method: req.method,
		path: url.pathname,
		query: Object.fromEntries(url.searchParams),
		headers: req.headers,
		http: req.httpVersion,
	});
	Object.defineProperty(entry, 'sent', { value: { bytes: 0 } });
	return entry;
};

const watchEnd = (state, entry, res) => {
	const gone = new AbortController();
	res.gone = gone.signal;
	res.once('close', () => {
		gone.abort();
		const cut = entry.fault?.cut_after_bytes !== undefined;
		state.journal.close(entry, {
			bytes_sent: entry.sent.bytes,
			finished: res.writableFinished,
			disconnected: !res.writableFinished && !cut,
		});
	});
};

const serveControl = async (table, req, res) => {
	const url = new URL(req.url, 'http://simulator');
	const control = table[`${req.method} ${url.pathname}`];
	let reply;
	try {
		const body =
			req.method === 'POST'
				? JSON.parse((await readBody(req)).toString() || '{}')
				: {};
		reply = control
			? json(200, await control(body, Object.fromEntries(url.searchParams)))
			: json(404, { error: `no such control: ${req.method} ${url.pathname}` });
	} catch (error) {
		if (error instanceof SyntaxError) reply = json(400, { error: 'not JSON' });
		else reply = isRefusal(error) && error.reply;
	}
	res.writeHead(reply.status, reply.headers).end(reply.bytes);
};

const serve = async (state, table, req, res) => {
	if (req.url.startsWith('/__sim/')) return serveControl(table, req, res);
	const entry = newEntry(state, req);
	watchEnd(state, entry, res);
	const provider = PROVIDERS.find(({ prefix }) => entry.path.startsWith(prefix));
	if (provider) return serveProvider(state, provider, entry, req, res);
	entry.status = 404;
	return res.writeHead(404).end();
};

/** Start on a port (0: a free one) of the loopback. Resolves to {url, port, stop()}. */
export const startSimulator = async ({ port = 0 } = {}) => {
	const state = new State(PROVIDERS);
	const table = controls(state, PROVIDERS);
	const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (req, res) => {
		serve(state, table, req, res).catch((error) => {
			if (req.destroyed && error.code === 'ECONNRESET') return;
			console.error(`simulator: ${req.method} ${req.url}:`, error);
			res.destroy();
		});
	});
	server.requestTimeout = 0;
	await new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, '127.0.0.1', resolve);
	});
	const bound = server.address().port;
	const stop = () =>
		new Promise((resolve) => {
			server.close(resolve);
			server.closeAllConnections();
		});
	return { url: `http://127.0.0.1:${bound}`, port: bound, stop };
};
