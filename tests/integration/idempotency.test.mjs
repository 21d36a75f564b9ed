/* Idempotency-Key: who a key belongs to, what is the same request, and who is given its answer. */
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import http from 'node:http';
import { test } from 'node:test';
import { keyHeaders, newSession, pairOf, post, sql, useStack } from './env/index.mjs';

const stack = useStack();

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

const tokenOf = (claims) => {
	const exp = Math.floor(Date.now() / 1000) + 3600;
	const text = `${encode({ alg: 'HS256' })}.${encode({ role: 'authenticated', exp, ...claims })}`;
	return `${text}.${createHmac('sha256', stack.jwtSecret).update(text).digest('base64url')}`;
};

const withKey = (key, more = {}) => ({ 'idempotency-key': key, ...more });

/* A request from another address of this host. */
const postFrom = (localAddress, fn, body, headers) =>
	new Promise((resolve, reject) => {
		const request = http.request(`${stack.baseUrl}/functions/v1/${fn}`, {
			method: 'POST',
			localAddress,
			headers: { 'content-type': 'application/json', ...headers },
		});
		request.on('error', reject);
		request.on('response', async (response) => {
			const pieces = await response.toArray();
			const json = JSON.parse(Buffer.concat(pieces));
			resolve({ status: response.statusCode, headers: response.headers, json });
		});
		request.end(JSON.stringify(body));
	});

const save = (pair, content, headers, query = '') =>
	post(stack, `save_memory${query}`, { ...pair, scope: 'long', content }, headers);

const isReplay = ({ headers }) => headers.get('idempotency-replayed') === 'true';

test('who proves nothing needs a key nobody guesses, and gets 400 for another', async () => {
	const short = withKey('order-1', keyHeaders(stack));
	for (const [fn, body] of [
		['create_session', {}],
		['collect_email', { email: `${randomUUID()}@example.com` }],
		['agent_reply', { user_message: 'Hello.' }],
		['create_session', { ...pairOf(await newSession(stack)) }],
		['create_session', { session_id: randomUUID(), session_secret: randomUUID() }],
	]) {
		const answer = await post(stack, fn, body, short);
		assert.equal(answer.status, 400, `${fn}: ${answer.text}`);
		assert.equal(answer.json.field, 'Idempotency-Key', fn);
		assert.match(answer.json.error, /36 characters/, fn);
	}
	const quoted = await post(stack, 'create_session', {}, withKey(`"${'x'.repeat(35)}"`));
	assert.equal(quoted.status, 400, 'quotes do not count');
});

test('a key of nobody in particular is of one address and one payload', async () => {
	const headers = withKey(randomUUID(), keyHeaders(stack));
	const first = await post(stack, 'create_session', { mode: 'mentor' }, headers);
	const again = await post(stack, 'create_session', { mode: 'mentor' }, headers);
	assert.equal(again.text, first.text);
	assert.ok(isReplay(again));
	const other = await post(stack, 'create_session', { mode: 'william' }, headers);
	assert.equal(other.status, 200);
	assert.notEqual(other.json.session_id, first.json.session_id);
	const elsewhere = await postFrom('127.0.0.9', 'create_session', { mode: 'mentor' }, headers);
	assert.equal(elsewhere.status, 200);
	assert.notEqual(elsewhere.json.session_id, first.json.session_id);
	const stored = await sql(stack, `select scope from idempotency_keys where scope ~ '127[.]'`);
	assert.deepEqual(stored, [], 'no address is kept');
});

test('a stranger who names a session takes none of its keys', async () => {
	const pair = pairOf(await newSession(stack));
	const claimed = { ...pair, session_secret: randomUUID() };
	const headers = withKey('memory-1');
	const refused = await save(claimed, 'theirs', headers);
	assert.equal(refused.status, 401, refused.text);
	assert.equal(refused.json.code, 'invalid_session');
	const rows = await sql(stack, `select count(*) from idempotency_keys where scope = :'id'`, {
		id: pair.session_id,
	});
	assert.deepEqual(rows, [['0']]);
	const first = await save(pair, 'mine', headers);
	assert.equal(first.status, 200, first.text);
	const stranger = await save(claimed, 'mine', headers);
	assert.equal(stranger.json.code, 'invalid_session', 'nor is it given an answer');
	assert.equal((await save(pair, 'another', headers)).status, 422);
	const other = pairOf(await newSession(stack));
	assert.equal((await save(other, 'of another session', headers)).status, 200);
});

test('a session owns its keys whatever its address', async () => {
	const pair = pairOf(await newSession(stack));
	const body = { ...pair, scope: 'long', content: 'from two places' };
	const first = await post(stack, 'save_memory', body, withKey('memory-2'));
	const again = await postFrom('127.0.0.9', 'save_memory', body, withKey('memory-2'));
	assert.equal(again.status, 200);
	assert.equal(again.headers['idempotency-replayed'], 'true');
	assert.deepEqual(again.json, first.json);
});

test('a key is free for its own request once its runner is dead or its time over', async () => {
	const pair = pairOf(await newSession(stack));
	const headers = withKey('memory-3');
	const ask = async (content) => {
		const { status, headers: told } = await save(pair, content, headers);
		assert.equal(told.get('retry-after') !== null, status === 409, 'who is to wait is told');
		return status;
	};
	/* As one who did not end left it: who that is, dead or living, and until when it is theirs. */
	const leave = (isAlive, until) =>
		sql(
			stack,
			`with runner as (insert into instances (id, host, pid, program, beat_at)
				values (gen_random_uuid(), 'nowhere', 1, 'save_memory', now()
					+ case when :'isAlive' then interval '1 hour' else interval '-1 hour' end)
				returning id)
			 update idempotency_keys set state = 'running', status = null, content_type = null,
				body = null, created_at = now() - interval '1 minute',
				locked_until = now() + :'until'::interval, instance = (select id from runner)
			 where scope = :'id'`,
			{ id: pair.session_id, isAlive, until },
		);
	assert.equal(await ask('mine'), 200);
	for (const [isAlive, until, status] of [
		[true, '1 hour', 409],
		[true, '-1 second', 200],
		[false, '1 hour', 200],
	]) {
		await leave(isAlive, until);
		assert.equal(await ask('another'), 422, `for another request: ${isAlive} ${until}`);
		assert.equal(await ask('mine'), status, `${isAlive} ${until}`);
	}
	await sql(stack, `delete from instances where host = 'nowhere'`);
});

test('a signed token owns keys by its subject, the anon key owns none', async () => {
	/* No hash spells these by chance. */
	const [anna, benno] = ['ana', 'ben'].map((name) => `${name}-${randomUUID()}`);
	const token = (claims) => withKey('first', { authorization: `Bearer ${tokenOf(claims)}` });
	const open = (headers, body = {}) => post(stack, 'create_session', body, headers);
	const ana = await open(token({ sub: anna }));
	assert.equal(ana.status, 200, ana.text);
	/* Another token of the same subject, and from another address, beside the anon key. */
	const later = await postFrom('127.0.0.9', 'create_session', {}, {
		...token({ sub: anna, iat: 7 }),
		apikey: stack.anonKey,
	});
	assert.equal(later.json.session_id, ana.json.session_id);
	const inApikey = await open(withKey('first', { apikey: tokenOf({ sub: anna }) }));
	assert.equal(inApikey.json.session_id, ana.json.session_id);
	const ben = await open(token({ sub: benno }));
	assert.equal(ben.status, 200, ben.text);
	assert.notEqual(ben.json.session_id, ana.json.session_id);
	assert.equal((await open(token({ sub: anna }), { mode: 'mentor' })).status, 422);
	const proveNothing = [
		{},
		{ sub: '' },
		{ sub: 7 },
		{ sub: anna, exp: 1 },
		{ sub: anna, role: 'x' },
	];
	for (const claims of proveNothing)
		assert.equal((await open(token(claims))).status, 400, JSON.stringify(claims));
	const forged = `${tokenOf({ sub: anna }).slice(0, -4)}AAAA`;
	assert.equal((await open(withKey('first', { apikey: forged }))).status, 400);
	const stored = await sql(
		stack,
		`select scope from idempotency_keys
		 where strpos(scope, :'anna') > 0 or strpos(scope, :'benno') > 0`,
		{ anna, benno },
	);
	assert.deepEqual(stored, [], 'no subject is kept');
});

test('the query is part of the request', async () => {
	const pair = pairOf(await newSession(stack));
	const first = await save(pair, 'asked', withKey('query-1'), '?a=1');
	assert.equal(first.status, 200, first.text);
	assert.ok(isReplay(await save(pair, 'asked', withKey('query-1'), '?a=1')));
	for (const query of ['', '?a=2'])
		assert.equal((await save(pair, 'asked', withKey('query-1'), query)).status, 422, query);
	const headers = withKey(randomUUID());
	const open = (query) => post(stack, `create_session${query}`, {}, headers);
	const ids = [await open(''), await open('?a=1'), await open('?a=2')].map(
		({ json }) => json.session_id,
	);
	assert.equal(new Set(ids).size, 3);
});

test('a replay needs a session that still stands, and counts as its use', async () => {
	const pair = pairOf(await newSession(stack));
	const headers = withKey('replay-1');
	const first = await save(pair, 'once', headers);
	assert.equal(first.status, 200, first.text);
	const age = (interval) =>
		sql(
			stack,
			`update sessions set last_active_at = now() - interval '${interval}'
				where id = :'id'`,
			{ id: pair.session_id },
		);
	await age('1 hour');
	assert.ok(isReplay(await save(pair, 'once', headers)));
	const [[isUsed, count]] = await sql(
		stack,
		`select last_active_at > now() - interval '1 minute', rate_count from sessions
			where id = :'id'`,
		{ id: pair.session_id },
	);
	assert.equal(isUsed, 't');
	assert.equal(count, '2', 'each request is counted once');
	await age('25 hours');
	const late = await save(pair, 'once', headers);
	assert.equal(late.status, 401, late.text);
	assert.equal(late.json.code, 'session_expired');
	await sql(stack, `delete from sessions where id = :'id'`, { id: pair.session_id });
	assert.equal((await save(pair, 'once', headers)).json.code, 'invalid_session');
});

test('of a session the newest two hundred answers of a function are kept', async () => {
	const pair = pairOf(await newSession(stack));
	const keys = [randomUUID(), randomUUID()];
	const kept = (where) =>
		sql(
			stack,
			`select count(*) from idempotency_keys where function = 'save_memory'
				and scope ~ :'id' ${where}`,
			{ id: pair.session_id },
		).then(([[n]]) => Number(n));
	await save(pair, 'the first', withKey(keys[0]));
	await sql(
		stack,
		`insert into idempotency_keys (function, scope, key_hash, payload_hash, state, status, body,
				created_at)
			select function, scope, sha256(n::text::bytea), payload_hash, state, status, body,
				now() + n * interval '1 ms'
			from idempotency_keys, generate_series(1, 250) n where scope ~ :'id'`,
		{ id: pair.session_id },
	);
	await sql(
		stack,
		`update idempotency_keys set created_at = created_at - interval '1 hour'
			where scope ~ :'id'`,
		{ id: pair.session_id },
	);
	assert.ok(!isReplay(await save(pair, 'the second', withKey(keys[1]))));
	assert.equal(await kept(''), 200);
	assert.equal(await kept(`and created_at < now() - interval '1 minute'`), 199);
	assert.ok(isReplay(await save(pair, 'the second', withKey(keys[1]))));
	assert.ok(!isReplay(await save(pair, 'the first', withKey(keys[0]))), 'it is the oldest');
});
