/* auth: people sign in, stay signed in, and out again; they set a password by a link in a mail; and
 * nobody learns by trying who there is. With the supabase-js of the page and the newest one. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
	addPerson, admin, dump, keyHeaders, poll, request, serviceKey, signIn, sql, supabase,
	supabaseVersions, useStack,
} from './env/index.mjs';

const SITE = 'https://admin.example.com';
const TRIES = 4;
const ADDRESS_TRIES = 40;
const stack = useStack({
	functions: ['auth', 'create_session'],
	simulator: true,
	env: {
		MAIL_INTERVAL_MS: '0',
		JOBS_RETRY_MS: '50',
		AUTH_SIGNUP: '1',
		AUTH_TRIES_PER_ACCOUNT: String(TRIES),
		AUTH_TRIES_PER_ADDRESS: String(ADDRESS_TRIES),
		SCRIBE_ALLOWED_ORIGINS: SITE,
	},
});

const NEW = 'another good password';
const secrets = []; /* what must be nowhere in the clear */
const person = async (role) => {
	const made = await addPerson(stack, role);
	secrets.push(made.password);
	return made;
};
const entered = async (role, options) => {
	const made = await signIn(stack, role, options);
	secrets.push(made.password, made.session.refresh_token, made.session.access_token);
	return made;
};

const post = (path, body, headers = {}) =>
	request(stack, 'POST', `/auth/v1/${path}`, {
		body: JSON.stringify(body),
		headers: {
			...keyHeaders(stack),
			'content-type': 'application/json',
			'x-supabase-api-version': '2024-01-01',
			...headers,
		},
	});
const bearer = (token) => ({ authorization: `Bearer ${token}` });
const user = (token) =>
	request(stack, 'GET', '/auth/v1/user', {
		headers: { ...keyHeaders(stack), ...bearer(token) },
	});
const refresh = async (refresh_token) => {
	const answer = await post('token?grant_type=refresh_token', { refresh_token });
	if (answer.status === 200) secrets.push(answer.json.refresh_token);
	return answer;
};
const tryPassword = (email, password, headers) =>
	post('token?grant_type=password', { email, password }, headers);
const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

const mailTo = (email, n = 1) =>
	poll(async () => (await stack.sim.outbox()).resend
		.filter(({ to }) => [to].flat().includes(email))[n - 1]);
const linkIn = (mail) => /http:\S+token=\S+/.exec(mail.text)[0];
const open = (link) => request(stack, 'GET', link.slice(stack.baseUrl.length));
const send = (link, fields) =>
	request(stack, 'POST', link.slice(stack.baseUrl.length), {
		body: new URLSearchParams({ token: new URL(link).searchParams.get('token'), ...fields })
			.toString(),
		headers: {
			'content-type': 'application/x-www-form-urlencoded',
			origin: stack.baseUrl,
		},
	});
/* As if all tokens had been used so long ago. */
const later = (seconds) =>
	sql(stack, `update refresh_tokens set used_at = used_at - :'ago'::interval
		where used_at is not null`, { ago: `${seconds} seconds` });

for (const version of supabaseVersions)
	describe(`supabase-js ${version}`, () => {
		test('signs in, tells who it is, refreshes, and signs out', async () => {
			const { email, password } = await person('admin');
			const client = supabase(stack, { version });
			const events = [];
			client.auth.onAuthStateChange((event, session) =>
				events.push([event, session?.user.email]));
			const { data, error } = await client.auth.signInWithPassword({ email, password });
			assert.equal(error, null, error?.message);
			secrets.push(data.session.refresh_token, data.session.access_token);
			assert.equal(data.user.email, email);
			assert.equal(data.user.role, 'authenticated');
			assert.equal(data.user.app_metadata.role, 'admin');
			assert.equal(data.session.token_type, 'bearer');
			assert.equal(data.session.expires_in, 604800);
			const claims = claimsOf(data.session.access_token);
			assert.equal(claims.sub, data.user.id);
			assert.equal(claims.role, 'authenticated');
			assert.equal(claims.aud, 'authenticated');
			assert.equal(claims.app_metadata.role, 'admin');
			assert.match(claims.session_id, /^[0-9a-f-]{36}$/);
			assert.ok(Math.abs(claims.exp - Date.now() / 1000 - 604800) < 60);

			const shown = await client.auth.getUser();
			assert.equal(shown.data.user.id, data.user.id);
			const next = await client.auth.refreshSession();
			assert.equal(next.error, null, next.error?.message);
			assert.notEqual(next.data.session.refresh_token, data.session.refresh_token);
			assert.equal(claimsOf(next.data.session.access_token).session_id, claims.session_id);
			assert.equal((await client.auth.signOut()).error, null);
			assert.equal((await user(next.data.session.access_token)).status, 403);
			await poll(() => events.some(([event]) => event === 'SIGNED_OUT'));
			assert.deepEqual(
				events.filter(([event]) => event !== 'INITIAL_SESSION'),
				[['SIGNED_IN', email], ['TOKEN_REFRESHED', email], ['SIGNED_OUT', undefined]],
			);
		});

		test('reads errors by their codes', async () => {
			const { email } = await person();
			const client = supabase(stack, { version });
			const { error } = await client.auth.signInWithPassword({ email, password: 'wrong' });
			assert.equal(error.code, 'invalid_credentials');
			assert.equal(error.status, 400);
			assert.equal(error.message, 'Invalid login credentials');
		});

		test('changes a password, which ends all other sessions', async () => {
			const mine = await entered('viewer', { version });
			const other = supabase(stack, { version });
			const { data } = await other.auth.signInWithPassword(mine);
			secrets.push(data.session.refresh_token, NEW);
			const weak = await mine.client.auth.updateUser({ password: 'short' });
			assert.equal(weak.error.name, 'AuthWeakPasswordError');
			assert.deepEqual(weak.error.reasons, ['length']);
			assert.equal((await user(data.session.access_token)).status, 200);
			const changed = await mine.client.auth.updateUser({ password: NEW });
			assert.equal(changed.error, null, changed.error?.message);
			assert.equal(changed.data.user.email, mine.email);
			assert.equal((await mine.client.auth.getUser()).data.user.email, mine.email);
			const gone = await other.auth.getUser();
			assert.equal(gone.error.name, 'AuthSessionMissingError');
			assert.equal((await tryPassword(mine.email, mine.password)).status, 400);
			assert.equal((await tryPassword(mine.email, NEW)).status, 200);
			const name = await mine.client.auth.updateUser({ data: { name: 'x' } });
			assert.equal(name.error.code, 'validation_failed');
		});
	});

test('who refreshes twice at once, or lost the answer, gets the same', async () => {
	const { session } = await entered();
	const answers = await Promise.all(
		Array.from({ length: 6 }, () => refresh(session.refresh_token)));
	for (const { status, text } of answers) assert.equal(status, 200, text);
	assert.equal(new Set(answers.map(({ json }) => json.refresh_token)).size, 1);
	for (const { json } of answers)
		assert.equal((await user(json.access_token)).status, 200);
	await later(9);
	const again = await refresh(session.refresh_token);
	assert.equal(again.json.refresh_token, answers[0].json.refresh_token);
	assert.equal((await refresh(again.json.refresh_token)).status, 200);
});

test('a token that is used again later ends the whole session', async () => {
	const { session } = await entered();
	const next = (await refresh(session.refresh_token)).json;
	await later(11);
	const stolen = await refresh(session.refresh_token);
	assert.equal(stolen.status, 400);
	assert.equal(stolen.json.code, 'refresh_token_already_used');
	const mine = await refresh(next.refresh_token);
	assert.equal(mine.status, 400);
	assert.equal(mine.json.code, 'refresh_token_not_found');
	for (const token of [session.access_token, next.access_token])
		assert.equal((await user(token)).json.code, 'session_not_found');
	assert.match(stack.logs('auth'), /"event":"refresh_token_reused"/);
});

test('what is no refresh token of ours', async () => {
	for (const token of ['x', '0'.repeat(64)])
		assert.equal((await refresh(token)).json.code, 'refresh_token_not_found');
	for (const body of [{}, { refresh_token: 7 }, { refresh_token: '' }])
		assert.equal((await post('token?grant_type=refresh_token', body)).json.code,
			'validation_failed');
	assert.equal((await post('token?grant_type=pkce', {})).json.code, 'unsupported_grant_type');
	assert.equal((await post('token', {})).json.code, 'unsupported_grant_type');
});

test('signing out ends this session, the others, or all', async () => {
	const first = await entered();
	const more = async () => {
		const client = supabase(stack);
		const { data } = await client.auth.signInWithPassword(first);
		secrets.push(data.session.refresh_token);
		return { client, token: data.session.access_token, refresh: data.session.refresh_token };
	};
	const [second, third] = [await more(), await more()];
	const alive = async (...tokens) =>
		(await Promise.all(tokens.map(user))).map(({ status }) => status === 200);
	const tokens = [first.session.access_token, second.token, third.token];
	assert.equal((await second.client.auth.signOut({ scope: 'local' })).error, null);
	assert.deepEqual(await alive(...tokens), [true, false, true]);
	assert.equal((await refresh(second.refresh)).json.code, 'refresh_token_not_found');
	assert.equal((await third.client.auth.signOut({ scope: 'others' })).error, null);
	assert.deepEqual(await alive(...tokens), [false, false, true]);
	const fourth = await more();
	assert.equal((await fourth.client.auth.signOut()).error, null);
	assert.deepEqual(await alive(...tokens, fourth.token), [false, false, false, false]);
});

test('a password is set by the page behind the mailed link', async () => {
	const { email, client, session } = await entered('admin');
	const { error } = await client.auth.resetPasswordForEmail(email);
	assert.equal(error, null, error?.message);
	const mail = await mailTo(email);
	const link = linkIn(mail);
	secrets.push(new URL(link).searchParams.get('token'), 'set by a page');
	assert.ok(mail.html.includes('Set your password'));
	for (let looks = 0; looks < 2; looks++) {
		const page = await open(link);
		assert.equal(page.status, 200);
		assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
		assert.match(page.headers.get('content-security-policy'), /form-action 'self'/);
		assert.match(page.text, /<input type="password" name="password" required/);
	}
	const short = await send(link, { password: 'short' });
	assert.equal(short.status, 422);
	assert.match(short.text, /too short/);
	const done = await send(link, { password: 'set by a page' });
	assert.equal(done.status, 200);
	assert.match(done.text, /Your password is set/);
	assert.equal((await tryPassword(email, 'set by a page')).status, 200);
	assert.equal((await user(session.access_token)).status, 403, 'what was signed in is over');
	for (const stale of [await open(link), await send(link, { password: NEW })]) {
		assert.equal(stale.status, 400);
		assert.match(stale.text, /does not work any more/);
	}
	for (const bad of ['', 'x', `${new URL(link).searchParams.get('token').slice(0, -1)}0`])
		assert.equal((await open(`${stack.baseUrl}/auth/v1/verify?token=${bad}`)).status, 400);
});

/* Starts them one after the other, each when the one before waits for the row of that person, which
 * this keeps; `change` is what it does to it. */
const queued = async ({ id, change = 'select', starts }) => {
	const held = sql(stack, `begin;
		select from people where id = :'id' for update;
		do $$ begin
			for tries in 1 .. 400 loop
				exit when (select count(*) >= ${starts.length} from pg_locks where not granted and
					(transactionid = pg_current_xact_id()::xid
						or locktype = 'tuple' and relation = 'people'::regclass));
				perform pg_sleep(0.02);
			end loop;
		end $$;
		${change};
		commit`, { id });
	const started = [];
	for (const [i, start] of starts.entries()) {
		await poll(async () => (await sql(stack, `select count(*) from pg_locks
			where locktype = 'tuple' and relation = 'people'::regclass`))[0][0] === String(i));
		started.push(start());
	}
	await held;
	return Promise.all(started);
};

test('a password that is changed while it is checked lets nobody in', async () => {
	const { email, password } = await person();
	secrets.push(NEW);
	const [[id, former]] = await sql(stack,
		`select id, password from people order by created_at desc limit 1`);
	const reset = () => admin(stack, ['reset', email, '--stdin'], `${NEW}\n`);
	await reset();
	const [late] = await queued({
		id,
		change: `update people set password = '${former}' where id = '${id}'`,
		starts: [() => tryPassword(email, NEW)],
	});
	assert.equal(late.status, 400, late.text);
	assert.equal(late.json.code, 'invalid_credentials');
	const [early] = await queued({ id, starts: [() => tryPassword(email, password), reset] });
	assert.equal(early.status, 200, early.text);
	secrets.push(early.json.refresh_token);
	assert.equal((await user(early.json.access_token)).status, 403, 'the reset ended it');
});

test('or by the page of a listed site, to which the link leads', async () => {
	const { email } = await person();
	const client = supabase(stack);
	const elsewhere = await client.auth.resetPasswordForEmail(email, {
		redirectTo: `${SITE}.evil.example/`,
	});
	assert.equal(elsewhere.error.code, 'validation_failed');
	const redirectTo = `${SITE}/reset?from=mail`;
	assert.equal((await client.auth.resetPasswordForEmail(email, { redirectTo })).error, null);
	const link = linkIn(await mailTo(email));
	assert.match((await open(link)).text, /name="action" value="go"/);
	const page = await send(link, { action: 'go' });
	const [, href] = /<a class="main" href="([^"]+)"/.exec(page.text);
	const to = new URL(href.replaceAll('&amp;', '&'));
	assert.equal(to.href.split('#')[0], redirectTo);
	const found = Object.fromEntries(new URLSearchParams(to.hash.slice(1)));
	secrets.push(found.refresh_token, 'set by a site');
	assert.equal(found.type, 'recovery');
	const set = await client.auth.setSession(found);
	assert.equal(set.error, null, set.error?.message);
	assert.equal((await client.auth.updateUser({ password: 'set by a site' })).error, null);
	assert.equal((await tryPassword(email, 'set by a site')).status, 200);
	assert.equal((await send(link, { action: 'go' })).status, 400);
});

test('verifyOtp takes the token of the link once', async () => {
	const { email } = await person();
	await supabase(stack).auth.resetPasswordForEmail(email);
	const token_hash = new URL(linkIn(await mailTo(email))).searchParams.get('token');
	const client = supabase(stack);
	const events = [];
	client.auth.onAuthStateChange((event) => events.push(event));
	const { data, error } = await client.auth.verifyOtp({ type: 'recovery', token_hash });
	assert.equal(error, null, error?.message);
	secrets.push(data.session.refresh_token);
	assert.equal(data.user.email, email);
	await poll(() => events.includes('PASSWORD_RECOVERY'));
	const again = await client.auth.verifyOtp({ type: 'recovery', token_hash });
	assert.equal(again.error.code, 'otp_expired');
	await sql(stack, `update recoveries set ends_at = now() - interval '1 s', used_at = null`);
	assert.equal((await client.auth.verifyOtp({ type: 'recovery', token_hash })).error.code,
		'otp_expired');
});

test('an address that does not open hides nobody else', async () => {
	const { email } = await person();
	const [[id, sealed]] = await sql(stack,
		`select id, email from people order by created_at desc limit 1`);
	const { email: other } = await person();
	const write = (value) =>
		sql(stack, `update people set email = :'value' where id = :'id'`, { id, value });
	const { auth } = supabase(stack, { key: await serviceKey(stack) });
	await write('sealed:v2:gone:eA==');
	const listed = JSON.parse(await admin(stack, ['list', '--json']));
	assert.equal(listed.find((one) => one.id === id).email, null);
	assert.ok(listed.some((one) => one.email === other));
	assert.match(await admin(stack, ['list']), new RegExp(`${id} +\\(does not open\\)`));
	const { data } = await auth.admin.listUsers({ perPage: 200 });
	assert.equal(data.users.find((one) => one.id === id).email ?? null, null);
	assert.ok(data.users.some((one) => one.email === other));
	await write(sealed);
	assert.ok((await admin(stack, ['list'])).includes(email));
});

test('a mailed link opens nothing once the password or the address is another', async () => {
	const mine = await entered();
	const service = supabase(stack, { key: await serviceKey(stack) });
	const { id } = mine.user;
	const changes = {
		'their password': () => mine.client.auth.updateUser({ password: NEW }),
		'their role': () => admin(stack, ['role', mine.email, 'admin']),
		'a reset': () => admin(stack, ['reset', mine.email, '--stdin'], `${NEW}\n`),
		'their address': () => service.auth.admin.updateUserById(id, { email: `x.${mine.email}` }),
	};
	secrets.push(NEW);
	for (const [i, [name, change]] of Object.entries(changes).entries()) {
		await mine.client.auth.resetPasswordForEmail(mine.email);
		const link = linkIn(await mailTo(mine.email, i + 1));
		assert.equal((await open(link)).status, 200);
		const { error } = await change();
		assert.ok(!error, `${name}: ${error?.message}`);
		assert.equal((await open(link)).status, name === 'their role' ? 200 : 400, name);
	}
});

test('trying tells nobody who there is, and is slowed down', async () => {
	const { email } = await person();
	const nobody = 'nobody@people.example';
	const outcome = async (address, answer) => {
		const tries = [];
		for (let i = 0; i <= TRIES; i++) tries.push(await answer(address));
		return tries.map(({ status, json }) =>
			({ status, json: { ...json, request_id: undefined } }));
	};
	const wrong = (address) => tryPassword(address, 'wrong');
	const told = await outcome(email, wrong);
	assert.deepEqual(told.map(({ status }) => status), [...Array(TRIES).fill(400), 429]);
	assert.equal(told[TRIES].json.code, 'over_request_rate_limit');
	assert.deepEqual(await outcome(nobody, wrong), told);
	const limited = await wrong(email);
	assert.ok(Number(limited.headers.get('retry-after')) > 60);

	const mail = (address) => post('recover', { email: address });
	assert.deepEqual(await outcome(nobody, mail), await outcome(email, mail));
	await mailTo(email);
	const [[n]] = await sql(stack, `select count(*) from people p join recoveries r
		on r.person = p.id where p.email_hash not in (select email_hash from people)`);
	assert.equal(n, '0');
	assert.ok(!(await stack.sim.outbox()).resend.some(({ to }) => [to].flat().includes(nobody)));
});

/* As another client: from another address of this host. */
const postFrom = async (localAddress, path, fields) => {
	const body = JSON.stringify(fields);
	const sent = http.request(`${stack.baseUrl}/auth/v1/${path}`, {
		method: 'POST',
		localAddress,
		headers: {
			...keyHeaders(stack),
			'content-type': 'application/json',
			'content-length': Buffer.byteLength(body),
		},
	});
	sent.end(body);
	const [response] = await once(sent, 'response');
	const chunks = await response.toArray();
	return {
		status: response.statusCode,
		headers: response.headers,
		text: Buffer.concat(chunks).toString(),
	};
};
const tryFrom = (localAddress, email, password) =>
	postFrom(localAddress, 'token?grant_type=password', { email, password });

test('one address tries so often only, whatever accounts it takes', async () => {
	const ask = (localAddress) =>
		postFrom(localAddress, 'recover', { email: `${crypto.randomUUID()}@people.example` });
	for (let i = 0; i < ADDRESS_TRIES; i++) assert.equal((await ask('127.0.0.9')).status, 200);
	const refused = await ask('127.0.0.9');
	assert.equal(refused.status, 429);
	assert.match(refused.text, /"code":"over_email_send_rate_limit"/);
	assert.equal((await ask('127.0.0.8')).status, 200);
});

test('strangers do not keep somebody out from where they signed in before', async () => {
	const { email, password } = await entered();
	for (let i = 0; i <= TRIES; i++) await tryFrom('127.0.0.2', email, 'wrong');
	assert.equal((await tryFrom('127.0.0.2', email, password)).status, 429);
	assert.equal((await tryFrom('127.0.0.3', email, password)).status, 429);
	for (let i = 0; i < 2 * TRIES; i++)
		assert.equal((await tryFrom('127.0.0.1', email, password)).status, 200);
	assert.equal((await tryFrom('127.0.0.2', email, 'wrong')).status, 429, 'nor let them in');
});

test('many who sign in at once wait for each other, and all get in', async () => {
	const people = await Promise.all([1, 2, 3].map(() => person()));
	const answers = await Promise.all([...people, ...people].map(({ email, password }) =>
		tryPassword(email, password)));
	for (const { status, text } of answers) assert.equal(status, 200, text);
});

test('where too many sign in at once some are refused at once, and told when to come', async () => {
	let round = 0;
	const refused = await poll(async () => {
		round++;
		const answers = await Promise.all(Array.from({ length: 20 }, async (_, i) => {
			const since = Date.now();
			const email = `${crypto.randomUUID()}@people.example`;
			const answer = await tryFrom(`127.0.${round}.${1 + i % 5}`, email, 'x');
			return { ...answer, ms: Date.now() - since };
		}));
		for (const { status, text } of answers) assert.ok([400, 503].includes(status), text);
		/* Who waits in vain is refused after five seconds. */
		return answers.find(({ status, ms }) => status === 503 && ms < 4500);
	});
	assert.equal(refused.headers['retry-after'], '1');
});

test('who signs up is nobody until an operator admits them', async () => {
	const email = `new.${crypto.randomUUID()}@people.example`;
	const client = supabase(stack);
	const { data, error } = await client.auth.signUp({ email, password: 'known to who typed it' });
	assert.equal(error, null, error?.message);
	assert.equal(data.session, null);
	const link = linkIn(await mailTo(email));
	assert.equal((await tryPassword(email, 'known to who typed it')).status, 400);
	secrets.push('of who has the mail', 'known to who typed it');
	await send(link, { password: 'of who has the mail' });
	const entry = await client.auth.signInWithPassword({ email, password: 'of who has the mail' });
	assert.equal(entry.error, null, entry.error?.message);
	secrets.push(entry.data.session.refresh_token);
	assert.equal(entry.data.user.app_metadata.role, undefined);
	const { session_id, sub, role } = claimsOf(entry.data.session.access_token);
	const may = async () => (await sql(stack, `select set_config('scribe.claims', :'claims', false);
		select person_role()`, { claims: JSON.stringify({ role, sub, session_id }) })).at(-1)[0];
	assert.equal(await may(), '');
	await admin(stack, ['role', email, 'viewer']);
	assert.equal(await may(), 'viewer');
	await admin(stack, ['remove', email]);
	assert.equal(await may(), '');
	assert.equal((await client.auth.getUser()).error.name, 'AuthSessionMissingError');
});

test('no password, token or hash of a password is in the database or a log', () => {
	const made = dump(stack);
	assert.equal(made.status, 0, made.stderr);
	const dir = join(stack.dir, 'log');
	const logs = readdirSync(dir).filter((name) => name.endsWith('.log'))
		.map((name) => [name, readFileSync(join(dir, name), 'utf8')]);
	assert.ok(logs.some(([name]) => name === 'auth.log'));
	assert.ok(secrets.length > 20);
	for (const [name, text] of [['the dump', made.stdout], ...logs]) {
		for (const secret of secrets) assert.ok(!text.includes(secret), `${name}: ${secret}`);
		assert.ok(!/\$argon2/.test(text), name);
		assert.ok(!text.includes('people.example'), `${name}: an address`);
	}
});
