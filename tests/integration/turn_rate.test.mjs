/* How often one address may ask for a turn, and what a tab that nobody sits at uses up: nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIP, turn } from './env/faults.mjs';
import { newSession, poll, setJobDue, sql, TALK, useStack } from './env/index.mjs';

const PER_MINUTE = 3;
/* Never the same twice: that would be given the same answer again. */
let nudges = 0;
const nudge = () => `${++nudges} [PROACTIVE_FOLLOWUP: true]`;

const stack = useStack({
	functions: TALK,
	name: 'rate',
	env: { RATE_AGENT_REPLY: String(PER_MINUTE), SCRIBE_TRUSTED_PROXIES: '127.0.0.1' },
});

const from = (address) => ({ 'x-forwarded-for': address });

/* Each of a new session, for that must not help. */
const say = async (address, words = 'Hello there.') =>
	turn(stack, await newSession(stack), words, {}, from(address));

const useUp = async (address) => {
	for (let i = 0; i < PER_MINUTE; i++) assert.equal((await say(address)).status, 200);
};

test('more messages of one address than are allowed are refused, and told until when', async () => {
	await useUp('192.0.2.1');
	const { status, json, headers } = await say('192.0.2.1');
	assert.deepEqual([status, json.code], [429, 'rate_limited']);
	assert.ok(json.request_id && json.error);
	const after = Number(headers.get('retry-after'));
	assert.ok(after >= 1 && after <= 60 / PER_MINUTE, `Retry-After: ${after}`);
	assert.equal((await say('192.0.2.2')).status, 200, 'another address is not concerned');
});

test('a refused message does not count, and time gives one back after the other', async () => {
	await useUp('192.0.2.3');
	for (let i = 0; i < 3; i++) assert.equal((await say('192.0.2.3')).status, 429);
	await sql(stack, `update address_rates set spent_until = spent_until - interval '20 s'`);
	assert.equal((await say('192.0.2.3')).status, 200);
	assert.equal((await say('192.0.2.3')).status, 429);
});

test('who has one address of an IPv6 network has them all', async () => {
	await say('2001:db8:1:2::1');
	await say('2001:db8:1:2:ffff::2');
	await say('2001:db8:1:2:3:4:5:6');
	assert.equal((await say('2001:db8:1:2::7')).status, 429);
	assert.equal((await say('2001:db8:1:3::1')).status, 200);
});

test('an idle tab uses up nothing of those who type', async () => {
	const session = await newSession(stack);
	const tab = () => turn(stack, session, nudge(), {}, from('192.0.2.4'));
	for (let i = 0; i < PER_MINUTE * 2; i++) assert.equal((await tab()).status, 200);
	await useUp('192.0.2.4');
	const { status, json } = await tab();
	assert.deepEqual([status, json.text], [200, '\u200b'], 'nor is it refused for them');
});

test('an idle tab does not keep its session alive', async () => {
	const session = await newSession(stack);
	const times = () =>
		sql(stack, `select last_active_at, ended_at from sessions where id = :'id'`, {
			id: session.session_id,
		});
	const tab = () => turn(stack, session, nudge(), {}, from('192.0.2.5'));
	await tab();
	await tab();
	await sql(
		stack,
		`update sessions set last_active_at = now() - interval '1 hour', ended_at = now()
		 where id = :'id'`,
		{ id: session.session_id },
	);
	const before = await times();
	assert.equal((await tab()).json.text, '\u200b');
	assert.deepEqual(await times(), before);
	await turn(stack, session, 'I am back.', {}, from('192.0.2.5'));
	const [[active, ended]] = await times();
	assert.ok(active > before[0][0] && ended === '', 'until somebody speaks');
});

/* When the job that forgets addresses is due. */
const forgetting = (when) => setJobDue(stack, 'clear_turns', when);

test('who was silent for long has saved up nothing, though nobody has forgotten them', async () => {
	await forgetting('1 hour');
	await say('192.0.2.7');
	await sql(stack, `update address_rates set spent_until = now() - interval '1 hour'`);
	await useUp('192.0.2.7');
	assert.equal((await say('192.0.2.7')).status, 429);
	await forgetting('0');
});

test('what an address has spent is forgotten when it is worth nothing any more', async () => {
	await say('192.0.2.6');
	await sql(stack, `update address_rates set spent_until = now() - interval '1 s'`);
	const left = () => sql(stack, 'select from address_rates');
	await poll(async () => !(await left()).length, { everyMs: 250 });
});

test('what is not said yet counts where it is heard, and not where it is written', async () => {
	await useUp('192.0.2.5');
	const ahead = async (more) =>
		(await turn(stack, await newSession(stack), undefined, { speculative: true, ...more },
			from('192.0.2.5'))).status;
	assert.equal(await ahead({ user_message: 'Hello' }), 200);
	assert.equal(await ahead({ audio_base64: CLIP }), 429);
});

test('what is written and not said yet has a pace too, whatever its session', async () => {
	const ahead = async () => (await turn(stack, await newSession(stack), 'Hello',
		{ speculative: true }, from('192.0.2.8'))).status;
	for (let i = 0; i < 2 * PER_MINUTE; i++) assert.equal(await ahead(), 200);
	assert.equal(await ahead(), 429);
	assert.equal((await say('192.0.2.8')).status, 200, 'who speaks is not concerned');
});
