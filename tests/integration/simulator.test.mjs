/* The official clients against the provider simulator: what they understand of it is what they
 * understand of the real services, so the simulator cannot drift from them unseen. This file:
 * chat completions and the simulator's own controls. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Groq from 'groq-sdk';
import OpenAI from 'openai';
import { collect, newGroq, newOpenAI, skipWaits, useSimulator } from './env/sdk.mjs';

const GROQ_MODEL = 'llama-3.3-70b-versatile';
const SCHEMA_MODEL = 'openai/gpt-oss-20b';
const OPENAI_MODEL = 'gpt-4o-mini';
const messages = [{ role: 'user', content: 'What is a lighthouse?' }];
const ECHO = 'You said: What is a lighthouse?';

const tool = {
	type: 'function',
	function: {
		name: 'save_extract',
		parameters: {
			type: 'object',
			required: ['intent', 'confidence', 'actions'],
			properties: {
				intent: {
					type: 'string',
					enum: ['advice_request', 'media_request'],
				},
				confidence: { type: 'number', minimum: 0, maximum: 1 },
				actions: { type: 'array', items: { type: 'string' } },
			},
		},
	},
};
const forced = {
	tools: [tool],
	tool_choice: { type: 'function', function: { name: 'save_extract' } },
};

const used = useSimulator();

const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
const argumentsOf = (chunks) =>
	chunks
		.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])
		.map((call) => call.function.arguments)
		.join('');

/* The error classes both of these generated clients have, by the status that brings them. */
const ERROR_CLASSES = [
	[400, 'BadRequestError'],
	[401, 'AuthenticationError'],
	[403, 'PermissionDeniedError'],
	[404, 'NotFoundError'],
	[409, 'ConflictError'],
	[422, 'UnprocessableEntityError'],
	[429, 'RateLimitError'],
	[500, 'InternalServerError'],
	[503, 'InternalServerError'],
];

const chatClients = [
	{ provider: 'groq', SDK: Groq, make: newGroq, model: GROQ_MODEL },
	{ provider: 'openai', SDK: OpenAI, make: newOpenAI, model: OPENAI_MODEL },
];

for (const { provider, SDK, make, model } of chatClients) {
	const ask = (options, client = make(used.env)) =>
		client.chat.completions.create({ model, messages, ...options });

	describe(`${provider}: chat`, () => {
		test('answers from the last user message, with usage', async () => {
			const answer = await ask();
			assert.equal(answer.object, 'chat.completion');
			assert.equal(answer.choices[0].message.content, ECHO);
			assert.equal(answer.choices[0].finish_reason, 'stop');
			const { prompt_tokens, completion_tokens, total_tokens } = answer.usage;
			assert.equal(total_tokens, prompt_tokens + completion_tokens);
		});

		test('stops at the token limit and says so', async () => {
			const answer = await ask({ max_completion_tokens: 2 });
			assert.equal(answer.choices[0].message.content, 'You said:');
			assert.equal(answer.choices[0].finish_reason, 'length');
		});

		test('streams the same words, usage last in a chunk without choices', async () => {
			const chunks = await collect(
				await ask({
					stream: true,
					stream_options: { include_usage: true },
				}),
			);
			assert.equal(textOf(chunks), ECHO);
			assert.deepEqual(chunks.at(-1).choices, []);
			assert.equal(chunks.at(-1).usage.completion_tokens, 6);
			assert.equal(chunks.at(-2).choices[0].finish_reason, 'stop');
		});

		test('a forced tool is called with arguments that fit its schema', async () => {
			const { message, finish_reason } = (await ask(forced)).choices[0];
			assert.equal(finish_reason, 'tool_calls');
			assert.equal(message.content, null);
			assert.equal(message.tool_calls[0].function.name, 'save_extract');
			assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), {
				intent: 'advice_request',
				confidence: 0,
				actions: [],
			});
		});

		test('a streamed tool call comes in fragments keyed by index', async () => {
			const chunks = await collect(await ask({ ...forced, stream: true }));
			const pieces = chunks.flatMap(
				(chunk) => chunk.choices[0].delta.tool_calls ?? [],
			);
			assert.ok(pieces.length > 3);
			assert.ok(pieces.every((piece) => piece.index === 0));
			assert.equal(pieces.filter((piece) => piece.id).length, 1);
			assert.equal(JSON.parse(argumentsOf(chunks)).intent, 'advice_request');
		});

		test('scripted replies are used in order, each for the call it matches', async () => {
			await used.sim.reply([
				{
					provider,
					match: { structured: true },
					reply: {
						tool_calls: [
							{
								name: 'save_extract',
								arguments: '{"intent": ',
							},
						],
					},
				},
				{
					provider,
					reply: {
						text: 'First.',
						finish_reason: 'content_filter',
						extra: { surprise: 1 },
					},
				},
				{ provider, reply: { text: '' } },
			]);
			const first = await ask();
			assert.equal(first.choices[0].message.content, 'First.');
			assert.equal(first.choices[0].finish_reason, 'content_filter');
			assert.equal(first.surprise, 1);
			const broken = await ask(forced);
			assert.equal(
				broken.choices[0].message.tool_calls[0].function.arguments,
				'{"intent": ',
			);
			assert.equal((await ask()).choices[0].message.content, '');
			assert.equal((await ask()).choices[0].message.content, ECHO);
			assert.deepEqual((await used.sim.pending()).replies, []);
		});

		for (const [status, name] of ERROR_CLASSES)
			test(`status ${status} is ${name}`, async () => {
				await used.sim.fault({
					provider,
					operation: 'chat',
					fault: { status },
				});
				await assert.rejects(ask(), (error) => {
					assert.ok(
						error instanceof SDK[name],
						`${error.constructor.name}`,
					);
					assert.equal(error.status, status);
					assert.ok(error.message.length > 5);
					return true;
				});
			});

		test('the wrong key is an AuthenticationError', async () => {
			await assert.rejects(
				ask({}, make(used.env, { apiKey: 'sk_other' })),
				SDK.AuthenticationError,
			);
		});

		test('429 with Retry-After is tried again after exactly that time', async (t) => {
			const waits = skipWaits(t, 7000);
			await used.sim.fault({ provider, fault: { status: 429, retry_after: 7 } });
			const answer = await ask({}, make(used.env, { maxRetries: 1 }));
			assert.equal(answer.choices[0].message.content, ECHO);
			assert.deepEqual(waits, [7000]);
			const requests = await used.sim.requests({ provider });
			assert.deepEqual(
				requests.map((request) => request.status),
				[429, 200],
			);
			assert.equal(requests[1].headers['x-stainless-retry-count'], '1');
		});

		test("silence ends in the client's own time-out, seen as a disconnect", async () => {
			await used.sim.fault({ provider, fault: { silence: true } });
			await assert.rejects(
				ask({}, make(used.env, { timeout: 50 })),
				SDK.APIConnectionTimeoutError,
			);
			const [request] = await used.sim.wait({ provider, state: 'disconnected' });
			assert.equal(request.status, null);
			assert.equal(request.bytes_sent, 0);
		});

		test('a socket destroyed before the answer is a connection error', async () => {
			await used.sim.fault({ provider, fault: { cut_after_bytes: 0 } });
			await assert.rejects(ask(), SDK.APIConnectionError);
		});

		test('a stream cut in the middle fails after its first words', async () => {
			await used.sim.fault({ provider, fault: { cut_after_bytes: 900 } });
			const got = [];
			await assert.rejects(async () => {
				for await (const chunk of await ask({ stream: true }))
					got.push(chunk);
			});
			assert.ok(got.length >= 1);
			assert.notEqual(textOf(got), ECHO);
		});

		for (const form of ['data', 'event'])
			test(`an error in the middle of a stream (${form}) is an APIError`, async () => {
				await used.sim.fault({
					provider,
					fault: { sse_error: { after: 2, form } },
				});
				const got = [];
				await assert.rejects(async () => {
					for await (const chunk of await ask({ stream: true }))
						got.push(chunk);
				}, SDK.APIError);
				assert.equal(textOf(got), 'You');
			});

		test('a stream dripped byte by byte, with an empty-choices chunk, is read', async () => {
			await used.sim.fault({
				provider,
				fault: {
					drip: { bytes: 100, pause_ms: 1 },
					empty_choices: true,
				},
			});
			const chunks = await collect(await ask({ stream: true }));
			assert.deepEqual(chunks[0].choices, []);
			assert.equal(textOf(chunks), ECHO);
		});

		test('garbage with status 200 does not pass for an answer', async () => {
			await used.sim.fault({ provider, fault: { garbage: 'truncated' } });
			await assert.rejects(ask(), SyntaxError);
			await used.sim.fault({ provider, fault: { garbage: 'html' } });
			assert.equal(typeof (await ask()), 'string');
		});

		test('a held reply waits for its release', async () => {
			await used.sim.fault({ provider, fault: { hold: 'gate' } });
			let answered = false;
			const asked = ask().finally(() => {
				answered = true;
			});
			await used.sim.wait({ provider, state: 'received' });
			assert.equal(answered, false);
			await used.sim.release('gate');
			assert.equal((await asked).choices[0].message.content, ECHO);
		});

		test('a client that leaves in the middle of a stream is recorded', async () => {
			await used.sim.fault({
				provider,
				fault: { hold: 'middle', hold_after_chunks: 2 },
			});
			const stream = await ask({ stream: true });
			for await (const chunk of stream) if (chunk.choices[0].delta.content) break;
			const [request] = await used.sim.wait({ provider, state: 'disconnected' });
			assert.equal(request.finished, false);
			assert.ok(request.bytes_sent > 0);
			assert.ok(request.ended_after_ms > 0);
		});

		const refused = [
			['an unknown member', { foo: 1 }],
			[
				'a member of an unknown name in a message',
				{ messages: [{ role: 'user', content: 'x', id: 7 }] },
			],
			['no messages', { messages: [] }],
			['an unknown role', { messages: [{ role: 'robot', content: 'x' }] }],
			['a temperature above 2', { temperature: 2.5 }],
			['five stop words', { stop: ['a', 'b', 'c', 'd', 'e'] }],
			['tool_choice without tools', { tool_choice: 'required' }],
			[
				'stream_options without stream',
				{ stream_options: { include_usage: true } },
			],
			[
				'json_object without the word',
				{ response_format: { type: 'json_object' } },
			],
		];
		for (const [what, options] of refused)
			test(`${what} is a BadRequestError and recorded as refused`, async () => {
				await assert.rejects(ask(options), SDK.BadRequestError);
				assert.equal((await used.sim.requests())[0].refused, true);
			});

		test('an unknown model is a NotFoundError with its code', async () => {
			await assert.rejects(ask({ model: 'gpt-none' }), (error) => {
				assert.ok(error instanceof SDK.NotFoundError);
				assert.match(JSON.stringify(error.error), /"model_not_found"/);
				return true;
			});
		});
	});
}

describe('groq: its own ways', () => {
	const ask = (options) =>
		newGroq(used.env).chat.completions.create({
			model: GROQ_MODEL,
			messages,
			...options,
		});

	test('x_groq has the id first and the usage last', async () => {
		const chunks = await collect(await ask({ stream: true }));
		assert.match(chunks[0].x_groq.id, /^req_/);
		assert.equal(chunks.at(-1).x_groq.id, chunks[0].x_groq.id);
		assert.equal(chunks.at(-1).x_groq.usage.completion_tokens, 6);
	});

	test('a stream stopped early carries the error in x_groq', async () => {
		await used.sim.fault({
			provider: 'groq',
			fault: { sse_error: { form: 'x_groq' } },
		});
		const chunks = await collect(await ask({ stream: true }));
		assert.equal(chunks.at(-1).x_groq.error, 'over capacity');
	});

	test('n above 1 and logprobs are refused', async () => {
		await assert.rejects(ask({ n: 2 }), Groq.BadRequestError);
		await assert.rejects(ask({ logprobs: true }), /property 'logprobs' is unsupported/);
	});

	test('structured output comes only from the models that can', async () => {
		const response_format = {
			type: 'json_schema',
			json_schema: {
				name: 'extract',
				schema: tool.function.parameters,
			},
		};
		await assert.rejects(ask({ response_format }), /does not support response format/);
		const answer = await ask({ model: SCHEMA_MODEL, response_format });
		assert.equal(
			JSON.parse(answer.choices[0].message.content).intent,
			'advice_request',
		);
		response_format.json_schema.strict = true;
		await assert.rejects(
			ask({ model: SCHEMA_MODEL, response_format }),
			/additionalProperties/,
		);
	});

	test('429 tells the limit, how long to wait and the rates', async () => {
		await used.sim.fault({ provider: 'groq', fault: { status: 429, quota: 'daily' } });
		await assert.rejects(ask(), (error) => {
			assert.match(error.message, /requests per day.*try again in/);
			assert.equal(error.error.error.code, 'rate_limit_exceeded');
			assert.match(error.headers.get('x-ratelimit-reset-requests'), /s$/);
			assert.equal(error.headers.get('retry-after'), null);
			return true;
		});
	});

	test('498 and 499 keep their status', async () => {
		await used.sim.fault(
			[498, 499].map((status) => ({ provider: 'groq', fault: { status } })),
		);
		await assert.rejects(ask(), { status: 498 });
		await assert.rejects(ask(), { status: 499 });
	});
});

describe('the control interface', () => {
	test('a misspelt fault is refused, not ignored', async () => {
		await assert.rejects(
			used.sim.fault({ provider: 'groq', fault: { delay: 5 } }),
			/fault.delay/,
		);
		await assert.rejects(
			used.sim.fault({ provider: 'grok', fault: { silence: true } }),
			/provider/,
		);
		await assert.rejects(
			used.sim.fault({ provider: 'groq', operation: 'sing', fault: {} }),
			/sing/,
		);
	});

	test('a fault counts down and a reset forgets', async () => {
		await used.sim.fault({ provider: 'groq', fault: { status: 500 }, times: 2 });
		const ask = () =>
			newGroq(used.env).chat.completions.create({ model: GROQ_MODEL, messages });
		await assert.rejects(ask(), Groq.InternalServerError);
		assert.equal((await used.sim.pending()).faults[0].times, 1);
		await used.sim.reset();
		assert.equal((await ask()).choices[0].message.content, ECHO);
		assert.equal((await used.sim.requests()).length, 1);
	});

	test('a huge answer is as large as asked, in its own type', async () => {
		await used.sim.fault({ provider: 'groq', fault: { huge_bytes: 3 << 20 } });
		const ask = newGroq(used.env).chat.completions.create({
			model: GROQ_MODEL,
			messages,
		});
		const response = await ask.asResponse();
		assert.equal(response.headers.get('content-type'), 'application/json');
		assert.equal((await response.arrayBuffer()).byteLength, 3 << 20);
	});

	test('waiting for what never comes ends with an error', async () => {
		await assert.rejects(
			used.sim.wait({ provider: 'slack', timeout_ms: 20 }),
			/nothing came/,
		);
	});
});
