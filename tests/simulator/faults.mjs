/* Faults and scripted replies: what a test asked for, waiting for the call it is meant for.
 *
 * Both wait in a queue and name the calls they fit: {provider, operation?, match?, times?}.
 * The first one that fits is used, `times` times (1 when not told, -1 until the next reset). */
import {
	any,
	anyObject,
	array,
	boolean,
	either,
	integer,
	number,
	object,
	oneOf,
	required,
	string,
} from './check.mjs';
import { allText } from './tokens.mjs';

const UNENDING = -1;

const match = object({
	contains: string({ min: 1 }) /* somewhere in the request's messages, input or text */,
	structured: boolean() /* asks for a tool call or for JSON */,
	stream: boolean(),
});

const queued = (providers) => ({
	provider: required(oneOf(...providers)),
	operation: string(),
	match,
	times: integer({ min: UNENDING }),
});

const sseError = object({
	after: integer({ min: 0 }),
	form: oneOf('data', 'event', 'x_groq'),
	code: string() /* the provider's error code */,
});

/* Combinable: e.g. {status: 429, retry_after: 2} or {drip: {...}, cut_after_bytes: 900}. */
const fault = object({
	after_effect: boolean() /* with status: do the work, then fail */,
	code: string() /* with status: the provider's error code */,
	content_type: string(),
	cut_after_bytes: integer({ min: 0 }) /* then the socket is destroyed; 0: no headers */,
	delay_ms: integer({ min: 0, max: 600000 }),
	drip: object({
		bytes: required(integer({ min: 1 })),
		pause_ms: required(integer({ min: 0, max: 60000 })),
	}),
	empty_choices: boolean(),
	garbage: oneOf('html', 'text', 'json', 'truncated', 'binary', 'empty'),
	headers: anyObject(),
	hold: string({ min: 1 }) /* wait for /__sim/release of this name … */,
	hold_after_chunks: integer({ min: 0 }) /* … after so many chunks (0: before headers) */,
	huge_bytes: integer({ min: 1, max: 1 << 30 }),
	no_done: boolean() /* a stream that ends without [DONE] */,
	no_usage: boolean() /* a stream that loses its usage chunk */,
	quota: string(),
	retry_after: either(number({ min: 0 }), string()),
	silence: boolean() /* accept, read, never answer */,
	sse_error: sseError,
	status: integer({ min: 300, max: 599 }),
});

const reply = object({
	/* chat */
	text: any(),
	tool_calls: array(anyObject()),
	finish_reason: string(),
	usage: anyObject(),
	reasoning: string(),
	model: string(),
	message: anyObject(),
	extra: anyObject(),
	/* transcribe */
	duration: number({ min: 0 }),
	language: string(),
	segments: array(anyObject()),
	avg_logprob: number(),
	compression_ratio: number(),
	no_speech_prob: number(),
	/* embed */
	shuffle: boolean(),
	drop: integer({ min: 1 }),
	/* speak */
	duration_ms: integer({ min: 1, max: 600000 }),
	first_ms: integer({ min: 0, max: 60000 }) /* until the first sound */,
	speed: number({ min: 0.1, max: 1000 }) /* times as quick as it lasts; else at once */,
});

/** The rules of what the control interface accepts, for these provider names. */
export const queueRules = (providers) => ({
	fault: object({ ...queued(providers), fault: required(fault) }),
	reply: object({ ...queued(providers), reply: required(reply) }),
});

const isStructured = ({ tools, tool_choice, response_format }) =>
	Boolean(tools?.length && tool_choice && !['none', 'auto'].includes(tool_choice)) ||
	['json_schema', 'json_object'].includes(response_format?.type);

const textOfRequest = (request) =>
	request.messages
		? allText(request.messages)
		: JSON.stringify(request.input ?? request.text ?? request);

const matches = (wanted, request = {}) =>
	(wanted.contains === undefined || textOfRequest(request).includes(wanted.contains)) &&
	(wanted.structured === undefined || isStructured(request) === wanted.structured) &&
	(wanted.stream === undefined || Boolean(request.stream) === wanted.stream);

const fits = (item, call) =>
	item.provider === call.provider &&
	(item.operation === undefined || item.operation === call.operation) &&
	matches(item.match ?? {}, call.json);

/** Take the first waiting item that fits this call off its count; undefined when none does. */
export const takeFitting = (queue, call) => {
	const item = queue.find((candidate) => fits(candidate, call));
	if (!item) return undefined;
	item.times ??= 1;
	if (item.times !== UNENDING && --item.times === 0) queue.splice(queue.indexOf(item), 1);
	return item;
};
