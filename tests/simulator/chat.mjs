/* The part of chat completions that Groq and OpenAI share: what is answered and how it is
 * cut into chunks. The answer follows from the last user message, unless a test scripted one. */
import { randomUUID } from 'node:crypto';
import { events, json } from './reply.mjs';
import { plainValue } from './schema.mjs';
import { allText, countPrompt, lastUserText, tokensOf } from './tokens.mjs';

const ARGUMENT_FRAGMENT_CHARS = 7;

const forcedTool = (request) => {
	const choice = request.tool_choice;
	if (choice === 'required') return request.tools[0].function;
	if (choice?.type !== 'function') return null;
	return request.tools.find((tool) => tool.function.name === choice.function.name).function;
};

const defaultReply = (request) => {
	const tool = forcedTool(request);
	if (tool)
		return {
			tool_calls: [
				{ name: tool.name, arguments: plainValue(tool.parameters ?? {}) },
			],
		};
	const format = request.response_format;
	if (format?.type === 'json_schema')
		return { text: JSON.stringify(plainValue(format.json_schema.schema ?? {})) };
	const said = lastUserText(request.messages);
	if (format?.type === 'json_object') return { text: JSON.stringify({ said }) };
	return { text: `You said: ${said}` };
};

const toolCall = (call, i) => ({
	id: call.id ?? `call_${i}`,
	type: 'function',
	function: {
		name: call.name,
		arguments:
			typeof call.arguments === 'string'
				? call.arguments
				: JSON.stringify(call.arguments ?? {}),
	},
});

const limitText = (text, request) => {
	const stops = [request.stop ?? []].flat();
	const cut = Math.min(...stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0));
	const stopped = Number.isFinite(cut) ? text.slice(0, cut) : text;
	const max = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
	const tokens = tokensOf(stopped);
	if (tokens.length <= max) return { text: stopped, finish: 'stop' };
	return { text: tokens.slice(0, max).join(''), finish: 'length' };
};

/** The answer to a valid request: {message, finish_reason, usage, model, extra}. */
const complete = (request, script) => {
	const reply = script ?? defaultReply(request);
	const calls = reply.tool_calls?.map(toolCall);
	const limited =
		typeof reply.text === 'string'
			? limitText(reply.text, request)
			: { text: null, finish: 'stop' };
	const prompt = countPrompt(request.messages);
	const written = tokensOf(
		(limited.text ?? '') +
			(calls ?? []).map((call) => call.function.arguments).join(' '),
	).length;
	return {
		message: {
			role: 'assistant',
			content: limited.text,
			...(reply.reasoning && { reasoning: reply.reasoning }),
			...(calls && { tool_calls: calls }),
			...reply.message,
		},
		finish_reason: reply.finish_reason ?? (calls ? 'tool_calls' : limited.finish),
		usage: {
			prompt_tokens: prompt,
			completion_tokens: written,
			total_tokens: prompt + written,
			...reply.usage,
		},
		model: reply.model ?? request.model,
		extra: reply.extra ?? {},
	};
};

const envelope = (id, object, answer, brand) => ({
	id,
	object,
	created: Math.floor(Date.now() / 1000),
	model: answer.model,
	...brand,
});

const fragments = (text, size) => text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];

const toolDeltas = (calls) =>
	calls.flatMap((call, index) => [
		{
			tool_calls: [
				{
					index,
					id: call.id,
					type: call.type,
					function: { name: call.function.name, arguments: '' },
				},
			],
		},
		...fragments(call.function.arguments, ARGUMENT_FRAGMENT_CHARS).map((piece) => ({
			tool_calls: [{ index, function: { arguments: piece } }],
		})),
	]);

const deltasOf = (message) => [
	...(message.reasoning ? [{ reasoning: message.reasoning }] : []),
	...tokensOf(message.content ?? '').map((content) => ({ content })),
	...toolDeltas(message.tool_calls ?? []),
];

const midStreamError = (fault, base) => {
	const error = {
		message: 'The model failed to go on.',
		type: 'internal_server_error',
		code: fault.code,
	};
	if (fault.form === 'x_groq')
		return {
			...base,
			choices: [{ index: 0, delta: {}, finish_reason: null }],
			x_groq: { error: 'over capacity' },
		};
	const data = JSON.stringify({ error });
	return fault.form === 'event' ? `${data}\n\nevent: error\ndata: ${data}` : { error };
};

const streamed = (call, answer, brand) => {
	const { json: request, fault } = call;
	const base = envelope(
		`chatcmpl-${randomUUID()}`,
		'chat.completion.chunk',
		answer,
		brand.common,
	);
	const chunk = (delta, finish_reason = null, more = {}) => ({
		...base,
		choices: [{ index: 0, delta, logprobs: null, finish_reason }],
		...more,
	});

	const items = [
		chunk(
			{ role: 'assistant', content: answer.message.content && '' },
			null,
			brand.first,
		),
	];
	if (fault.empty_choices) items.unshift({ ...base, choices: [] });
	items.push(...deltasOf(answer.message).map((delta) => chunk(delta)));
	if (fault.sse_error) {
		items.splice(fault.sse_error.after ?? 1);
		items.push(midStreamError(fault.sse_error, base));
		return events(items, brand.headers);
	}
	items.push(chunk({}, answer.finish_reason, brand.last(answer.usage)));
	if (request.stream_options?.include_usage && !fault.no_usage)
		items.push({ ...base, choices: [], usage: answer.usage });
	if (!fault.no_done) items.push('[DONE]');
	return events(items, brand.headers);
};

/** Answer a valid request. `brand` holds what differs: {common, whole(usage), first,
 * last(usage), usage(usage), headers}. */
export const chatReply = (call, brand) => {
	const answer = complete(call.json, call.script);
	answer.usage = brand.usage(answer.usage);
	if (call.json.stream) return streamed(call, answer, brand);
	const choice = {
		index: 0,
		message: answer.message,
		logprobs: null,
		finish_reason: answer.finish_reason,
	};
	return json(
		200,
		{
			...envelope(
				`chatcmpl-${randomUUID()}`,
				'chat.completion',
				answer,
				brand.common,
			),
			choices: call.fault.empty_choices ? [] : [choice],
			usage: answer.usage,
			...brand.whole,
			...answer.extra,
		},
		brand.headers,
	);
};

/** What both services refuse beyond the shape of the request: {message, param, code} or null. */
export const chatProblem = (request) => {
	const tools = request.tools ?? [];
	const choice = request.tool_choice;
	if (choice && choice !== 'none' && !tools.length)
		return {
			message: "'tool_choice' is only allowed when 'tools' are specified.",
			param: 'tool_choice',
		};
	if (
		choice?.type === 'function' &&
		!tools.some((tool) => tool.function.name === choice.function.name)
	)
		return {
			message: "Tool choice 'function' is not one of the tools.",
			param: 'tool_choice',
		};
	if (request.stream_options && !request.stream)
		return {
			message: "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
			param: 'stream_options',
		};
	if (
		request.response_format?.type === 'json_object' &&
		!/json/i.test(allText(request.messages))
	)
		return {
			message:
				"'messages' must contain the word 'json' in some form, to use " +
				"'response_format' of type 'json_object'.",
			param: 'messages',
		};
	return null;
};
