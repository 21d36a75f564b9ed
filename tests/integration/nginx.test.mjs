/* The nginx configuration as scripts/stack renders it. The functions are stood in for by a
 * responder that shows what reached it; the numbers are those of the real programs. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { poll } from './env/client.mjs';
import { startResponder } from './env/fastcgi_responder.mjs';
import { takePort } from './env/ports.mjs';
import { functionNames, startStack } from './env/stack.mjs';
import { run, send, showConfig } from './env/stack_command.mjs';

const ORIGIN = 'https://app.example.com';
const RATES = {
	RATE_CREATE_SESSION: 3,
	RATE_AGENT_REPLY: 0,
	RATE_TEXT_TO_SPEECH: 0,
	RATE_SPEECH_TO_TEXT: 0,
};
const setting = (kind, name) => `${kind}_${name.toUpperCase()}`;
const PATIENCE_MS = 20_000;
const KIB = 1024;
const NGINX = process.env.NGINX_BIN ?? '/usr/sbin/nginx';

const names = functionNames();
const seen = [];
let first;
let second;
let web; /* in the place of what speaks HTTP */
let stack;
let config; /* all files of it, as nginx reads them */

const echo = (request, reply) =>
	reply.json(200, { params: request.params, bytes: request.body.length });
let answer = echo; /* how the functions answer now; health checks are always answered */
const handle = (request, reply) => {
	if (request.params.PATH_INFO === '/readyz') return reply.json(200, { status: 'ok' });
	seen.push(request);
	return answer(request, reply);
};

before(async () => {
	first = await startResponder(handle);
	second = await startResponder(handle);
	web = http.createServer((_, response) => response.end('{"status":"ok"}'));
	await once(web.listen(0, '127.0.0.1'), 'listening');
	const one = `127.0.0.1:${first.port}`;
	stack = await startStack({
		name: 'nginx',
		env: {
			...Object.fromEntries(names.map((name) => [setting('UPSTREAM', name), one])),
			UPSTREAM_REALTIME: `127.0.0.1:${web.address().port}`,
			UPSTREAM_TEXT_TO_SPEECH: `${one} 127.0.0.1:${second.port}`,
			...Object.fromEntries(names.map((name) => [setting('RATE', name), ''])),
			...RATES,
			DATABASE_URL: 'postgresql:///none_is_needed',
			SCRIBE_ALLOWED_ORIGINS: ORIGIN,
			SCRIBE_PAGES: '0',
		},
	});
	const files = join(stack.dir, 'nginx');
	config = (await run(NGINX, ['-T', '-p', files, '-c', join(files, 'nginx.conf')])).stdout;
});

after(async () => {
	await stack?.stop();
	await first?.stop();
	await second?.stop();
	web?.close();
});

const call = (name, options) => send(`${stack.baseUrl}/functions/v1/${name}`, options);

/* The body of an error and every header that must be with it. */
const assertError = (response, status, code) => {
	assert.equal(response.status, status);
	assert.equal(response.headers['content-type'], 'application/json');
	assert.deepEqual(Object.keys(response.json), ['error', 'code', 'request_id']);
	assert.equal(response.json.code, code);
	assert.match(response.json.error, /^[A-Z].*\.$/);
	assert.equal(response.json.request_id, response.headers['x-request-id']);
	assert.equal(response.headers['x-content-type-options'], 'nosniff');
	assert.equal(response.headers['cache-control'], 'no-store');
	assert.match(response.headers.vary, /Origin/);
};
const assertReadable = (response) =>
	assert.equal(response.headers['access-control-allow-origin'], ORIGIN);

const locationOf = ({ path, has_path_info }) => {
	const match = has_path_info ? `^~ ${path}/` : `= ${path}`;
	const start = config.indexOf(`location ${match} {`);
	assert.notEqual(start, -1, `no location ${match}`);
	return config.slice(start, config.indexOf('\n}', start));
};

describe('numbers', () => {
	test('each function has the limits of its program', async () => {
		for (const name of names) {
			const told = await showConfig(name);
			const block = locationOf(told);
			const rate =
				(RATES[setting('RATE', name)] ?? told.rate_per_minute) * told.rate_factor;
			const has = (text) =>
				assert.ok(block.includes(text), `${name}: no "${text}" in ${block}`);
			has(`client_max_body_size ${told.body_max};`);
			if (told.protocol === 'websocket') {
				has(`proxy_pass http://function_${name};`);
			} else {
				has(`fastcgi_read_timeout ${told.deadline_ms + 2000}ms;`);
				has(`fastcgi_pass function_${name};`);
			}
			if (rate === 0) {
				assert.ok(!block.includes('limit_'), `${name} is limited`);
				continue;
			}
			assert.ok(
				config.includes(`zone=rate_${name}:10m rate=${rate}r/m;`),
				`${name}: rate ${rate}`,
			);
			has(`limit_req zone=rate_${name} burst=${rate - 1} nodelay;`);
			const connections = Math.min(64, told.connections_per_client);
			assert.ok(connections < told.threads, `${name} may be taken by one address`);
			has(`limit_conn connections_${name} ${connections};`);
		}
	});

	test('connections, queue and descriptors fit 5 000 requests in hand', () => {
		const number = (pattern) => Number(config.match(pattern)?.[1]);
		assert.ok(number(/worker_connections (\d+);/) > 10_000);
		assert.ok(number(/worker_rlimit_nofile (\d+);/) > 10_000);
		assert.equal(number(/listen 127\.0\.0\.1:\d+ default_server backlog=(\d+);/), 4096);
	});

	test('a program is given no request twice, and connections that are kept for a moment', () => {
		assert.match(config, /fastcgi_keep_conn on;/);
		assert.equal(config.match(/^\tkeepalive \d+;$/gm).length, names.length);
		/* scripts/stack waits for a program that leaves, and it for these. */
		assert.equal(config.match(/^\tkeepalive_(timeout|time) 1s;$/gm).length, 2 * names.length);
		assert.match(config, /fastcgi_next_upstream off;/);
	});

	test('nothing of a body is kept in a file', () => {
		assert.match(config, /fastcgi_request_buffering off;/);
		assert.doesNotMatch(config, /fastcgi_request_buffering on;/);
	});
});

describe('what a program is given', () => {
	test('exactly the parameters that programs read', async () => {
		const { json } = await call('agent_reply', {
			headers: {
				Origin: ORIGIN,
				apikey: 'k',
				Authorization: 'Bearer t',
				Accept: 'text/event-stream',
				'Idempotency-Key': 'i',
				'X-Client-Info': 'supabase-js-web/2',
				Traceparent: '00-t-p-01',
				Baggage: 'who=dana',
				'X-Session-Id': 's',
				'X-Session-Secret': 'x',
				'X-Turn-Id': 'n',
				'Accept-Profile': 'public',
				'Cache-Control': 'max-age=60',
				'Content-Profile': 'public',
				'If-None-Match': '"e"',
				Prefer: 'count=exact',
				Range: '0-9',
				'Range-Unit': 'items',
				'X-Metadata': 'e30=',
				'X-Supabase-Api-Version': '2024-01-01',
				'X-Upsert': 'true',
				'X-Request-Id': 'r.1_a-b',
				'Content-Type': 'application/json',
				Cookie: 'secret=1',
				Proxy: 'http://evil',
				'Path-Info': '/readyz',
				'X-Forwarded-For': '203.0.113.7',
				'Content-Length': 2,
			},
			body: '{}',
		});
		const { REQUEST_ARRIVED, ...params } = json.params;
		assert.match(REQUEST_ARRIVED, /^\d{10}\.\d{3}$/);
		assert.deepEqual(params, {
			REQUEST_METHOD: 'POST',
			CONTENT_TYPE: 'application/json',
			CONTENT_LENGTH: '2',
			PATH_INFO: '',
			REMOTE_ADDR: '127.0.0.1',
			HTTP_X_REQUEST_ID: 'r.1_a-b',
			HTTP_ORIGIN: ORIGIN,
			HTTP_APIKEY: 'k',
			HTTP_AUTHORIZATION: 'Bearer t',
			HTTP_ACCEPT: 'text/event-stream',
			HTTP_IDEMPOTENCY_KEY: 'i',
			HTTP_X_CLIENT_INFO: 'supabase-js-web/2',
			HTTP_TRACEPARENT: '00-t-p-01',
			HTTP_X_SESSION_ID: 's',
			HTTP_X_SESSION_SECRET: 'x',
			HTTP_X_TURN_ID: 'n',
			HTTP_ACCEPT_PROFILE: 'public',
			HTTP_CACHE_CONTROL: 'max-age=60',
			HTTP_CONTENT_PROFILE: 'public',
			HTTP_IF_NONE_MATCH: '"e"',
			HTTP_PREFER: 'count=exact',
			HTTP_RANGE: '0-9',
			HTTP_RANGE_UNIT: 'items',
			HTTP_X_METADATA: 'e30=',
			HTTP_X_SUPABASE_API_VERSION: '2024-01-01',
			HTTP_X_UPSERT: 'true',
		});
	});

	test('a query whole, also one of 60 kB; one too long is refused where it filters', async () => {
		const api = (path) =>
			send(`${stack.baseUrl}/auth/v1/${path}`, { headers: { Origin: ORIGIN } });
		for (const length of [5_000, 61_000]) {
			const { json } = await call(`agent_reply?q=${'x'.repeat(length)}`);
			assert.equal(json.params.QUERY_STRING?.length, length + 2);
			const behind = await api(`x?q=${'x'.repeat(length)}`);
			assert.equal(behind.json.params.QUERY_STRING.length, length + 2);
		}
		const refused = await api(`x?q=${'x'.repeat(62_000)}`);
		assertError(refused, 414, 'uri_too_long');
		assertReadable(refused);
	});

	test('of a whole API what is behind its path, decoded', async () => {
		const behind = async (path) => {
			const { json } = await send(`${stack.baseUrl}/auth/v1/${path}`);
			return Buffer.from(json.params.PATH_INFO, 'latin1').toString();
		};
		assert.equal(await behind('token?grant_type=x'), '/token');
		assert.equal(await behind('a/b%20c/%C3%A9%0Ad'), '/a/b c/\u00e9\nd');
		assert.equal(await behind(''), '/');
		const outside = await send(`${stack.baseUrl}/auth/v1x`);
		assert.equal(outside.status, 404);
		assert.equal((await send(`${stack.baseUrl}/auth/v1/../../functions/v1/nope`)).status, 404);
	});

	test('all of a body, also where the client tells no length', async () => {
		const { json } = await call('agent_reply', {
			headers: { 'Transfer-Encoding': 'chunked' },
			body: 'x'.repeat(70_000),
		});
		assert.equal(json.bytes, 70_000);
		/* nginx may have it all by the time that it begins to pass it on. */
		assert.ok([undefined, '70000'].includes(json.params.CONTENT_LENGTH));
	});

	test('a request id of its own instead of a strange one', async () => {
		for (const id of ['a b', 'a"b', 'x'.repeat(129), '<script>']) {
			const { json } = await call('agent_reply', { headers: { 'X-Request-Id': id } });
			assert.match(json.params.HTTP_X_REQUEST_ID, /^[0-9a-f]{32}$/);
		}
		const { json } = await call('agent_reply', {
			headers: { 'X-Request-Id': 'x'.repeat(128) },
		});
		assert.equal(json.params.HTTP_X_REQUEST_ID, 'x'.repeat(128));
	});

	test('the alias reaches speech_to_text', async () => {
		const { status, json } = await call('speech_to_text_groq', { body: '{}' });
		assert.equal(status, 200);
		assert.equal(json.params.PATH_INFO, '');
	});

	test('17 MiB for those who hear', async () => {
		for (const name of ['speech_to_text', 'agent_reply']) {
			const { json } = await call(name, { body: Buffer.alloc(17 * KIB * KIB, 97) });
			assert.equal(json.bytes, 17 * KIB * KIB, name);
		}
	});
});

describe('what a program answers', () => {
	test('passes as it is, with nothing twice', async () => {
		const own = { error: 'No.', code: 'invalid_session', request_id: 'p' };
		for (const status of [401, 404, 413, 500, 503]) {
			answer = (request, reply) =>
				reply.json(status, own, {
					'X-Request-Id': 'p',
					'Access-Control-Allow-Origin': ORIGIN,
					Vary: 'Origin',
					'X-Content-Type-Options': 'nosniff',
					'Cache-Control': 'no-store',
				});
			const response = await call('agent_reply', { headers: { Origin: ORIGIN } });
			assert.equal(response.status, status);
			assert.deepEqual(response.json, own);
			const given = response.raw
				.filter((_, i) => i % 2 === 0)
				.map((name) => name.toLowerCase());
			assert.deepEqual(given, [...new Set(given)]);
			assert.equal(response.headers['content-type'], 'application/json');
		}
		answer = echo;
	});

	test('its policy counts only where it names no more than a page of ours has', async () => {
		const hash = `'sha256-${'a'.repeat(43)}='`;
		const rest = "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
		const own = `default-src 'none'; style-src ${hash}; ${rest}`;
		const policyFor = async (policy) => {
			answer = (request, reply) =>
				reply.json(200, {}, policy ? { 'Content-Security-Policy': policy } : {});
			const { headers } = await call('agent_reply');
			answer = echo;
			return headers['content-security-policy'];
		};
		assert.equal(await policyFor(own), own);
		const strict = "default-src 'none'; frame-ancestors 'none'";
		assert.equal(await policyFor(), strict);
		for (const wider of [
			'default-src *',
			own.replace(hash, "'unsafe-inline'"),
			own.replace(hash, `${hash} 'unsafe-inline'`),
			`${own}; script-src 'self'`,
			own.replace("form-action 'self'", 'form-action *'),
		])
			assert.equal(await policyFor(wider), strict, wider);
	});

	test('a stream arrives event by event', async () => {
		/* Each is sent when the one before it has arrived. */
		let stream;
		answer = (request, reply) => {
			stream = reply;
			reply.write('Content-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n\r\n');
			reply.write('data: 0\n\n');
		};
		const arrivals = [];
		await new Promise((resolve, reject) => {
			const request = http.request(
				`${stack.baseUrl}/functions/v1/agent_reply`,
				{ method: 'POST', timeout: PATIENCE_MS },
				(response) => {
					response.on('data', (chunk) => {
						arrivals.push(chunk.toString());
						if (arrivals.length < 3) stream.write(`data: ${arrivals.length}\n\n`);
						else stream.end();
					});
					response.on('end', resolve);
				},
			);
			request.on('timeout', () => request.destroy(new Error('events were held back')));
			request.on('error', reject).end();
		});
		answer = echo;
		assert.deepEqual(arrivals, ['data: 0\n\n', 'data: 1\n\n', 'data: 2\n\n']);
	});

	test('a slow reader does not hold the program', async () => {
		const big = 'x'.repeat(800_000);
		let finished;
		const left = new Promise((resolve) => (finished = resolve));
		answer = (request, reply) => {
			reply.socket.on('close', finished);
			reply.json(200, { big });
		};
		const request = http.request(`${stack.baseUrl}/functions/v1/agent_reply`, {
			method: 'POST',
		});
		request
			.on('response', (response) => response.pause())
			.on('error', () => {})
			.end();
		await Promise.race([
			left,
			sleep(PATIENCE_MS, null, { ref: false }).then(() =>
				assert.fail('nginx left the answer with it'),
			),
		]);
		request.destroy();
		answer = echo;
	});
});

describe('errors of nginx', () => {
	const headers = { Origin: ORIGIN, 'X-Request-Id': 'mine-1' };

	test('a name that is no function, any address, the pages with SCRIBE_PAGES=0', async () => {
		for (const address of [
			'/functions/v1/nope',
			'/',
			'/talk.js',
			'/config.json',
			'/functions/v1/agent_reply/x',
			'/readyz/nope',
		]) {
			const response = await send(stack.baseUrl + address, { headers });
			assertError(response, 404, 'not_found');
			assertReadable(response);
			assert.equal(response.json.request_id, 'mine-1');
		}
	});

	test('too large, announced or not', async () => {
		const { body_max } = await showConfig('agent_reply');
		for (const more of [{}, { 'Transfer-Encoding': 'chunked' }]) {
			const response = await call('agent_reply', {
				headers: { ...headers, ...more },
				body: Buffer.alloc(body_max + 1, 97),
			});
			assertError(response, 413, 'payload_too_large');
			assertReadable(response);
		}
	});

	test('a foreign origin, before anything of its body has come', async () => {
		seen.length = 0;
		for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`]) {
			const more = { Origin: origin, 'Content-Length': 500_000 };
			const response = await new Promise((done, fail) => {
				const request = http.request(`${stack.baseUrl}/functions/v1/agent_reply`, {
					method: 'POST',
					headers: { ...headers, ...more },
				});
				request.on('response', done).on('error', fail).flushHeaders();
			});
			const text = Buffer.concat(await response.toArray()).toString();
			const { statusCode: status, headers: given } = response;
			const refused = { status, headers: given, json: JSON.parse(text) };
			assertError(refused, 403, 'origin_not_allowed');
			assert.equal(given['access-control-allow-origin'], undefined);
		}
		assert.equal(seen.length, 0);
	});

	test('a preflight with a body, which no program is given', async () => {
		seen.length = 0;
		const preflight = (name, more, body) =>
			call(name, { method: 'OPTIONS', headers: { ...headers, ...more }, body });
		for (const name of ['speech_to_text', 'agent_reply', 'nope'])
			for (const more of [{ 'Content-Length': 1 }, { 'Transfer-Encoding': 'chunked' }]) {
				const refused = await preflight(name, more, 'x');
				assertError(refused, 413, 'payload_too_large');
				assertReadable(refused);
			}
		assert.equal(seen.length, 0);
		const empty = await preflight('speech_to_text', { 'Content-Length': 0 });
		assert.equal(empty.status, 200);
		assert.equal(seen.length, 1);
	});

	test('the rate: as many at once as a minute allows, then a time to wait', async () => {
		const results = [];
		for (let i = 0; i < 4; i++) results.push(await call('create_session', { headers }));
		assert.deepEqual(
			results.map((r) => r.status),
			[200, 200, 200, 429],
		);
		assertError(results[3], 429, 'rate_limited');
		assertReadable(results[3]);
		assert.equal(results[3].headers['retry-after'], '20');
		const preflight = await call('create_session', { method: 'OPTIONS', headers });
		assert.equal(preflight.status, 200, 'a preflight is not counted');
		assert.equal(
			(await call('agent_reply')).status,
			200,
			'another function has a limit of its own',
		);
	});

	test('a program that dies, and the request is not repeated', async () => {
		answer = (request, reply) => reply.drop();
		seen.length = 0;
		const response = await call('text_to_speech', { headers, body: '{}' });
		answer = echo;
		assertError(response, 502, 'upstream_failed');
		assertReadable(response);
		assert.equal(seen.length, 1);
	});

	test('a program that says nothing, 2 s after its deadline', async () => {
		const deadlines = await Promise.all(
			names.map(async (name) => [name, (await showConfig(name)).deadline_ms]),
		);
		const [name, deadline] = deadlines
			.filter(([n]) => n !== 'create_session')
			.sort((a, b) => a[1] - b[1])[0];
		answer = () => {};
		const start = performance.now();
		const response = await call(name, { headers, body: '{}' });
		answer = echo;
		assertError(response, 504, 'upstream_timeout');
		assertReadable(response);
		const late = performance.now() - start - deadline;
		assert.ok(late > 1000 && late < 2000 + PATIENCE_MS, `${late} ms`);
	});

	test('request lines and header lines: 64 KiB pass, more is refused', async () => {
		const around = 'POST /functions/v1/agent_reply? HTTP/1.1'.length;
		const line = (total) => `/functions/v1/agent_reply?${'x'.repeat(total - around)}`;
		assert.equal((await send(stack.baseUrl + line(64 * KIB), { headers })).status, 200);
		assertError(await send(stack.baseUrl + line(66 * KIB), { headers }), 414, 'uri_too_long');
		const junk = (total) => ({ ...headers, 'X-Junk': 'x'.repeat(total - 'X-Junk: '.length) });
		assert.equal((await call('agent_reply', { headers: junk(64 * KIB) })).status, 200);
		assertError(
			await call('agent_reply', { headers: junk(66 * KIB) }),
			431,
			'headers_too_large',
		);
		const token = { ...headers, Authorization: `Bearer ${'x'.repeat(60_000)}` };
		assert.equal((await call('agent_reply', { headers: token })).status, 200);
		token.apikey = 'y'.repeat(10_000);
		assertError(await call('agent_reply', { headers: token }), 431, 'headers_too_large');
	});

	test('what is not HTTP', async () => {
		const response = await send(`${stack.baseUrl}/livez`, {
			method: 'GET',
			headers: { Host: 'a b' },
		});
		assertError(response, 400, 'invalid_request');
	});

	test('a method nothing has', async () => {
		const response = await call('agent_reply', { method: 'TRACE', headers });
		assertError(response, 405, 'method_not_allowed');
		assert.equal(response.headers.allow, 'POST, OPTIONS');
	});
});

describe('origins', () => {
	const allowed = async (origin) =>
		(await send(`${stack.baseUrl}/functions/v1/nope`, { headers: { Origin: origin } })).headers[
			'access-control-allow-origin'
		];

	test('exactly those listed, and the own ones', async () => {
		const { port } = new URL(stack.baseUrl);
		const own = [`http://localhost:${port}`, `http://127.0.0.1:${port}`];
		for (const origin of [ORIGIN, ...own]) assert.equal(await allowed(origin), origin);
		const foreign = [
			'https://APP.example.com',
			'https://appXexample.com',
			`${ORIGIN}.evil.com`,
			'https://evil.com',
			'null',
			`${ORIGIN}/`,
			`x${ORIGIN}`,
		];
		for (const origin of foreign) assert.equal(await allowed(origin), undefined, origin);
	});

	test('the preflight of an unknown name is answered, so that its 404 can be read', async () => {
		const { status, headers } = await call('nope', {
			method: 'OPTIONS',
			headers: { Origin: ORIGIN },
		});
		assert.equal(status, 204);
		assert.equal(headers['access-control-allow-origin'], ORIGIN);
		assert.match(headers['access-control-allow-methods'], /POST/);
		for (const name of [
			'authorization',
			'apikey',
			'content-type',
			'x-client-info',
			'x-request-id',
			'idempotency-key',
			'x-region',
			'x-supabase-api-version',
			'x-session-id',
			'x-session-secret',
			'x-turn-id',
			'traceparent',
		])
			assert.ok(headers['access-control-allow-headers'].split(', ').includes(name), name);
		assert.ok(Number(headers['access-control-max-age']) > 0);
	});
});

describe('logs', () => {
	test('one line of JSON per request, without what a query string carries', async () => {
		answer = (request, reply) => reply.drop(); /* makes the error log speak, too */
		await send(`${stack.baseUrl}/functions/v1/agent_reply?token=hunter2`, {
			headers: { 'X-Request-Id': 'log-1' },
		});
		answer = echo;
		const read = (name) => readFile(join(stack.dir, 'log', name), 'utf8');
		const line = await poll(async () =>
			(await read('access.log'))
				.split('\n')
				.slice(0, -1)
				.map((line) => JSON.parse(line))
				.find((entry) => entry.request_id === 'log-1'),
		);
		assert.equal(line.path, '/functions/v1/agent_reply');
		assert.equal(line.method, 'POST');
		assert.equal(line.status, 502);
		assert.match(await read('nginx.log'), /prematurely closed/);
		for (const name of ['access.log', 'nginx.log'])
			assert.ok(!(await read(name)).includes('hunter2'), name);
	});
});

/* Self-signed: who it is signed by is not what is looked at here. */
const makeCertificate = async () => {
	const paths = { cert: join(stack.dir, 'cert.pem'), key: join(stack.dir, 'key.pem') };
	const subject = ['-subj', '/CN=localhost', '-days', '2'];
	const files = ['-keyout', paths.key, '-out', paths.cert];
	const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
	const { status, stderr } = await run('openssl', ['req', ...kind, ...files, ...subject]);
	assert.equal(status, 0, stderr);
	return paths;
};

/* {protocol, headers} of a GET over TLS, or the error that refused it. */
const overTls = (port, options = {}) =>
	new Promise((done) => {
		const url = `https://127.0.0.1:${port}/livez`;
		const request = https.get(url, { rejectUnauthorized: false, agent: false, ...options });
		request.on('response', (response) => {
			done({ protocol: response.socket.getProtocol(), headers: response.headers });
			response.resume();
		});
		request.on('error', (error) => done({ error }));
	});

describe('TLS', () => {
	test('serves with a certificate, refuses old protocols, redirects plain HTTP', async () => {
		const { cert, key } = await makeCertificate();
		const [tls, plain] = [await takePort(), await takePort()];
		const settings = {
			SCRIBE_TLS_CERT: cert,
			SCRIBE_TLS_KEY: key,
			SCRIBE_TLS_LISTEN: '127.0.0.1',
			TLS_PORT: String(tls.port),
			TLS_REDIRECT_PORT: String(plain.port),
			SCRIBE_PUBLIC_URL: 'https://api.example.com/ignored',
		};
		await stack.commandWith(settings, 'reload', 'nginx');
		const { protocol, headers } = await overTls(tls.port);
		assert.equal(protocol, 'TLSv1.3');
		assert.match(headers['strict-transport-security'], /max-age=\d{8}/);
		const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' };
		assert.ok((await overTls(tls.port, old)).error, 'TLS 1.1 is served');
		const target = '/functions/v1/x?a=1';
		for (const name of ['Host', 'X-Forwarded-Host', 'X-None']) {
			const redirect = await send(`http://127.0.0.1:${plain.port}${target}`, {
				headers: { [name]: 'evil.example' },
			});
			assert.equal(redirect.status, 308);
			assert.equal(redirect.headers.location, `https://api.example.com${target}`);
		}
		const wrong = ['', 'https://$host', 'http://api.example.com', 'https://a;b'];
		for (const SCRIBE_PUBLIC_URL of wrong)
			await assert.rejects(
				stack.commandWith({ ...settings, SCRIBE_PUBLIC_URL }, 'reload', 'nginx'),
				/SCRIBE_PUBLIC_URL: |SCRIBE_PUBLIC_URL must say|is not an origin/,
				SCRIBE_PUBLIC_URL,
			);
		assert.equal((await send(`${stack.baseUrl}/livez`, { method: 'GET' })).status, 200);
		const local = await send(`${stack.baseUrl}/livez`, { method: 'GET' });
		assert.equal(local.headers['strict-transport-security'], undefined);
		tls.release();
		plain.release();
	});
});

describe('the client address', () => {
	const chain = { headers: { 'X-Forwarded-For': '198.51.100.9, 203.0.113.7, 10.1.2.3' } };
	const address = async () => (await call('agent_reply', chain)).json.params.REMOTE_ADDR;

	test('X-Forwarded-For counts behind a trusted proxy only', async () => {
		assert.equal(await address(), '127.0.0.1');
		const trusted = { SCRIBE_TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8' };
		await stack.commandWith(trusted, 'reload', 'nginx');
		assert.equal(await address(), '203.0.113.7');
	});

	/* The addresses of a line are one client. */
	const CLIENTS = [
		Array.from({ length: 20 }, (_, i) => `2001:db8:1:2:${i}::${i}`),
		['2001:db8:1:3::1', '2001:db8:1:3:1:2:3:4', '2001:DB8:1:3:0:0:0:9', '2001:0db8:1:3::'],
		['2001:db8:1::1', '2001:db8:1:0:2::3', '2001:db8:1:0:a:b:c:d', '2001:db8:1::b:c:d'],
		['2001:db8::1', '2001:db8::1:2:3:4', '2001:db8:0:0:1::', '2001:db8:0:0:1:0:0:1'],
		['2001:db8:0:7::1', '2001:db8:0:7:1:2:3:4', '2001:db8:0:7::', '2001:db8:0:7:1::'],
		['2001::7:1:2:3:4', '2001:0:0:7::1', '2001:0:0:7:1::', '2001::7:1:0:0:1'],
		['2001::8:1:2:3:4', '2001:0:0:8::1', '2001:0:0:8:1::', '2001::8:1:0:0:1'],
		['2001::1', '2001::1:2:3:4', '2001::1:0:0:0', '2001::'],
		['::1:7:1:2:3:4', '0:0:1:7::1', '0:0:1:7:1::', '0:0:1:7::'],
		['::7:1:2:3:4', '0:0:0:7::', '::7:0:0:0:1', '0:0:0:7:1::'],
		['::1:2:3:4', '::1', '::ffff:1234', '::2:0:0:0'],
		['198.51.100.1', '::ffff:198.51.100.1', '198.51.100.1', '::ffff:c633:6401'],
		['198.51.100.2', '198.51.100.2', '198.51.100.2', '198.51.100.2'],
	];

	test('an IPv6 address counts by its /64, however it is written', async () => {
		const status = async (from) =>
			(await call('create_session', { headers: { 'X-Forwarded-For': from } })).status;
		for (const addresses of CLIENTS)
			for (const [i, from] of addresses.entries())
				assert.equal(await status(from), i < RATES.RATE_CREATE_SESSION ? 200 : 429, from);
	});
});
