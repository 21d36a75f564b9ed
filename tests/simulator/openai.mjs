/* OpenAI: chat completions, embeddings and audio transcriptions under /v1. */
import { randomUUID } from 'node:crypto';
import {
	array,
	either,
	integer,
	nullable,
	number,
	object,
	oneOf,
	anyObject,
	boolean,
	required,
	string,
} from './check.mjs';
import { chatProblem, chatReply } from './chat.mjs';
import { commonMembers, message } from './chat_shape.mjs';
import { embed, toBase64 } from './embeddings.mjs';
import { json, refuse } from './reply.mjs';
import { strictProblem } from './schema.mjs';
import { tokensOf } from './tokens.mjs';
import { formProblem, readForm, transcriptionReply } from './transcription.mjs';

export const OPENAI_KEY = 'sk-simulated-openai-key';

const MODELS = [
	'gpt-4o',
	'gpt-4o-mini',
	'gpt-4.1',
	'gpt-4.1-mini',
	'gpt-4.1-nano',
	'gpt-5',
	'gpt-5-mini',
	'gpt-5-nano',
];
const MODELS_OF_SPEECH = ['whisper-1', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe'];
const DIMS = {
	'text-embedding-3-small': 1536,
	'text-embedding-3-large': 3072,
	'text-embedding-ada-002': 1536,
};
const INPUTS_MAX = 2048;
const INPUT_TOKENS_MAX = 8192;
const REQUEST_TOKENS_MAX = 300000;

const chatRequest = object({
	...commonMembers,
	messages: required(array(message({ refusal: nullable(string()) }), { min: 1 })),
	frequency_penalty: nullable(number({ min: -2, max: 2 })),
	logit_bias: nullable(anyObject()),
	logprobs: nullable(boolean()),
	n: nullable(integer({ min: 1, max: 128 })),
	presence_penalty: nullable(number({ min: -2, max: 2 })),
	prompt_cache_key: nullable(string()),
	reasoning_effort: nullable(oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh')),
	safety_identifier: nullable(string()),
	service_tier: nullable(oneOf('auto', 'default', 'flex', 'scale', 'priority')),
	top_logprobs: nullable(integer({ min: 0, max: 20 })),
	verbosity: nullable(oneOf('low', 'medium', 'high')),
});

const token = integer({ min: 0 });
const embeddingsRequest = object({
	input: required(
		either(
			array(token, { min: 1 }),
			array(array(token, { min: 1 }), { min: 1, max: INPUTS_MAX }),
			array(string({ min: 1 }), { min: 1, max: INPUTS_MAX }),
			string({ min: 1 }),
		),
	),
	model: required(string({ min: 1 })),
	dimensions: integer({ min: 1 }),
	encoding_format: oneOf('float', 'base64'),
	user: string(),
});

const headersOf = () => ({
	'x-request-id': `req_${randomUUID().replaceAll('-', '')}`,
	'openai-processing-ms': '12',
	'openai-version': '2020-10-01',
});

const error = (
	status,
	message,
	{ code = null, param = null, headers = {}, type = 'invalid_request_error' } = {},
) => json(status, { error: { message, type, param, code } }, { ...headersOf(), ...headers });

const bracketed = (path) => path.replace(/\.(\d+)/g, '[$1]');

const wording = {
	unknown: (p) => [`Unknown parameter: '${bracketed(p.path)}'.`, 'unknown_parameter'],
	missing: (p) => [
		`Missing required parameter: '${bracketed(p.path)}'.`,
		'missing_required_parameter',
	],
	type: (p) => [
		`Invalid type for '${bracketed(p.path)}': expected ${p.expected}, but got ` +
			`${p.got} instead.`,
		'invalid_type',
	],
	enum: (p) => [
		`Invalid value: '${p.value}'. Supported values are: ` +
			`${p.allowed.map((value) => `'${value}'`).join(', ')}.`,
		'invalid_value',
	],
	few: (p) => [
		`Invalid '${bracketed(p.path)}': empty array. Expected an array with minimum ` +
			`length ${p.min}, but got an empty array instead.`,
		'empty_array',
	],
	many: (p) => [
		`Invalid '${bracketed(p.path)}': array too long. Expected an array with ` +
			`maximum length ${p.max}, but got an array with length ${p.value.length} instead.`,
		'array_above_max_length',
	],
	short: (p) => [
		`Invalid '${bracketed(p.path)}': empty string. Expected a string with minimum ` +
			`length ${p.min}, but got an empty string instead.`,
		'empty_string',
	],
	long: (p) => [
		`Invalid '${bracketed(p.path)}': string too long.`,
		'string_above_max_length',
	],
	low: (p) => [
		`Invalid '${bracketed(p.path)}': ${p.expected} below minimum value. Expected a ` +
			`value >= ${p.min}, but got ${p.value} instead.`,
		`${p.expected}_below_min_value`,
	],
	high: (p) => [
		`Invalid '${bracketed(p.path)}': ${p.expected} above maximum value. Expected a ` +
			`value <= ${p.max}, but got ${p.value} instead.`,
		`${p.expected}_above_max_value`,
	],
	pattern: (p) => [
		`Invalid '${bracketed(p.path)}': string does not match pattern.`,
		'invalid_value',
	],
};

const refuseShape = (problem) => {
	const [said, code] = wording[problem.kind](problem);
	refuse(error(400, said, { code, param: bracketed(problem.path) }));
};

const authorize = ({ headers }) => {
	if (!headers.authorization) refuse(error(401, "You didn't provide an API key."));
	if (headers.authorization !== `Bearer ${OPENAI_KEY}`)
		refuse(error(401, 'Incorrect API key provided.', { code: 'invalid_api_key' }));
};

const requireJson = ({ json: body }) => {
	if (body === undefined)
		refuse(error(400, 'We could not parse the JSON body of your request.'));
};

const requireModel = (model, known) => {
	if (!known.includes(model))
		refuse(
			error(
				404,
				`The model \`${model}\` does not exist or you do not have access to it.`,
				{ code: 'model_not_found' },
			),
		);
};

const checkChat = (request) => {
	const shape = chatRequest(request, '');
	if (shape) refuseShape(shape);
	requireModel(request.model, MODELS);
	const more = chatProblem(request);
	if (more) refuse(error(400, more.message, { param: more.param }));
	const schema = request.response_format?.json_schema;
	const strict = schema?.strict && strictProblem(schema.schema ?? {});
	if (strict)
		refuse(
			error(
				400,
				`Invalid schema for response_format '${schema.name}': ${strict}`,
				{ param: 'response_format' },
			),
		);
};

const chat = (call) => {
	authorize(call);
	requireJson(call);
	checkChat(call.json);
	const streamed = { obfuscation: 'x7Qm' };
	return chatReply(call, {
		common: { service_tier: 'default', system_fingerprint: 'fp_simulated' },
		whole: {},
		first: streamed,
		last: () => streamed,
		usage: (usage) => ({
			...usage,
			prompt_tokens_details: { cached_tokens: 0 },
			completion_tokens_details: { reasoning_tokens: 0 },
		}),
		headers: headersOf(),
	});
};

const countTokens = (input) => (Array.isArray(input) ? input.length : tokensOf(input).length || 1);

const inputsOf = (input) =>
	typeof input === 'string' || typeof input[0] === 'number' ? [input] : input;

const checkEmbeddings = (request) => {
	const shape = embeddingsRequest(request, '');
	if (shape?.path.startsWith('input') && shape.kind !== 'missing')
		refuse(error(400, "'$.input' is invalid. Please check the API reference."));
	if (shape) refuseShape(shape);
	requireModel(request.model, Object.keys(DIMS));
	const own = DIMS[request.model];
	if (
		request.dimensions !== undefined &&
		(request.model === 'text-embedding-ada-002' || request.dimensions > own)
	)
		refuse(
			error(400, 'This model does not support specifying these dimensions.', {
				param: 'dimensions',
			}),
		);
	const counts = inputsOf(request.input).map(countTokens);
	const total = counts.reduce((sum, count) => sum + count, 0);
	if (Math.max(...counts) > INPUT_TOKENS_MAX)
		refuse(
			error(
				400,
				`Invalid 'input': maximum context length is ${INPUT_TOKENS_MAX} tokens.`,
				{ param: 'input' },
			),
		);
	if (total > REQUEST_TOKENS_MAX)
		refuse(
			error(
				400,
				`Requested ${total} tokens, max ${REQUEST_TOKENS_MAX} tokens per request`,
				{ type: 'max_tokens_per_request', code: 'max_tokens_per_request' },
			),
		);
	return total;
};

const embeddings = (call) => {
	authorize(call);
	requireJson(call);
	const total = checkEmbeddings(call.json);
	const { input, model, dimensions = DIMS[model], encoding_format } = call.json;
	const data = inputsOf(input).map((item, index) => {
		const vector = embed(item, dimensions);
		return {
			object: 'embedding',
			index,
			embedding: encoding_format === 'base64' ? toBase64(vector) : [...vector],
		};
	});
	if (call.script?.shuffle) data.reverse();
	if (call.script?.drop) data.splice(-call.script.drop);
	return json(
		200,
		{
			object: 'list',
			data,
			model,
			usage: { prompt_tokens: total, total_tokens: total },
		},
		headersOf(),
	);
};

const transcribe = (call) => {
	authorize(call);
	if (!call.parts) refuse(error(400, 'Could not parse multipart form'));
	const problem = formProblem(call.parts, MODELS_OF_SPEECH);
	if (problem) refuse(error(problem.status, problem.message, { code: problem.code }));
	return transcriptionReply(call, {}, headersOf());
};

const FAILURES = {
	401: ['Incorrect API key provided.', 'invalid_api_key'],
	403: [
		'Country, region, or territory not supported',
		'unsupported_country_region_territory',
	],
	404: ['The model does not exist or you do not have access to it.', 'model_not_found'],
	409: ['Another request is in progress.', null],
	422: ['The request could not be processed.', null],
};

const rateLimited = (fault, headers) =>
	fault.quota === 'insufficient'
		? error(
				429,
				'You exceeded your current quota, please check your plan and billing details.',
				{ type: 'insufficient_quota', code: 'insufficient_quota', headers },
			)
		: error(429, 'Rate limit reached on tokens per min (TPM).', {
				type: 'tokens',
				code: 'rate_limit_exceeded',
				headers,
			});

export const openai = {
	name: 'openai',
	prefix: '/v1/',
	quotas: ['insufficient'],
	readForm,
	routes: [
		{ operation: 'chat', path: /^\/v1\/chat\/completions$/, handle: chat },
		{ operation: 'embed', path: /^\/v1\/embeddings$/, handle: embeddings },
		{
			operation: 'transcribe',
			path: /^\/v1\/audio\/transcriptions$/,
			handle: transcribe,
		},
	],
	notFound: ({ method, path }) => error(404, `Invalid URL (${method} ${path})`),
	fail: (fault, headers) => {
		if (fault.status === 429) return rateLimited(fault, headers);
		const [message, code] = FAILURES[fault.status] ?? [
			'The server had an error while processing your request.',
			null,
		];
		const type = fault.status >= 500 ? 'server_error' : undefined;
		return error(fault.status, message, { code: fault.code ?? code, type, headers });
	},
};
