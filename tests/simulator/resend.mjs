/* Resend: send one e-mail, with the Idempotency-Key's memory, quotas and rates. */
import { createHash, randomUUID } from 'node:crypto';
import { any, anyObject, array, either, object, required, string } from './check.mjs';
import { newBucket, takeToken } from './rate.mjs';
import { json, refuse, text } from './reply.mjs';

export const RESEND_KEY = 're_simulated_resend_key';

const KEY_CHARS_MAX = 256;
const RECIPIENTS_MAX = 50;
const ADDRESS = /^(?:[^<>\r\n]{1,200} ?<)?[^\s@<>,]+@[^\s@<>,]+\.[^\s@<>,]+>?$/;
const TAG = /^[A-Za-z0-9_-]{1,256}$/;

const address = string({ pattern: ADDRESS });
const addresses = either(address, array(address, { min: 1, max: RECIPIENTS_MAX }));

const emailRequest = object({
	from: required(address),
	to: required(addresses),
	subject: required(string({ min: 1, max: 998 })),
	bcc: addresses,
	cc: addresses,
	reply_to: addresses,
	html: string({ min: 1 }),
	text: string(),
	headers: anyObject(),
	scheduled_at: string(),
	attachments: array(anyObject()),
	tags: array(
		object({
			name: required(string({ pattern: TAG })),
			value: required(string({ pattern: TAG })),
		}),
	),
	template: anyObject(),
	topic_id: any(),
});

const error = (statusCode, name, message, headers) =>
	json(statusCode, { statusCode, message, name }, headers);

const authorize = ({ headers }) => {
	if (!headers['user-agent']) refuse(text(403, 'error code: 1010'));
	if (!headers.authorization) refuse(error(401, 'missing_api_key', 'Missing API Key'));
	if (headers.authorization !== `Bearer ${RESEND_KEY}`)
		refuse(error(403, 'invalid_api_key', 'API key is invalid'));
};

const refuseShape = (problem) => {
	const top = problem.path.split('.')[0];
	if (problem.kind === 'missing')
		refuse(error(422, 'missing_required_field', `Missing \`${problem.path}\` field.`));
	if (top === 'from')
		refuse(
			error(
				422,
				'invalid_from_address',
				'Invalid `from` field. The email address needs ' +
					'to follow the `email@example.com` or `Name <email@example.com>` format.',
			),
		);
	refuse(error(422, 'invalid_parameter', `Invalid \`${problem.path}\` field.`));
};

const checkEmail = (email, domains) => {
	if (email === undefined)
		refuse(error(400, 'validation_error', 'The request body is not valid JSON.'));
	const shape = emailRequest(email, '');
	if (shape) refuseShape(shape);
	if (email.html === undefined && email.text === undefined && !email.template)
		refuse(error(422, 'missing_required_field', 'Missing `html` or `text` field.'));
	const domain = /@([^@>]+)>?$/.exec(email.from)[1].toLowerCase();
	if (!domains.includes(domain))
		refuse(error(403, 'validation_error', `The ${domain} domain is not verified.`));
};

const readKey = ({ headers }) => {
	const key = headers['idempotency-key'];
	if (key !== undefined && (key === '' || key.length > KEY_CHARS_MAX))
		refuse(
			error(
				400,
				'invalid_idempotency_key',
				`The idempotency key must be between 1 and ${KEY_CHARS_MAX} characters.`,
			),
		);
	return key;
};

/* What was answered under this key before; refuses another payload or one still running. */
const recall = (memory, key, payload) => {
	const before = memory.get(key);
	if (!before) return null;
	if (before.payload !== payload)
		refuse(
			error(
				409,
				'invalid_idempotent_request',
				'This idempotency key has been used on a ' +
					'request that had a different payload.',
			),
		);
	if (before.running)
		refuse(
			error(
				409,
				'concurrent_idempotent_requests',
				'Another request with the same ' +
					'idempotency key is in progress.',
			),
		);
	return before;
};

const limits = { 'ratelimit-limit': '5', 'ratelimit-remaining': '4', 'ratelimit-reset': '1' };

const send = (call) => {
	authorize(call);
	const key = readKey(call);
	checkEmail(call.json, call.settings.domains);
	const wait = takeToken(call.state.bucket, call.settings);
	if (wait)
		refuse(
			error(429, 'rate_limit_exceeded', 'Too many requests. Slow down.', {
				...limits,
				'ratelimit-remaining': '0',
				'retry-after': String(wait),
			}),
		);
	const payload = createHash('sha256').update(JSON.stringify(call.json)).digest('hex');
	const before = key === undefined ? null : recall(call.state.memory, key, payload);
	if (before) return json(200, { id: before.id }, limits);

	const done = { id: randomUUID(), payload, running: true };
	if (key !== undefined) call.state.memory.set(key, done);
	call.whenOver(() => {
		done.running = false;
	});
	call.deliver({ ...call.json, id: done.id, idempotency_key: key });
	return json(200, { id: done.id }, limits);
};

const QUOTAS = {
	rate: ['rate_limit_exceeded', 'Too many requests. Slow down.'],
	daily: ['daily_quota_exceeded', 'You have reached your daily email sending quota.'],
	monthly: ['monthly_quota_exceeded', 'You have reached your monthly email sending quota.'],
};

const FAILURES = {
	400: ['validation_error', 'We found an error with one or more fields in the request.'],
	401: ['restricted_api_key', 'This API key is restricted to only send emails.'],
	403: ['invalid_api_key', 'API key is invalid'],
	404: ['not_found', 'The requested endpoint does not exist.'],
	409: [
		'concurrent_idempotent_requests',
		'Another request with the same idempotency key is ' + 'in progress.',
	],
	422: ['invalid_parameter', 'Invalid `to` field.'],
	500: ['application_error', 'An unexpected error occurred.'],
};

export const resend = {
	name: 'resend',
	prefix: '/emails',
	quotas: Object.keys(QUOTAS),
	settings: { per_second: 5, burst: 5, domains: ['scribe.test', 'example.com'] },
	newState: () => ({ bucket: newBucket(), memory: new Map() }),
	routes: [{ operation: 'send', path: /^\/emails$/, handle: send }],
	notFound: () => error(404, 'not_found', 'The requested endpoint does not exist.'),
	wrongMethod: () =>
		error(405, 'method_not_allowed', 'This endpoint does not support the method.'),
	fail: (fault, headers) => {
		const [name, message] =
			fault.status === 429
				? QUOTAS[fault.quota ?? 'rate']
				: (FAILURES[fault.status] ?? [
						'internal_server_error',
						'An unexpected error occurred.',
					]);
		return error(fault.status, fault.code ?? name, message, headers);
	},
};
