/* Talking to a stack: as any HTTP client, as supabase-js in a browser, and behind its back. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@supabase/supabase-js';
import pg from 'pg';
import { createClient as createLatest } from 'supabase-js-latest';
import WebSocket from 'ws';
import { superuser } from './superuser.mjs';

const parseJson = (text) => {
	try {
		return JSON.parse(text);
	} catch (error) {
		if (error instanceof SyntaxError) return undefined;
		throw error;
	}
};

/** One plain request: {status, headers, text, json}; json is undefined when it is none. On a
 * connection of its own: one that is kept may be closed just when it is used again. */
export const request = async (stack, method, path, { body, headers = {}, signal } = {}) => {
	const response = await fetch(`${stack.baseUrl}${path}`, {
		method,
		body,
		headers: { connection: 'close', ...headers },
		signal,
		redirect: 'manual',
	});
	const text = await response.text();
	return { status: response.status, headers: response.headers, text, json: parseJson(text) };
};

/** GET at the socket of who runs the system: {status, headers, text}. */
export const operate = async (stack, path) => {
	const socketPath = join(stack.dir, 'run/inside/operate.sock');
	const [response] = await once(http.get({ socketPath, path }), 'response');
	const text = Buffer.concat(await response.toArray()).toString();
	return { status: response.statusCode, headers: response.headers, text };
};

/** POST to a function. A string or bytes go as they are, all else as JSON. */
export const post = (stack, fn, body, headers = {}) => {
	const raw = typeof body === 'string' || body instanceof Uint8Array;
	return request(stack, 'POST', `/functions/v1/${fn}`, {
		body: raw ? body : JSON.stringify(body),
		headers: { 'content-type': 'application/json', ...headers },
	});
};

/** The same from another address of this host (127.0.0.2 and on), which is another client. */
export const postFrom = async (stack, localAddress, fn, body, headers = {}) => {
	const sent = JSON.stringify(body);
	const request = http.request(`${stack.baseUrl}/functions/v1/${fn}`, {
		method: 'POST',
		localAddress,
		headers: {
			'content-type': 'application/json',
			'content-length': Buffer.byteLength(sent),
			...headers,
		},
	});
	request.end(sent);
	const [response] = await once(request, 'response');
	const chunks = await response.toArray();
	const text = Buffer.concat(chunks).toString();
	return {
		status: response.statusCode,
		headers: response.headers,
		text,
		json: parseJson(text),
	};
};

/** The anonymous key as a browser sends it. */
export const keyHeaders = (stack) => ({
	apikey: stack.anonKey,
	authorization: `Bearer ${stack.anonKey}`,
});

/** A fresh session: the whole answer of create_session, so also {session_id, session_secret}. */
export const newSession = async (stack, body = {}) => {
	const answer = await post(stack, 'create_session', body, keyHeaders(stack));
	assert.equal(answer.status, 200, answer.text);
	return answer.json;
};

/** The pair that most functions ask for. */
export const pairOf = ({ session_id, session_secret }) => ({ session_id, session_secret });

const CREATE = { 2.55: createClient, current: createLatest };

/** What `version` of supabase() may be: the page's supabase-js, and the newest one. */
export const supabaseVersions = Object.keys(CREATE);

/** supabase-js with the headers that it has in a page of this stack's own origin. `auth`: options
 * of its sign-in; `key`: another one than the anonymous. */
export const supabase = (
	stack,
	{ origin = stack.baseUrl, headers = {}, version = '2.55', auth, key = stack.anonKey } = {},
) =>
	CREATE[version](stack.baseUrl, key, {
		auth: {
			persistSession: false,
			autoRefreshToken: false,
			detectSessionInUrl: false,
			...auth,
		},
		/* The newest one looks for a WebSocket of Node's own, which older ones do not have. */
		...(version === 'current' && { realtime: { transport: WebSocket } }),
		global: {
			headers: {
				Origin: origin,
				'X-Client-Info': 'supabase-js-web/2.55.0',
				...headers,
			},
		},
	});

/* Values as the database writes them, as psql shows them. */
const AS_TEXT = { getTypeParser: () => (text) => text };
const CONNECT_MS = 10000;

const pools = new Map();

/* Connections are kept, for most of what a test asks is quicker than a connection. */
const poolOf = (stack) => {
	if (!pools.has(stack.dir)) {
		const pool = new pg.Pool({
			...superuser(stack),
			connectionTimeoutMillis: CONNECT_MS,
			types: AS_TEXT,
			allowExitOnIdle: true,
		});
		/* Idle connections are lost when the database restarts. */
		pool.on('error', () => {});
		pool.on('connect', (client) => client.on('error', () => {}));
		pools.set(stack.dir, pool);
	}
	return pools.get(stack.dir);
};

/** Ask the database directly, as its superuser: rows as lists of texts (NULL is ''); of several
 * statements only one may give rows. `values` stand in the statement as :'name', never the value
 * itself. */
export const sql = async (stack, statement, values = {}) => {
	const text = statement.replace(/:'(\w+)'/g, (_, name) => {
		assert.ok(name in values, `there is no value for :'${name}'`);
		return pg.escapeLiteral(String(values[name]));
	});
	const client = await poolOf(stack).connect();
	let failed = true;
	try {
		const results = [await client.query({ text, rowMode: 'array' })].flat();
		await client.query('discard all');
		failed = false;
		return results.flatMap(({ rows }) => rows.map((row) => row.map((value) => value ?? '')));
	} finally {
		client.release(failed);
	}
};

/** Runs `body` while a transaction of ours keeps everybody else from the table; in mode
 * 'exclusive' from writing to it only. */
export const whileLocked = async (stack, table, body, mode = 'access exclusive') => {
	const client = await poolOf(stack).connect();
	try {
		await client.query(`begin; lock table ${client.escapeIdentifier(table)} in ${mode} mode`);
		return await body();
	} finally {
		const failed = await client.query('rollback').then(() => undefined, (error) => error);
		client.release(failed);
	}
};

/** Put words into a session as its turns do, without waiting for replies: [speaker, text] each. */
export const addUtterances = (stack, session, lines) =>
	sql(
		stack,
		`insert into utterances (session_id, speaker, text)
		 select :'id', e->>0, e->>1 from jsonb_array_elements(:'lines'::jsonb) e;
		 update sessions set utterance_count = utterance_count + :'n'::int where id = :'id'`,
		{ id: session.session_id, lines: JSON.stringify(lines), n: lines.length },
	);

/* Who waits in vain has failed; a machine that is busy with others is slow and has not. */
const POLL_MS = 60000;

/** Call `fn` until it gives something true, and give that. Errors count as "not yet"; the last
 * one is told when the deadline passes. */
export const poll = async (fn, { deadlineMs = POLL_MS, everyMs = 25 } = {}) => {
	const end = performance.now() + deadlineMs;
	let last = new Error('it never came true');
	do {
		try {
			const value = await fn();
			if (value) return value;
		} catch (error) {
			last = error;
		}
		await pause(everyMs);
	} while (performance.now() < end);
	throw new Error(`nothing within ${deadlineMs} ms: ${last.message}`, { cause: last });
};

/** poll() that calls the jobs of a kind at each look, instead of when they are due: one that runs
 * just then may have begun before there was anything for it. */
export const pollJob = (stack, kind, fn, options) =>
	poll(async () => {
		await sql(
			stack,
			`update jobs set run_at = now() where kind = :'kind' and state = 'ready'`,
			{ kind },
		);
		return fn();
	}, options);

/** Sets when the waiting job of a kind is due, e.g. '1 hour' from now; waits while it runs. */
export const setJobDue = (stack, kind, when) =>
	poll(async () => {
		const rows = await sql(
			stack,
			`update jobs set run_at = now() + :'when'::interval
			 where kind = :'kind' and state = 'ready' returning id`,
			{ kind, when },
		);
		return rows.length;
	});
