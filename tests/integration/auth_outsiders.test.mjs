/* auth: what is open to whom; the people that a server of its operator makes; the shape of what is
 * answered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
	addPerson, admin, keyHeaders, request, serviceKey, signIn, signToken, sql,
	supabase, supabaseVersions, useStack,
} from './env/index.mjs';

const stack = useStack();
const call = (method, path, headers = {}, body) =>
	request(stack, method, `/auth/v1/${path}`, {
		headers: { 'content-type': 'application/json', ...headers },
		body: body && JSON.stringify(body),
	});
const as = (token) => ({ apikey: token, authorization: `Bearer ${token}` });

test('people are for the service key alone', async () => {
	const owner = await signIn(stack, 'owner');
	const service = await serviceKey(stack);
	const key = { role: 'service_role' };
	const { sub, session_id } = { sub: owner.user.id, session_id: crypto.randomUUID() };
	const outsiders = {
		nobody: [{}, 401],
		'the public key': [keyHeaders(stack), 403],
		'an owner': [{ ...keyHeaders(stack), ...as(owner.session.access_token) }, 403],
		'a service key of before': [as(signToken(stack, { ...key, exp: 1 })), 401],
		'a forged one': [as(signToken(stack, key, { secret: 'x'.repeat(32) })), 401],
		'an unsigned one': [as(signToken(stack, key, { alg: 'none' })), 401],
	};
	for (const [name, [headers, status]] of Object.entries(outsiders))
		for (const [method, path] of [['GET', 'admin/users'], ['POST', 'admin/users'],
			['GET', `admin/users/${sub}`], ['PUT', `admin/users/${sub}`],
			['DELETE', `admin/users/${sub}`]]) {
			const answer = await call(method, path, headers, method === 'GET' ? undefined : {});
			assert.equal(answer.status, status, `${name}: ${method} ${path}: ${answer.text}`);
		}
	assert.equal((await call('GET', 'admin/users', as(service))).status, 200);
	assert.equal((await owner.client.auth.getUser()).data.user.id, sub, 'they are still there');
	/* Of a person, but of no session of theirs. */
	const claims = { role: 'authenticated', sub, session_id };
	assert.equal((await call('GET', 'user', as(signToken(stack, claims)))).json.code,
		'session_not_found');
	const unnamed = signToken(stack, { role: 'authenticated' });
	assert.equal((await call('GET', 'user', as(unnamed))).status, 401);
	for (const path of ['user', 'logout'])
		assert.equal((await call(path === 'user' ? 'GET' : 'POST', path, keyHeaders(stack))).status,
			401);
});

for (const version of supabaseVersions)
	test(`supabase-js ${version} makes, changes and removes people with it`, async () => {
		const { auth } = supabase(stack, { version, key: await serviceKey(stack) });
		const email = `made.${crypto.randomUUID()}@people.example`;
		const password = 'made by a server';
		const made = await auth.admin.createUser({
			email, password, email_confirm: true,
			app_metadata: { role: 'admin' }, user_metadata: { display_name: 'Dana' },
		});
		assert.equal(made.error, null, made.error?.message);
		const { id } = made.data.user;
		assert.equal(made.data.user.app_metadata.role, 'admin');
		assert.equal(made.data.user.user_metadata.display_name, 'Dana');
		const twice = await auth.admin.createUser({ email: email.toUpperCase() });
		assert.equal(twice.error.code, 'email_exists');
		assert.equal(twice.error.status, 422);

		const listed = await auth.admin.listUsers({ page: 1, perPage: 200 });
		assert.ok(listed.data.users.some((user) => user.id === id));
		assert.ok(listed.data.total >= 1);
		assert.equal((await auth.admin.getUserById(id)).data.user.email, email);
		const told = async (subject) => (await sql(stack, `select from audit_log
			where actor = 'service_key' and action = 'contact_read' and subject = :'subject'`,
		{ subject })).length;
		assert.ok(await told('people') >= 1, 'who lists addresses is told of');
		const before = await told(`people:${id}`);
		await auth.admin.getUserById(id);
		assert.equal(await told(`people:${id}`), before + 1, 'and who opens one');

		const client = supabase(stack, { version });
		assert.equal((await client.auth.signInWithPassword({ email, password })).error, null);
		const shut = await auth.admin.updateUserById(id, { ban_duration: '24h' });
		assert.equal(shut.error, null, shut.error?.message);
		assert.equal((await client.auth.getUser()).error.name, 'AuthSessionMissingError');
		assert.equal((await client.auth.signInWithPassword({ email, password })).error.code,
			'user_banned');
		const changed = await auth.admin.updateUserById(id, {
			ban_duration: 'none', email: `other.${email}`, password: 'another of a server',
			app_metadata: { role: 'viewer' },
		});
		assert.equal(changed.data.user.app_metadata.role, 'viewer');
		const entry = await client.auth.signInWithPassword({
			email: `other.${email}`, password: 'another of a server',
		});
		assert.equal(entry.error, null, entry.error?.message);
		const ended = await auth.admin.signOut(entry.data.session.access_token);
		assert.equal(ended.error, null, ended.error?.message);
		assert.equal((await client.auth.getUser()).error.name, 'AuthSessionMissingError');

		assert.equal((await auth.admin.deleteUser(id)).error, null);
		assert.equal((await auth.admin.getUserById(id)).error.code, 'user_not_found');
	});

test('scripts/admin adds, lists, resets and removes, and prints a password once', async () => {
	const email = `terminal.${crypto.randomUUID()}@people.example`;
	const enter = (password) => supabase(stack).auth.signInWithPassword({ email, password });
	const [, password] = /^password: (\S{20})\n$/.exec(
		await admin(stack, ['add', email, '--role', 'owner', '--name', 'Dana Reed']));
	assert.equal((await enter(password)).data.user.app_metadata.role, 'owner');
	await assert.rejects(admin(stack, ['add', email]), /has the address/);
	await assert.rejects(admin(stack, ['add', 'x@people.example', '--role', 'god']), /a role is/);
	await assert.rejects(admin(stack, ['reset', email, '--stdin'], 'short\n'), /from 10 to/);
	const row = JSON.parse(await admin(stack, ['list', '--json'])).find((p) => p.email === email);
	assert.equal(row.role, 'owner');
	assert.equal(row.name, 'Dana Reed');
	assert.ok(row.signed_in_at);
	assert.match(await admin(stack, ['list']), new RegExp(`owner +\\S+ +${row.id} +${email} Dana`));
	await admin(stack, ['reset', email, '--stdin'], 'a password from a file\n');
	assert.equal((await enter(password)).error.code, 'invalid_credentials');
	assert.equal((await enter('a password from a file')).error, null);
	await admin(stack, ['remove', email]);
	assert.equal((await enter('a password from a file')).error.code, 'invalid_credentials');
	await assert.rejects(admin(stack, ['role', email, 'viewer']), /nobody has/);
});

test('nobody signs up by themselves where no setting says so', async () => {
	const { error } = await supabase(stack).auth.signUp({
		email: 'me@people.example', password: 'a password of mine',
	});
	assert.equal(error.code, 'signup_disabled');
	const { json } = await call('GET', 'settings', keyHeaders(stack));
	assert.equal(json.disable_signup, true);
	assert.equal(json.external.email, true);
});

test('what is not served, or asked in another way, is told in the words of auth-js', async () => {
	const { email } = await addPerson(stack);
	const of = async (status, code, ...args) => {
		const answer = await call(...args);
		assert.equal(answer.status, status, answer.text);
		assert.equal(answer.json.code, code, answer.text);
		return answer;
	};
	const unknown = await of(404, 'not_found', 'GET', 'authorize?provider=x', keyHeaders(stack));
	assert.equal(unknown.json.error_code, 'not_found');
	assert.equal(unknown.json.msg, unknown.json.message);
	assert.equal(unknown.headers.get('x-supabase-api-version'), null);
	const echoed = await call('GET', 'nope', { 'x-supabase-api-version': '2024-01-01' });
	assert.equal(echoed.headers.get('x-supabase-api-version'), '2024-01-01');
	await of(405, 'method_not_allowed', 'PATCH', 'user', keyHeaders(stack));
	await of(405, 'method_not_allowed', 'GET', 'token', keyHeaders(stack));
	await of(400, 'validation_failed', 'POST', 'token?grant_type=password', {}, { email });
	await of(400, 'validation_failed', 'POST', 'recover', {}, { email: 'no address' });
	await of(400, 'validation_failed', 'POST', 'recover', {},
		{ email, code_challenge: 'x'.repeat(43) });
	await of(414, 'uri_too_long', 'GET', `user?x=${'x'.repeat(62_000)}`, keyHeaders(stack));
	const long = await call('GET', `settings?x=${'x'.repeat(60_000)}`, keyHeaders(stack));
	assert.equal(long.status, 200);
});

test('a page of a listed site may call it, and no other', async () => {
	const ask = (origin) =>
		call('OPTIONS', 'user', {
			origin, 'access-control-request-method': 'PUT',
			'access-control-request-headers': 'authorization,x-supabase-api-version',
		});
	const { status, headers } = await ask(stack.baseUrl);
	assert.equal(status, 204);
	assert.equal(headers.get('access-control-allow-origin'), stack.baseUrl);
	assert.match(headers.get('access-control-allow-methods'), /\bPUT\b.*\bDELETE\b/);
	assert.match(headers.get('access-control-allow-headers'), /x-supabase-api-version/);
	const foreign = await ask('https://evil.example');
	assert.equal(foreign.status, 403);
	assert.equal(foreign.headers.get('access-control-allow-origin'), null);
});
