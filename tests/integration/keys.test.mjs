/* SCRIBE_REQUIRE_KEY=1: create_session wants a key, and a forged one is no key. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { keyHeaders, post, useStack } from './env/index.mjs';

const stack = useStack({ env: { SCRIBE_REQUIRE_KEY: '1' } });

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

const token = (payload, { alg = 'HS256', secret = stack.jwtSecret } = {}) => {
	const text = `${encode({ alg, typ: 'JWT' })}.${encode(payload)}`;
	const hash = HASHES[alg];
	return `${text}.${hash ? createHmac(hash, secret).update(text).digest('base64url') : ''}`;
};

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

const open = async (headers) => (await post(stack, 'create_session', {}, headers)).status;

test('a good key opens a session, in either header', async () => {
	assert.equal(await open(keyHeaders(stack)), 200);
	assert.equal(await open({ apikey: stack.anonKey }), 200);
	assert.equal(await open({ authorization: `Bearer ${stack.anonKey}` }), 200);
	for (const role of ['anon', 'authenticated', 'service_role'])
		assert.equal(await open({ apikey: token({ role, exp: inAnHour() }) }), 200, role);
});

test('no key, a wrong one and every forged token are 401 unauthorized', async () => {
	const good = token({ role: 'anon', exp: inAnHour() });
	const forged = {
		none: {},
		wrong: { apikey: `${stack.anonKey}x` },
		'alg none': { apikey: token({ role: 'anon', exp: inAnHour() }, { alg: 'none' }) },
		'alg HS512': { apikey: token({ role: 'anon', exp: inAnHour() }, { alg: 'HS512' }) },
		expired: { apikey: token({ role: 'anon', exp: inAnHour() - 7200 }) },
		'not yet': { apikey: token({ role: 'anon', exp: inAnHour(), nbf: inAnHour() - 1800 }) },
		'from no time': { apikey: token({ role: 'anon', exp: inAnHour(), nbf: 'tomorrow' }) },
		'without end': { apikey: token({ role: 'anon' }) },
		'another role': { apikey: token({ role: 'postgres', exp: inAnHour() }) },
		'another secret': { apikey: token({ role: 'anon', exp: inAnHour() }, { secret: 'x' }) },
		'changed claims': {
			apikey: good.replace(/\.[^.]+\./, `.${encode({ role: 'anon', exp: 9e9 })}.`),
		},
		'cut off': { apikey: good.slice(0, -4) },
		huge: { apikey: `${good}${'A'.repeat(20000)}` },
	};
	for (const [name, headers] of Object.entries(forged)) {
		const answer = await post(stack, 'create_session', {}, headers);
		assert.equal(answer.status, 401, name);
		assert.equal(answer.json.code, 'unauthorized', name);
		assert.ok(!stack.logs('create_session').includes(headers.apikey ?? '\0'), name);
	}
});
