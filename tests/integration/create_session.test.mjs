/* create_session: a conversation is opened, its secret told once, its keys checked. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { keyHeaders, newSession, post, request, sql, supabase, useStack } from './env/index.mjs';

const stack = useStack();

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const VISITOR = '6f1f5a3e-3c63-4f6e-9a58-0c8f4c2f3a11';

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

test('a session is opened with an id, a secret, a token and an end', async () => {
	const session = await newSession(stack, { visitor_id: VISITOR, consent: true, mode: 'mentor' });
	assert.match(session.session_id, UUID);
	assert.match(session.session_secret, UUID);
	const ahead = Date.parse(session.expires_at) - Date.now();
	assert.ok(ahead > 23.9 * 3600e3 && ahead <= 24 * 3600e3, session.expires_at);

	const [row] = await sql(
		stack,
		`select visitor_id, consent, current_mode, channel, octet_length(secret_hash),
			encode(secret_hash, 'escape') like '%' || :'secret' || '%'
		 from sessions where id = :'id'`,
		{ id: session.session_id, secret: session.session_secret },
	);
	assert.deepEqual(row, [VISITOR, 't', 'mentor', 'web', '32', 'f']);
	const events = await sql(stack, `select kind from events where session_id = :'id'`, {
		id: session.session_id,
	});
	assert.deepEqual(events, [['session_started']]);
});

test('the realtime token is signed, short-lived and bound to its channel', async () => {
	const { session_id, realtime_token } = await newSession(stack);
	const [head, body, signature] = realtime_token.split('.');
	const wanted = createHmac('sha256', stack.jwtSecret).update(`${head}.${body}`)
		.digest('base64url');
	assert.equal(signature, wanted);
	const { channel, exp, iat } = claims(realtime_token);
	assert.equal(channel, `session:${session_id}`);
	assert.ok(exp - iat <= 3600);
	const answer = await post(stack, 'text_to_speech', { text: 'hi' }, { apikey: realtime_token });
	assert.equal(answer.status, 401);
});

test('a visitor is kept only by a UUID and with consent', async () => {
	const kept = async (body) => {
		const { session_id } = await newSession(stack, body);
		const [[visitor]] = await sql(stack, `select visitor_id from sessions where id = :'id'`, {
			id: session_id,
		});
		return visitor;
	};
	assert.equal(await kept({ visitor_id: VISITOR, consent: true }), VISITOR);
	assert.notEqual(await kept({ visitor_id: VISITOR, consent: false }), VISITOR);
	assert.notEqual(await kept({ visitor_id: 'fred', consent: true }), 'fred');
	assert.match(await kept({}), UUID);
});

test('an unknown mode and wrong types are told by field', async () => {
	for (const [body, field] of [
		[{ mode: 'pirate' }, 'mode'],
		[{ consent: 'yes' }, 'consent'],
		[{ visitor_id: 5 }, 'visitor_id'],
		[{ visitor_id: 'x'.repeat(201) }, 'visitor_id'],
	]) {
		const answer = await post(stack, 'create_session', body);
		assert.equal(answer.status, 400, answer.text);
		assert.equal(answer.json.code, 'invalid_request');
		assert.equal(answer.json.field, field);
		assert.equal(answer.json.request_id, answer.headers.get('x-request-id'));
	}
});

test('supabase-js opens one as a page does', async () => {
	const { data, error } = await supabase(stack).functions.invoke('create_session', { body: {} });
	assert.equal(error, null);
	assert.match(data.session_id, UUID);
});

test('a browser is told what it may send before it sends it', async () => {
	const answer = await request(stack, 'OPTIONS', '/functions/v1/create_session', {
		headers: {
			origin: stack.baseUrl,
			'access-control-request-method': 'POST',
			'access-control-request-headers': 'authorization, apikey, content-type, x-client-info',
		},
	});
	assert.equal(answer.status, 204);
	assert.equal(answer.headers.get('access-control-allow-origin'), stack.baseUrl);
	assert.equal(answer.headers.get('vary'), 'Origin');
	assert.match(answer.headers.get('access-control-allow-methods'), /POST/);
	const allowed = answer.headers.get('access-control-allow-headers').split(', ');
	for (const name of ['authorization', 'apikey', 'content-type', 'x-client-info', 'x-request-id',
		'idempotency-key', 'x-region', 'x-supabase-api-version'])
		assert.ok(allowed.includes(name), name);
	assert.ok(Number(answer.headers.get('access-control-max-age')) > 0);
});

test('a foreign site is turned away before any work', async () => {
	const visitor_id = crypto.randomUUID();
	const openFrom = (origin) =>
		post(stack, 'create_session', { visitor_id, consent: true }, { origin });
	const opened = () =>
		sql(stack, `select count(*) from sessions where visitor_id = :'id'`, { id: visitor_id });
	for (const origin of ['https://evil.example', `${stack.baseUrl}.evil.example`, 'null']) {
		const answer = await openFrom(origin);
		assert.equal(answer.status, 403, origin);
		assert.equal(answer.json.code, 'origin_not_allowed');
		assert.equal(answer.headers.get('access-control-allow-origin'), null);
	}
	assert.deepEqual(await opened(), [['0']]);
	const own = await openFrom(stack.baseUrl.replace('127.0.0.1', 'localhost'));
	assert.equal(own.status, 200);
	assert.deepEqual(await opened(), [['1']]);
});

test('other methods are refused with what is allowed', async () => {
	for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
		const answer = await request(stack, method, '/functions/v1/create_session');
		assert.equal(answer.status, 405, method);
		assert.equal(answer.json.code, 'method_not_allowed');
		assert.equal(answer.headers.get('allow'), 'POST, OPTIONS');
	}
});

test('the same Idempotency-Key gives the same session', async () => {
	const key = crypto.randomUUID();
	const headers = { 'idempotency-key': `"${key}"` };
	const first = await post(stack, 'create_session', { mode: 'mentor' }, headers);
	const second = await post(stack, 'create_session', { mode: 'mentor' },
		{ 'idempotency-key': key });
	assert.equal(first.status, 200);
	assert.equal(second.text, first.text);
	const stored = await sql(stack, `select body from idempotency_keys where status = 200`);
	assert.ok(!JSON.stringify(stored).includes(first.json.session_secret));
});

test('the same key sent many times at once opens one session', async () => {
	const headers = { 'idempotency-key': crypto.randomUUID() };
	const answers = await Promise.all(
		Array.from({ length: 12 }, () => post(stack, 'create_session', { consent: true }, headers)),
	);
	const ids = new Set(answers.filter((a) => a.status === 200).map((a) => a.json.session_id));
	assert.equal(ids.size, 1);
	for (const answer of answers) assert.ok([200, 409].includes(answer.status), answer.text);
});

test('an incoming request id comes back if it is sane', async () => {
	const sane = await post(stack, 'create_session', {}, { 'x-request-id': 'turn-42.a_b' });
	assert.equal(sane.headers.get('x-request-id'), 'turn-42.a_b');
	const wild = await post(stack, 'create_session', {}, { 'x-request-id': 'a b"c' });
	assert.notEqual(wild.headers.get('x-request-id'), 'a b"c');
	assert.ok(wild.headers.get('x-request-id'));
});

test('the answer is exactly application/json', async () => {
	const answer = await post(stack, 'create_session', {}, keyHeaders(stack));
	assert.equal(answer.headers.get('content-type'), 'application/json');
});
