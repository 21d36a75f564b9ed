/* The same programs without a server: a request in the environment and on stdin, its response on
 * stdout (RFC 3875), from a shell and under a CGI server. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { audio, newSession, pairOf, post, sql, useStack, whileLocked } from './env/index.mjs';
import { build, flavour } from './env/stack_command.mjs';
import { people } from './people.mjs';

const stack = useStack();

const databaseUrl = () =>
	stack.env.DATABASE_URL ??
	`postgresql:///scribe?host=${encodeURIComponent(join(stack.dir, 'run/pg'))}&user=scribe_app`;

/* Splits a CGI response as a server does: header lines, an empty line, the body. */
const readResponse = (out) => {
	const end = out.indexOf('\r\n\r\n');
	assert.ok(end > 0, `no headers in: ${out}`);
	const headers = Object.fromEntries(
		out.slice(0, end).split('\r\n').map((line) => {
			const colon = line.indexOf(':');
			return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
		}),
	);
	const text = out.slice(end + 4);
	return { headers, status: Number(headers.status?.split(' ')[0]), text };
};

/* Runs a program as a CGI server or a shell would; atEnd(child) is called when its output ends. */
const runProgram = (name, body, env = {}, atEnd = () => {}) =>
	new Promise((resolve, reject) => {
		const child = spawn(join(build, flavour, 'bin', name), [], {
			cwd: stack.dir,
			env: {
				...stack.env,
				SCRIBE_ANON_KEY: stack.anonKey,
				SCRIBE_JWT_SECRET: stack.jwtSecret,
				DATABASE_URL: databaseUrl(),
				REQUEST_METHOD: 'POST',
				...env,
			},
		});
		let out = '';
		let log = '';
		child.stdout.on('data', (text) => (out += text));
		child.stdout.on('end', () => atEnd(child));
		child.stderr.on('data', (text) => (log += text));
		child.once('error', reject);
		child.once('close', (code) => resolve({ code, out, log, ...(out && readResponse(out)) }));
		child.stdin.on('error', (error) => error.code === 'EPIPE' || reject(error));
		child.stdin.end(body);
	});

const length = (body) => ({ CONTENT_LENGTH: String(Buffer.byteLength(body)) });

test('a session is opened from a shell', async () => {
	const answer = await runProgram('create_session', '{"mode":"mentor"}');
	const { code, status, headers, text, log } = answer;
	assert.equal(code, 0, log);
	assert.equal(status, 200, text);
	assert.equal(headers.status, '200 OK');
	assert.equal(headers['content-type'], 'application/json');
	assert.ok(headers['x-request-id']);
	const { session_id } = JSON.parse(text);
	const rows = await sql(stack, `select current_mode from sessions where id = :'id'`, {
		id: session_id,
	});
	assert.deepEqual(rows, [['mentor']]);
});

test('with CONTENT_LENGTH no more than that is read', async () => {
	const body = '{"mode":"mentor"}';
	const { status, text } = await runProgram('create_session', `${body}trailing`, length(body));
	assert.equal(status, 200, text);
	const short = await runProgram('create_session', body, { CONTENT_LENGTH: '500' });
	assert.equal(short.status, 400, 'the body ended early');
});

test('a session made by the server goes on in a shell, and back', async () => {
	const session = await newSession(stack);
	const user_message = 'Hello, I am Dana.';
	const body = JSON.stringify({ ...pairOf(session), user_message, audio: false });
	const { code, status, text, log } = await runProgram('agent_reply', body, length(body));
	assert.equal(code, 0, log);
	assert.equal(status, 200, text);
	assert.match(JSON.parse(text).text, /Dana/);
	const rows = await sql(stack, `select count(*) from utterances where session_id = :'id'`, {
		id: session.session_id,
	});
	assert.deepEqual(rows, [['2']]);
});

test('the response ends before what is done behind it', async () => {
	const pair = pairOf(await newSession(stack));
	await post(stack, 'save_memory', { ...pair, scope: 'long', content: 'I live in Lisbon' });
	const body = JSON.stringify({ ...pair, query: 'Lisbon' });
	let run;
	const left = await whileLocked(
		stack,
		'memory_uses',
		() =>
			new Promise((ended) => {
				const atEnd = (child) => ended(child.exitCode !== null);
				run = runProgram('recall_memories', body, length(body), atEnd);
			}),
		'exclusive',
	);
	assert.equal(left, false, 'it had left before its response ended');
	const { code, status, text, log } = await run;
	assert.equal(code, 0, log);
	assert.equal(status, 200, text);
	assert.equal(JSON.parse(text).count, 1);
	assert.doesNotMatch(log, /use_not_counted/);
});

test('sound comes whole through a pipe', async () => {
	const body = JSON.stringify({ text: 'This is spoken from a shell. '.repeat(8), format: 'wav' });
	const key = { HTTP_APIKEY: stack.anonKey };
	const { code, status, text, log } = await runProgram('text_to_speech', body, key);
	assert.equal(code, 0, log);
	assert.equal(status, 200, text.slice(0, 300));
	const wav = Buffer.from(JSON.parse(text).audio_base64, 'base64');
	assert.equal(wav.readUInt32LE(4), wav.length - 8);
	assert.ok(wav.length > 200000);
});

test('a recording is heard from a shell, by a decoder that leaves with its program', async () => {
	const pair = pairOf(await newSession(stack));
	const audio_base64 = audio('speech/spk1_snt3.wav').toString('base64');
	const body = JSON.stringify({ ...pair, audio_base64 });
	const { code, status, text, log } = await runProgram('speech_to_text', body, length(body));
	assert.equal(code, 0, log);
	assert.equal(status, 200, text);
	assert.match(JSON.parse(text).text, /air is pure/i);
});

test('a turn is spoken in a shell: the recording is the body', async () => {
	const { session_id, session_secret } = await newSession(stack);
	const clip = audio('speech/spk1_snt3.wav');
	const { code, status, text, log } = await runProgram('agent_reply', clip, {
		...length(clip),
		CONTENT_TYPE: 'audio/wav',
		HTTP_X_SESSION_ID: session_id,
		HTTP_X_SESSION_SECRET: session_secret,
	});
	assert.equal(code, 0, log);
	assert.equal(status, 200, text);
	assert.match(JSON.parse(text).heard.text, /air is pure/i);
	assert.ok(JSON.parse(text).audio_base64.length > 16000);
});

test('what a server would be refused a shell is refused', async () => {
	for (const [body, env, status, code] of [
		['', {}, 400, 'invalid_request'],
		['nonsense', {}, 400, 'invalid_request'],
		['{"mode":7}', {}, 400, 'invalid_request'],
		['{}', { CONTENT_LENGTH: 'many' }, 400, 'invalid_request'],
		['{}', { CONTENT_LENGTH: '-1' }, 400, 'invalid_request'],
		['{}', { CONTENT_LENGTH: '99999999999999' }, 413, 'payload_too_large'],
		['x'.repeat((1 << 20) + 1), {}, 413, 'payload_too_large'],
		['{}', { REQUEST_METHOD: 'DELETE' }, 405, 'method_not_allowed'],
		['', { REQUEST_METHOD: 'GET' }, 405, 'method_not_allowed'],
		['{}', { HTTP_ORIGIN: 'https://foreign.example' }, 403, 'origin_not_allowed'],
	]) {
		const answer = await runProgram('create_session', body, env);
		const what = `${body.slice(0, 20)} ${JSON.stringify(env)}: ${answer.out} ${answer.log}`;
		assert.equal(answer.status, status, what);
		assert.equal(JSON.parse(answer.text).code, code, what);
		assert.ok(JSON.parse(answer.text).request_id, what);
		if (status === 405) assert.equal(answer.headers.allow, 'POST, OPTIONS');
	}
});

test('a preflight is answered without a body', async () => {
	const { status, headers, text } = await runProgram('create_session', '', {
		REQUEST_METHOD: 'OPTIONS',
		HTTP_ORIGIN: stack.baseUrl,
		SCRIBE_ALLOWED_ORIGINS: stack.baseUrl,
	});
	assert.equal(status, 204, text);
	assert.equal(headers['access-control-allow-origin'], stack.baseUrl);
	assert.equal(text, '');
});

test('no database: 503, and when to come again', async () => {
	for (const DATABASE_URL of [
		'postgresql://nobody:s3cret@/scribe?host=/nonexistent',
		'postgresql://nobody:s3cret@127.0.0.1:1/scribe',
	]) {
		const answer = await runProgram('create_session', '{}', { DATABASE_URL });
		const { status, headers, text, log } = answer;
		assert.equal(status, 503, text);
		assert.equal(JSON.parse(text).code, 'unavailable');
		assert.ok(Number(headers['retry-after']) >= 1);
		assert.doesNotMatch(text, /nonexistent|nobody|127\.0\.0\.1/);
		assert.match(log, /No such file|Connection refused/, 'the log says why');
		assert.doesNotMatch(log, /s3cret/);
	}
});

test('without the settings it needs a program says which, and answers nothing', async () => {
	const { code, out, log } = await runProgram('create_session', '{}', { DATABASE_URL: '' });
	assert.equal(code, 1);
	assert.equal(out, '');
	assert.match(log, /DATABASE_URL/);
});

test('a secret that anybody could guess is refused before anything is answered', async () => {
	const same = { SCRIBE_JWT_SECRET: stack.anonKey };
	const cases = [
		[{ SCRIBE_JWT_SECRET: 'a' }, /SCRIBE_JWT_SECRET: is too short: give at least 32/],
		[{ SCRIBE_JWT_SECRET: 'abcd'.repeat(9) }, /SCRIBE_JWT_SECRET: repeats itself/],
		[same, /SCRIBE_JWT_SECRET: is the same as SCRIBE_ANON_KEY/],
		[{ SCRIBE_DATA_KEY: 'secret' }, /SCRIBE_DATA_KEY: is too short: give at least 16/],
	];
	for (const [env, told] of cases) {
		const { code, out, log } = await runProgram('create_session', '{}', env);
		assert.equal(code, 1);
		assert.equal(out, '');
		assert.match(log, told);
	}
});

test('rows of more bytes than are told to a person are refused in words', async () => {
	const { session_id } = await newSession(stack);
	await sql(stack, `insert into events (session_id, kind, payload)
		select :'id', 'test', jsonb_build_object('text', repeat('x', 1000))
			from generate_series(1, 80)`, { id: session_id });
	const admin = await people(stack, 'admin');
	const ask = (more) => runProgram('rest', '', {
		REQUEST_METHOD: 'GET', REST_BYTES_MAX: '65536', PATH_INFO: '/events',
		QUERY_STRING: `session_id=eq.${session_id}&kind=eq.test${more}`,
		HTTP_APIKEY: stack.anonKey, HTTP_AUTHORIZATION: admin.headers.Authorization,
	});
	const { status, text } = await ask('');
	assert.equal(status, 400, text);
	assert.equal(JSON.parse(text).code, '54000');
	assert.match(text, /fewer rows with limit/);
	const few = await ask('&limit=50');
	assert.equal(few.status, 200, few.text);
	assert.equal(JSON.parse(few.text).length, 50);
});
