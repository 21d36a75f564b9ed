/* Groq: chat completions and audio transcriptions under /openai/v1. */
import { randomUUID } from 'node:crypto';
import {
	anyObject,
	array,
	boolean,
	integer,
	nullable,
	object,
	oneOf,
	required,
	string,
} from './check.mjs';
import { chatProblem, chatReply } from './chat.mjs';
import { commonMembers, message } from './chat_shape.mjs';
import { json, refuse } from './reply.mjs';
import { strictProblem } from './schema.mjs';
import { formProblem, readForm, transcriptionReply } from './transcription.mjs';

export const GROQ_KEY = 'gsk_simulated_groq_key';

const MODELS_WITH_SCHEMA = [
	'openai/gpt-oss-20b',
	'openai/gpt-oss-120b',
	'moonshotai/kimi-k2-instruct',
	'moonshotai/kimi-k2-instruct-0905',
	'meta-llama/llama-4-scout-17b-16e-instruct',
	'meta-llama/llama-4-maverick-17b-128e-instruct',
];
const MODELS = [
	...MODELS_WITH_SCHEMA,
	'llama-3.1-8b-instant',
	'llama-3.3-70b-versatile',
	'qwen/qwen3-32b',
];
const MODELS_OF_SPEECH = ['whisper-large-v3', 'whisper-large-v3-turbo'];

const chatRequest = object({
	...commonMembers,
	messages: required(array(message({ reasoning: nullable(string()) }), { min: 1 })),
	disable_tool_validation: boolean(),
	include_reasoning: nullable(boolean()),
	n: nullable(integer({ min: 1, max: 1 })),
	reasoning_effort: nullable(oneOf('none', 'default', 'low', 'medium', 'high')),
	reasoning_format: nullable(oneOf('hidden', 'raw', 'parsed')),
	search_settings: nullable(anyObject()),
	service_tier: nullable(oneOf('auto', 'on_demand', 'flex', 'performance')),
	documents: nullable(array(anyObject())),
	citation_options: nullable(oneOf('enabled', 'disabled')),
});

const wording = {
	unknown: (p) => `property '${p.name}' is unsupported`,
	missing: (p) => `property '${p.name}' is missing`,
	type: (p) => `'${p.path}' : value must be a ${p.expected}`,
	enum: (p) =>
		`'${p.path}' : value is not one of the allowed values ` +
		`[${p.allowed.map((value) => `'${value}'`).join(',')}]`,
	few: (p) => `'${p.path}' : minimum number of items is ${p.min}`,
	many: (p) => `'${p.path}' : maximum number of items is ${p.max}`,
	short: (p) => `'${p.path}' : minimum length is ${p.min}`,
	long: (p) => `'${p.path}' : maximum length is ${p.max}`,
	low: (p) => `'${p.path}' : must be greater than or equal to ${p.min}`,
	high: (p) => `'${p.path}' : must be less than or equal to ${p.max}`,
	pattern: (p) => `'${p.path}' : value does not match the pattern`,
};

/* A problem inside a message is told with the message's role around it. */
const tell = (problem, request) => {
	const said = wording[problem.kind](problem);
	const inMessage = /^messages\.(\d+)\./.exec(problem.path);
	if (!inMessage) return said;
	const at = `messages.${inMessage[1]}`;
	return (
		`'${at}' : for 'role:${request.messages[inMessage[1]].role}' the following must be ` +
		`satisfied[('${at}' : ${said})]`
	);
};

const rateHeaders = {
	'x-ratelimit-limit-requests': '14400',
	'x-ratelimit-limit-tokens': '6000',
	'x-ratelimit-remaining-requests': '14399',
	'x-ratelimit-remaining-tokens': '5843',
	'x-ratelimit-reset-requests': '6s',
	'x-ratelimit-reset-tokens': '1.57s',
};

const requestId = () => `req_${randomUUID().replaceAll('-', '').slice(0, 26)}`;
const headersOf = (id = requestId()) => ({ 'x-request-id': id, ...rateHeaders });

const error = (status, message, code, type = 'invalid_request_error', headers = {}) =>
	json(
		status,
		{ error: { message, type, ...(code && { code }) } },
		{ ...headersOf(), ...headers },
	);

const authorize = ({ headers }) => {
	if (headers.authorization !== `Bearer ${GROQ_KEY}`)
		refuse(error(401, 'Invalid API Key', 'invalid_api_key'));
};

const formatProblem = (request) => {
	const format = request.response_format;
	if (format?.type === 'json_object' && request.tools?.length)
		return { message: 'json mode cannot be combined with tool/function calling' };
	if (format?.type !== 'json_schema') return null;
	if (!MODELS_WITH_SCHEMA.includes(request.model))
		return { message: 'This model does not support response format `json_schema`.' };
	if (request.stream || request.tools?.length)
		return {
			message: 'response format `json_schema` does not support streaming or tool use',
		};
	const strict = format.json_schema.strict && strictProblem(format.json_schema.schema ?? {});
	return strict ? { message: `invalid JSON schema for response_format: ${strict}` } : null;
};

const reasoningProblem = (request) =>
	request.include_reasoning != null && request.reasoning_format != null
		? { message: 'include_reasoning and reasoning_format cannot both be set' }
		: null;

const checkChat = (request) => {
	const shape = chatRequest(request, '');
	if (shape) refuse(error(400, tell(shape, request)));
	if (!MODELS.includes(request.model))
		refuse(
			error(
				404,
				`The model \`${request.model}\` does not exist or you do not have ` +
					'access to it.',
				'model_not_found',
			),
		);
	const more = chatProblem(request) ?? formatProblem(request) ?? reasoningProblem(request);
	if (more) refuse(error(400, more.message, more.code));
};

const chat = (call) => {
	authorize(call);
	if (call.json === undefined)
		refuse(error(400, 'could not parse the JSON body of your request'));
	checkChat(call.json);
	const id = requestId();
	return chatReply(call, {
		common: { system_fingerprint: 'fp_simulated' },
		whole: { service_tier: 'on_demand', x_groq: { id } },
		first: { x_groq: { id } },
		last: (usage) => ({ x_groq: { id, usage } }),
		usage: (usage) => ({
			queue_time: 0.001,
			prompt_time: 0.002,
			completion_time: 0.01,
			total_time: 0.012,
			...usage,
		}),
		headers: headersOf(id),
	});
};

const transcribe = (call) => {
	authorize(call);
	if (!call.parts) refuse(error(400, "request Content-Type isn't multipart/form-data"));
	const problem = formProblem(call.parts, MODELS_OF_SPEECH);
	if (problem) refuse(error(problem.status, problem.message, problem.code));
	const id = requestId();
	return transcriptionReply(call, { x_groq: { id } }, headersOf(id));
};

const QUOTAS = {
	tokens: ['tokens per minute (TPM)', 'tokens'],
	requests: ['requests per minute (RPM)', 'requests'],
	daily: ['requests per day (RPD)', 'requests'],
};

const rateLimited = (fault, headers) => {
	const [limit, type] = QUOTAS[fault.quota ?? 'tokens'];
	return error(
		429,
		`Rate limit reached for model in organization on ${limit}: Limit 6000, ` +
			`Used 5990. Please try again in ${fault.retry_after ?? 5.289}s.`,
		'rate_limit_exceeded',
		type,
		headers,
	);
};

const FAILURES = {
	400: ['Failed to call a function. Please adjust your prompt.', 'tool_use_failed'],
	401: ['Invalid API Key', 'invalid_api_key'],
	403: [
		'Your organization may not use this model.',
		'model_permission_blocked_org',
		'permissions_error',
	],
	404: ['The model does not exist or you do not have access to it.', 'model_not_found'],
	413: ['Request Entity Too Large', 'request_too_large'],
	422: ['The request was well-formed but could not be followed.', 'unprocessable_entity'],
	424: ['Failed to reach a remote server.', 'failed_dependency'],
	498: ['Flex tier capacity exceeded.', 'capacity_exceeded', 'capacity_error'],
	499: ['Request cancelled.', 'request_cancelled'],
	503: ['Service unavailable.', 'over_capacity', 'service_unavailable'],
};

export const groq = {
	name: 'groq',
	prefix: '/openai/v1/',
	quotas: Object.keys(QUOTAS),
	readForm,
	routes: [
		{ operation: 'chat', path: /^\/openai\/v1\/chat\/completions$/, handle: chat },
		{
			operation: 'transcribe',
			path: /^\/openai\/v1\/audio\/transcriptions$/,
			handle: transcribe,
		},
	],
	notFound: ({ method, path }) =>
		error(
			404,
			`Unknown request URL: ${method} ${path}. Please ` +
				'check the URL for typos.',
			'unknown_url',
		),
	fail: (fault, headers) => {
		if (fault.status === 429) return rateLimited(fault, headers);
		const [message, code, type] = FAILURES[fault.status] ?? [];
		return error(
			fault.status,
			message ?? 'Internal Server Error',
			fault.code ?? code,
			type ?? (message ? undefined : 'internal_server_error'),
			headers,
		);
	},
};
