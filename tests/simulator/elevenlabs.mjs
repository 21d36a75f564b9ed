/* ElevenLabs: text to speech, whole and streamed. The voice is a tone (audio.mjs). */
import { randomUUID } from 'node:crypto';
import {
	array,
	boolean,
	integer,
	nullable,
	number,
	object,
	oneOf,
	anyObject,
	required,
	string,
} from './check.mjs';
import { mp3Tone, pcmTone } from './audio.mjs';
import { json, refuse, Reply } from './reply.mjs';

export const ELEVENLABS_KEY = 'sk_simulated_elevenlabs_key';

/* A listed model holds its longest text and whether language_code may be given. */
const MODELS = {
	eleven_multilingual_v2: { max: 10000 },
	eleven_flash_v2_5: { max: 40000, language: true },
	eleven_turbo_v2_5: { max: 40000, language: true },
	eleven_flash_v2: { max: 30000 },
	eleven_turbo_v2: { max: 30000 },
	eleven_v3: { max: 5000, language: true },
};
const FORMATS = new RegExp(
	'^(mp3_22050_32|mp3_44100_(32|64|96|128|192)|' +
		'pcm_(8000|16000|22050|24000|44100|48000)|[ua]law_8000|opus_48000_(32|64|96|128|192))$',
);
const FORMATS_OF_HIGHER_PLANS = ['mp3_44100_192', 'pcm_44100', 'pcm_48000'];
const QUERY = ['output_format', 'enable_logging', 'optimize_streaming_latency'];
const VOICE_ID = /^[A-Za-z0-9]{20}$/;
const MS_PER_CHARACTER = 60;
const STREAM_CHUNK_BYTES = 4096;

const part = number({ min: 0, max: 1 });
const speechRequest = object({
	text: required(string()),
	model_id: string(),
	language_code: nullable(string()),
	voice_settings: nullable(
		object({
			stability: nullable(part),
			similarity_boost: nullable(part),
			style: nullable(part),
			use_speaker_boost: nullable(boolean()),
			speed: nullable(number({ min: 0.7, max: 1.2 })),
		}),
	),
	pronunciation_dictionary_locators: nullable(array(anyObject(), { max: 3 })),
	seed: nullable(integer({ min: 0, max: 4294967295 })),
	previous_text: nullable(string()),
	next_text: nullable(string()),
	previous_request_ids: nullable(array(string(), { max: 3 })),
	next_request_ids: nullable(array(string(), { max: 3 })),
	apply_text_normalization: oneOf('auto', 'on', 'off'),
	apply_language_text_normalization: boolean(),
	use_pvc_as_ivc: boolean(),
});

const WORDING = {
	unknown: ['Extra inputs are not permitted', 'extra_forbidden'],
	missing: ['Field required', 'missing'],
	type: ['Input has the wrong type', 'type_error'],
	enum: ['Input is not one of the permitted values', 'enum'],
	many: ['List has too many items', 'too_long'],
	low: ['Input is too small', 'greater_than_equal'],
	high: ['Input is too large', 'less_than_equal'],
};

const detail = (status, code, message, headers) =>
	json(status, { detail: { status: code, message } }, headers);

const unprocessable = (loc, kind) => {
	const [msg, type] = WORDING[kind];
	return json(422, { detail: [{ loc, msg, type }] });
};

const authorize = ({ headers }) => {
	if (!headers['xi-api-key'])
		refuse(
			detail(
				401,
				'needs_authorization',
				'Neither authorization header nor xi-api-key ' +
					'received, please provide one.',
			),
		);
	if (headers['xi-api-key'] !== ELEVENLABS_KEY)
		refuse(detail(401, 'invalid_api_key', 'Invalid API key'));
};

const checkQuery = (query) => {
	const unknown = Object.keys(query).find((name) => !QUERY.includes(name));
	if (unknown) refuse(unprocessable(['query', unknown], 'unknown'));
	const format = query.output_format ?? 'mp3_44100_128';
	if (!FORMATS.test(format)) refuse(unprocessable(['query', 'output_format'], 'enum'));
	if (FORMATS_OF_HIGHER_PLANS.includes(format))
		refuse(
			detail(
				403,
				'only_for_creator+',
				`The output format ${format} needs a higher plan.`,
			),
		);
	return format;
};

const checkBody = (request) => {
	if (request === undefined) refuse(unprocessable(['body'], 'type'));
	const shape = speechRequest(request, '');
	if (shape) refuse(unprocessable(['body', ...shape.path.split('.')], shape.kind));
	const model = MODELS[request.model_id ?? 'eleven_multilingual_v2'];
	if (!model)
		refuse(
			detail(
				400,
				'model_not_found',
				`A model with ID ${request.model_id} does not exist.`,
			),
		);
	if (request.language_code && !model.language)
		refuse(
			detail(
				400,
				'unsupported_language',
				`Model '${request.model_id}' does not support the language_code.`,
			),
		);
	if (!request.text.trim())
		refuse(detail(400, 'input_text_empty', 'Input text cannot be empty.'));
	if (request.text.length > model.max)
		refuse(
			detail(
				400,
				'max_character_limit_exceeded',
				'This request exceeds the maximum ' +
					`character limit of ${model.max}.`,
			),
		);
};

const render = (format, ms) => {
	const [codec, rate, kbits] = format.split('_');
	if (codec === 'mp3' && rate === '44100') return ['audio/mpeg', mp3Tone(ms, Number(kbits))];
	if (codec === 'pcm') return ['audio/pcm', pcmTone(ms, Number(rate))];
	return refuse(detail(501, 'not_simulated', `The simulator does not render ${format}.`));
};

const slices = (bytes, size) => {
	const list = [];
	for (let at = 0; at < bytes.length; at += size) list.push(bytes.subarray(at, at + size));
	return list;
};

/* A voice that begins after first_ms and is `speed` times as quick as what it says. */
const paceOf = ({ first_ms = 0, speed }, chunkMs) => ({
	first_ms,
	pause_ms: speed ? chunkMs / speed : 0,
});

const speak = (streamed) => (call) => {
	authorize(call);
	const format = checkQuery(call.query);
	const voice = call.match[1];
	if (!VOICE_ID.test(voice))
		refuse(
			detail(
				400,
				'voice_not_found',
				`A voice with the voice_id ${voice} was not found.`,
			),
		);
	checkBody(call.json);
	const ms = call.script?.duration_ms ?? [...call.json.text].length * MS_PER_CHARACTER;
	const [type, audio] = render(format, ms);
	const reply = new Reply(
		200,
		{
			'content-type': type,
			'request-id': randomUUID(),
			'character-cost': String([...call.json.text].length),
			'current-concurrent-requests': '0',
			'maximum-concurrent-requests': '10',
			'x-region': 'simulated',
			'x-trace-id': randomUUID(),
		},
		streamed ? slices(audio, STREAM_CHUNK_BYTES) : [audio],
	);
	reply.pace = paceOf(call.script ?? {}, ms / reply.chunks.length);
	return reply;
};

const QUOTAS = {
	concurrent: [429, 'too_many_concurrent_requests', 'Too many concurrent requests.'],
	busy: [429, 'system_busy', 'The system is experiencing heavy traffic, please try again.'],
	exceeded: [401, 'quota_exceeded', 'This request exceeds your quota.'],
};

const FAILURES = {
	400: ['voice_not_found', 'A voice with the voice_id was not found.'],
	401: ['invalid_api_key', 'Invalid API key'],
	403: ['only_for_creator+', 'This feature needs a higher plan.'],
};

export const elevenlabs = {
	name: 'elevenlabs',
	prefix: '/v1/text-to-speech/',
	quotas: Object.keys(QUOTAS),
	routes: [
		{
			operation: 'speak',
			path: /^\/v1\/text-to-speech\/([^/]+)$/,
			handle: speak(false),
		},
		{
			operation: 'speak_stream',
			path: /^\/v1\/text-to-speech\/([^/]+)\/stream$/,
			handle: speak(true),
		},
	],
	notFound: () => json(404, { detail: 'Not Found' }),
	fail: (fault, headers) => {
		if (fault.status === 429 || fault.quota) {
			const [status, code, message] = QUOTAS[fault.quota ?? 'concurrent'];
			return detail(status, code, message, headers);
		}
		if (fault.status === 422) return unprocessable(['body', 'text'], 'missing');
		const [code, message] = FAILURES[fault.status] ?? [
			'internal_server_error',
			'Something went wrong.',
		];
		return detail(fault.status, fault.code ?? code, message, headers);
	},
};
