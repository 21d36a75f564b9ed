/* /healthz/NAME: up or not to everybody, more to who runs the system. */
import assert from 'node:assert/strict';
import http from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { functionNames, poll, request, sql, useStack } from './env/index.mjs';

const stack = useStack({ name: 'health', env: { DB_POOL_SIZE: '2' } });
stack.expectRestart('create_session');

const outside = async (name, headers = {}) => {
	const answer = await request(stack, 'GET', `/healthz/${name}`, { headers });
	return answer;
};

/* By the socket that only who can reach the stack's directory can reach. */
const inside = (name) =>
	new Promise((resolve, reject) => {
		const asked = http.get({
			socketPath: join(stack.dir, 'run/inside/nginx.sock'),
			path: `/healthz/${name}`,
		});
		asked.on('error', reject);
		asked.on('response', async (response) => {
			const text = Buffer.concat(await response.toArray()).toString();
			resolve({ status: response.statusCode, text, json: JSON.parse(text) });
		});
	});

test('what is up says so, and its name to the inside only', async () => {
	for (const name of functionNames()) {
		const answer = await outside(name, { 'scribe-inside': '1', 'scribe_inside': '1' });
		assert.equal(answer.status, 200);
		assert.equal(answer.text, '{"status":"ok"}');
		assert.deepEqual((await inside(name)).json, { status: 'ok', name });
	}
});

test('what has no database is down, and says why to the inside only', async () => {
	const refuse = (many) => sql(stack, `alter role scribe_app connection limit ${many}`);
	const cut = () =>
		sql(stack, `select pg_terminate_backend(pid) from pg_stat_activity
			where usename = 'scribe_app'`);
	await refuse(0);
	after(() => refuse(-1));
	await cut();
	const answer = await poll(async () => {
		const found = await outside('save_memory');
		return found.status !== 200 && found;
	});
	assert.equal(answer.status, 503);
	assert.equal(answer.text, '{"status":"down"}');
	assert.ok(answer.headers.get('retry-after'));
	const told = await inside('save_memory');
	assert.equal(told.status, 503);
	assert.equal(told.json.code, 'unavailable');
	assert.match(stack.logs('save_memory'), /"event":"request_failed"/);
	await refuse(-1);
	await poll(async () => (await outside('save_memory')).status === 200);
});

test('what does not answer at all is down in the same words', async () => {
	const pid = stack.pidOf('create_session');
	process.kill(pid, 'SIGSTOP');
	try {
		const answer = await outside('create_session');
		assert.equal(answer.status, 503);
		assert.equal(answer.text, '{"status":"down"}');
		const told = await inside('create_session');
		assert.equal(told.status, 503);
		assert.equal(told.json.upstream_status, '504');
	} finally {
		process.kill(pid, 'SIGCONT');
	}
});

test('one address may ask so often, the inside as often as it likes', async () => {
	const answers = await Promise.all(Array.from({ length: 300 }, () => outside('agent_reply')));
	const refused = answers.filter(({ status }) => status === 429);
	assert.ok(refused.length > 50, `${refused.length} refused`);
	assert.ok(answers.filter(({ status }) => status === 200).length >= 100);
	assert.equal(refused[0].json.code, 'rate_limited');
	assert.ok(refused[0].headers.get('retry-after'));
	const own = await Promise.all(Array.from({ length: 300 }, () => inside('agent_reply')));
	assert.ok(own.every(({ status }) => status === 200));
});
