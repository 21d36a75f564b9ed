/* Talking to a stack: as any HTTP client, as supabase-js in a browser, and behind its back. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@supabase/supabase-js';
import { root } from './stack.mjs';

const parseJson = (text) => {
	try {
		return JSON.parse(text);
	} catch (error) {
		if (error instanceof SyntaxError) return undefined;
		throw error;
	}
};

/** One plain request: {status, headers, text, json}; json is undefined when it is none. */
export const request = async (stack, method, path, { body, headers = {}, signal } = {}) => {
	const response = await fetch(`${stack.baseUrl}${path}`, {
		method,
		body,
		headers,
		signal,
		redirect: 'manual',
	});
	const text = await response.text();
	return { status: response.status, headers: response.headers, text, json: parseJson(text) };
};

/** POST to a function. A string or bytes go as they are, all else as JSON. */
export const post = (stack, fn, body, headers = {}) => {
	const raw = typeof body === 'string' || body instanceof Uint8Array;
	return request(stack, 'POST', `/functions/v1/${fn}`, {
		body: raw ? body : JSON.stringify(body),
		headers: { 'content-type': 'application/json', ...headers },
	});
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

/** supabase-js with the headers that it has in a page of this stack's own origin. */
export const supabase = (stack, { origin = stack.baseUrl, headers = {} } = {}) =>
	createClient(stack.baseUrl, stack.anonKey, {
		auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
		global: {
			headers: {
				Origin: origin,
				'X-Client-Info': 'supabase-js-web/2.55.0',
				...headers,
			},
		},
	});

/** A recording of tests/data/audio, e.g. audio('speech/jfk.wav'). */
export const audio = (name) => readFileSync(join(root, 'tests/data/audio', name));

const FIELD = '\x1f';
const ROW = '\x1e';

const databaseUrl = (stack) =>
	stack.env.DATABASE_URL ??
	`postgresql:///scribe?host=${encodeURIComponent(join(stack.dir, 'run/pg'))}&user=postgres`;

/* psql ends a result that has rows with a line end of its own. */
const splitRows = (out) =>
	out === ''
		? []
		: out
				.replace(/\n$/, '')
				.split(ROW)
				.map((row) => row.split(FIELD));

/** Ask the database directly, as its superuser: rows as lists of texts (NULL is ''); of several
 * statements only one may give rows. `values` are psql variables,
 * so write :'name' in the statement, never the value itself. */
export const sql = (stack, statement, values = {}) =>
	new Promise((resolve, reject) => {
		const set = Object.entries(values).flatMap(([name, value]) => [
			'-v',
			`${name}=${value}`,
		]);
		const psql = spawn(
			'psql',
			[
				'-XAtq',
				'-F',
				FIELD,
				'-R',
				ROW,
				'-v',
				'ON_ERROR_STOP=1',
				...set,
				'-f',
				'-',
				databaseUrl(stack),
			],
			{ cwd: '/', env: { PATH: process.env.PATH } },
		);
		let stdout = '';
		let stderr = '';
		psql.stdout.on('data', (text) => (stdout += text));
		psql.stderr.on('data', (text) => (stderr += text));
		psql.once('error', reject);
		psql.once('close', (status) =>
			status === 0
				? resolve(splitRows(stdout))
				: reject(new Error(`psql: ${stderr}`)),
		);
		psql.stdin.end(statement);
	});

/** Put words into a session as its turns do, without waiting for replies: [speaker, text] each. */
export const addUtterances = (stack, session, lines) =>
	sql(
		stack,
		`insert into utterances (session_id, speaker, text)
		 select :'id', e->>0, e->>1 from jsonb_array_elements(:'lines'::jsonb) e;
		 update sessions set utterance_count = utterance_count + :'n'::int where id = :'id'`,
		{ id: session.session_id, lines: JSON.stringify(lines), n: lines.length },
	);

/** Call `fn` until it gives something true, and give that. Errors count as "not yet"; the last
 * one is told when the deadline passes. */
export const poll = async (fn, { deadlineMs = 10000, everyMs = 25 } = {}) => {
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
