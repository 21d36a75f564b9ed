/* The official clients against the provider simulator: what they understand of it is what they
 * understand of the real services, so the simulator cannot drift from them unseen. This file:
 * messages to people. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ErrorCode, IncomingWebhook } from '@slack/webhook';
import { newMailer, useSimulator } from './env/sdk.mjs';

const used = useSimulator();

describe('slack', () => {
	const post = (message, url = used.env.SLACK_WEBHOOK_URL, options = {}) =>
		new IncomingWebhook(url, options).send(message);
	const refusal = (status, body) => (error) => {
		assert.equal(error.code, ErrorCode.HTTPError);
		assert.deepEqual(
			[error.original.response.status, error.original.response.data],
			[status, body],
		);
		return true;
	};
	const section = (text) => ({ type: 'section', text: { type: 'mrkdwn', text } });

	test('text and blocks are accepted and delivered once', async () => {
		const blocks = [
			{ type: 'header', text: { type: 'plain_text', text: 'New lead' } },
			section('*Score* 80'),
			{ type: 'section', fields: [{ type: 'mrkdwn', text: '*Role*\nCTO' }] },
			{ type: 'divider' },
			{ type: 'context', elements: [{ type: 'mrkdwn', text: 'session 1' }] },
			{
				type: 'actions',
				elements: [
					{
						type: 'button',
						url: 'https://example.com/s/1',
						text: { type: 'plain_text', text: 'Open' },
					},
				],
			},
		];
		assert.equal((await post({ text: 'New lead', blocks })).text, 'ok');
		assert.deepEqual((await used.sim.outbox()).slack, [{ text: 'New lead', blocks }]);
	});

	const invalid = [
		['no text', {}, 'no_text'],
		['an unknown member', { text: 'x', colour: 'red' }, 'invalid_payload'],
		['51 blocks', { blocks: Array(51).fill({ type: 'divider' }) }, 'invalid_blocks'],
		[
			'a header of 151 characters',
			{
				blocks: [
					{
						type: 'header',
						text: { type: 'plain_text', text: 'x'.repeat(151) },
					},
				],
			},
			'invalid_blocks',
		],
		[
			'a section of 3001 characters',
			{ blocks: [section('x'.repeat(3001))] },
			'invalid_blocks',
		],
		[
			'eleven fields',
			{
				blocks: [
					{
						type: 'section',
						fields: Array(11).fill({
							type: 'mrkdwn',
							text: 'x',
						}),
					},
				],
			},
			'invalid_blocks',
		],
		['an empty text', { blocks: [section('')] }, 'invalid_blocks'],
		[
			'one block_id twice',
			{
				blocks: [
					{ type: 'divider', block_id: 'a' },
					{ type: 'divider', block_id: 'a' },
				],
			},
			'invalid_blocks',
		],
	];
	for (const [what, message, body] of invalid)
		test(`${what} is 400 ${body}`, async () => {
			await assert.rejects(post(message), refusal(400, body));
			assert.deepEqual((await used.sim.outbox()).slack, []);
		});

	test('another hook and another token are told apart', async () => {
		const url = used.env.SLACK_WEBHOOK_URL;
		await assert.rejects(
			post('x', url.replace('/T00', '/T99')),
			refusal(404, 'no_service'),
		);
		await assert.rejects(post('x', `${url}x`), refusal(403, 'invalid_token'));
	});

	test('too fast is 429 with Retry-After, which the client does not retry', async () => {
		await used.sim.settings({ slack: { per_second: 0.001, burst: 1 } });
		await post('first');
		await assert.rejects(
			post('second', undefined, { retryConfig: { retries: 2 } }),
			refusal(429, 'rate_limited'),
		);
		assert.equal((await used.sim.requests()).length, 2);
		assert.equal((await used.sim.outbox()).slack.length, 1);
	});

	test('a redirect is an error', async () => {
		await used.sim.fault({
			provider: 'slack',
			fault: {
				status: 302,
				headers: { location: 'http://127.0.0.1:9/' },
			},
		});
		await assert.rejects(post('x'), refusal(302, 'server_error'));
	});

	test('a 500 after the post was made leaves a message behind', async () => {
		await used.sim.fault({
			provider: 'slack',
			fault: { status: 500, after_effect: true },
		});
		await assert.rejects(post('x'), refusal(500, 'rollup_error'));
		assert.equal((await used.sim.outbox()).slack.length, 1);
	});
});

describe('resend', () => {
	const email = {
		from: 'Scribe <hello@scribe.test>',
		to: 'ada@example.org',
		subject: 'Welcome',
		html: '<p>Hi</p>',
		text: 'Hi',
	};
	const send = (options, request, mailer = newMailer(used.env)) =>
		mailer.emails.send({ ...email, ...options }, request);

	test('a mail is sent and kept', async () => {
		const { data, error } = await send({ tags: [{ name: 'kind', value: 'confirm' }] });
		assert.equal(error, null);
		const [kept] = (await used.sim.outbox()).resend;
		assert.equal(kept.id, data.id);
		assert.equal(kept.to, 'ada@example.org');
	});

	test('the same key and mail give the same id and one mail', async () => {
		const first = await send({}, { idempotencyKey: 'k1' });
		const second = await send({}, { idempotencyKey: 'k1' });
		assert.equal(first.data.id, second.data.id);
		assert.equal((await used.sim.outbox()).resend.length, 1);
		const other = await send({ subject: 'Other' }, { idempotencyKey: 'k1' });
		assert.equal(other.error.name, 'invalid_idempotent_request');
		assert.equal(other.error.statusCode, 409);
	});

	test('the same key while the first is running is 409', async () => {
		await used.sim.fault({ provider: 'resend', fault: { hold: 'mail' } });
		const first = send({}, { idempotencyKey: 'k2' });
		await used.sim.wait({ provider: 'resend' });
		const second = await send({}, { idempotencyKey: 'k2' });
		assert.equal(second.error.name, 'concurrent_idempotent_requests');
		await used.sim.release('mail');
		assert.equal((await first).error, null);
	});

	const refused = [
		[
			'a key of 257 characters',
			{},
			{ idempotencyKey: 'k'.repeat(257) },
			400,
			'invalid_idempotency_key',
		],
		['no subject', { subject: undefined }, {}, 422, 'missing_required_field'],
		[
			'no words',
			{ html: undefined, text: undefined },
			{},
			422,
			'missing_required_field',
		],
		[
			'a sender that is no address',
			{ from: 'Scribe' },
			{},
			422,
			'invalid_from_address',
		],
		['a domain of others', { from: 'a@elsewhere.test' }, {}, 403, 'validation_error'],
		['a recipient that is no address', { to: 'ada' }, {}, 422, 'invalid_parameter'],
		[
			'51 recipients',
			{ to: Array(51).fill('a@example.org') },
			{},
			422,
			'invalid_parameter',
		],
		[
			'a tag with a space',
			{ tags: [{ name: 'a b', value: 'c' }] },
			{},
			422,
			'invalid_parameter',
		],
	];
	for (const [what, options, request, statusCode, name] of refused)
		test(`${what} is ${statusCode} ${name}`, async () => {
			const { error } = await send(options, request);
			assert.deepEqual([error.statusCode, error.name], [statusCode, name]);
			assert.deepEqual((await used.sim.outbox()).resend, []);
		});

	test('keys: missing, wrong', async () => {
		const wrong = await send({}, {}, newMailer(used.env, 're_other'));
		assert.deepEqual(
			[wrong.error.statusCode, wrong.error.name],
			[403, 'invalid_api_key'],
		);
	});

	for (const [quota, name] of [
		['rate', 'rate_limit_exceeded'],
		['daily', 'daily_quota_exceeded'],
		['monthly', 'monthly_quota_exceeded'],
	])
		test(`429 for the ${quota} quota is ${name}`, async () => {
			await used.sim.fault({
				provider: 'resend',
				fault: { status: 429, quota, retry_after: 1 },
			});
			const { error, headers } = await send();
			assert.deepEqual([error.statusCode, error.name], [429, name]);
			assert.equal(headers['retry-after'], '1');
		});

	test('a page instead of JSON is an application_error', async () => {
		await used.sim.fault({ provider: 'resend', fault: { garbage: 'html' } });
		assert.equal((await send()).error.name, 'application_error');
	});
});
