/* collect_email: what is missing in the settings makes mails wait, never get lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyHeaders, poll, post, request, sql, useStack } from './env/index.mjs';

const stack = useStack({
	functions: ['collect_email', 'create_session'],
	simulator: true,
	env: {
		RESEND_API_KEY: '',
		SCRIBE_REQUIRE_KEY: '1',
		SCRIBE_PUBLIC_URL: 'https://scribe.example/',
	},
});
stack.expectRestart('collect_email');

test('without a key of the mail service a mail waits, and leaves once there is one', async () => {
	const email = 'waiting@mail-test.example';
	const answer = await post(stack, 'collect_email', { email }, keyHeaders(stack));
	assert.equal(answer.status, 200, answer.text);
	assert.deepEqual(answer.json, {
		success: true,
		message: 'Thank you! Your address is on the list.',
		alreadySignedUp: false,
	});
	const [attempts, error] = await poll(async () => (await sql(stack,
		`select attempts, last_error from jobs where kind = 'confirm_mail' and state = 'ready'
		 and last_error is not null`))[0]);
	assert.equal(attempts, '0');
	assert.match(error, /waiting for RESEND_API_KEY/);
	assert.deepEqual((await stack.sim.outbox()).resend, []);

	const key = { RESEND_API_KEY: 're_simulated_resend_key' };
	await stack.commandWith(key, 'reload', 'collect_email');
	await sql(stack, `update jobs set run_at = now() where kind = 'confirm_mail'`);
	const [mail] = await poll(async () => {
		const { resend } = await stack.sim.outbox();
		return resend.length && resend;
	});
	assert.ok(mail.text.includes('https://scribe.example/functions/v1/collect_email?token='));
	const next = { email: 'next@mail-test.example' };
	const { json } = await post(stack, 'collect_email', next, keyHeaders(stack));
	assert.match(json.message, /check your inbox/);
});

test('so many mails a day and no more; the rest leave on the next', async () => {
	const sent = async () => (await stack.sim.outbox()).resend.length;
	await poll(async () => !(await sql(stack, `select 1 from jobs where kind = 'confirm_mail'
		and state in ('ready', 'running')`)).length);
	const before = await sent();
	assert.ok(before > 0, 'those above count');
	const settings = { RESEND_API_KEY: 're_simulated_resend_key', MAIL_INTERVAL_MS: '0' };
	settings.MAIL_DAILY_MESSAGES = String(before + 2);
	await stack.commandWith(settings, 'reload', 'collect_email');
	await stack.sim.fault({ provider: 'resend', fault: { status: 500 } });
	for (let i = 0; i < 5; i++) {
		const answer = await post(stack, 'collect_email', { email: `daily${i}@mail-test.example` },
			keyHeaders(stack));
		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.json.alreadySignedUp, false);
	}
	const waiting = () => sql(stack, `select attempts from jobs where kind = 'confirm_mail'
		and state = 'ready' and last_error like '%MAIL_DAILY_MESSAGES%'
		and run_at > now() + interval '1 s' `);
	const hurry = () => sql(stack, `update jobs set run_at = now() where state = 'ready'`);
	await poll(async () => (await waiting()).length === 3);
	await hurry();
	await poll(async () => await sent() === before + 2);
	await poll(async () => (await waiting()).length === 3);
	assert.deepEqual((await waiting()).flat(), ['0', '0', '0'], 'no attempt is counted');
	assert.equal(await sent(), before + 2, 'a mail tried again keeps its place');

	await sql(stack, `update send_paces set day = day - 1; update email_signups
		set mail_queued_at = mail_queued_at - interval '1 day',
		mail_counted_at = mail_counted_at - interval '1 day',
		mail_sent_at = mail_sent_at - interval '1 day'`);
	await hurry();
	await poll(async () => await sent() === before + 5);
	assert.deepEqual(await waiting(), []);
});

test('an address needs a key where one is required, the link in the mail does not', async () => {
	const answer = await post(stack, 'collect_email', { email: 'a@mail-test.example' });
	assert.equal(answer.status, 401);
	assert.equal(answer.json.success, false);
	const page = await request(stack, 'GET', '/functions/v1/collect_email?token=x');
	assert.equal(page.status, 400);
});

test('without a data key nothing is kept', async () => {
	await stack.commandWith({ SCRIBE_DATA_KEY: '' }, 'reload', 'collect_email');
	const [[before]] = await sql(stack, 'select count(*) from email_signups');
	const answer = await post(stack, 'collect_email', { email: 'b@mail-test.example' },
		keyHeaders(stack));
	assert.equal(answer.status, 503, answer.text);
	assert.equal(answer.json.code, 'unavailable');
	assert.equal(answer.json.success, false);
	assert.deepEqual(await sql(stack, 'select count(*) from email_signups'), [[before]]);
});
