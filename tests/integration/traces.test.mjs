/* Traces: whose turn it is is known wherever it goes, and a collector sees its stages, or is no
 * reason for a turn to wait. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startCollector } from '../simulator/collector.mjs';
import { CHAINS, heal, turn } from './env/faults.mjs';
import { newSession, poll, TALK, useStack } from './env/index.mjs';

const collector = await startCollector();
after(() => collector.stop());
const stack = useStack({
	functions: TALK,
	simulator: true,
	env: {
		...CHAINS,
		OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
		OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=us%2Ceu,api-key=k=1',
	},
});
stack.expectRestart('agent_reply');

const ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const of = (id) => collector.spans.filter(({ traceId }) => traceId === id);
const whole = (id) => of(id).find(({ kind }) => kind === 2);
const lines = (name) =>
	stack.logs(name).split('\n').filter(Boolean).map((line) => JSON.parse(line));

test("a turn goes on with its caller's trace: log, providers and collector know it", async () => {
	await heal(stack);
	const session = await newSession(stack);
	const answer = await turn(stack, session, 'We need search for our shop.', { audio: true }, {
		traceparent: `00-${ID}-${PARENT}-01`,
		tracestate: 'vendor=secret',
		baggage: 'who=dana',
	});
	assert.equal(answer.status, 200, JSON.stringify(answer.json));
	const request = await poll(() => lines('agent_reply').find(({ event, trace_id }) =>
		event === 'request' && trace_id === ID));
	assert.equal(request.request_id, answer.headers.get('x-request-id'));

	const root = await poll(() => whole(ID));
	assert.equal(root.name, 'agent_reply');
	assert.equal(root.service, 'agent_reply');
	assert.equal(root.parentSpanId, PARENT);
	assert.equal(root.attributes['http.response.status_code'], 200);
	const stages = of(ID).filter((span) => span !== root);
	for (const name of ['history', 'recall', 'model', 'sentence', 'voice', 'first_audio', 'store'])
		assert.ok(stages.some((span) => span.name === name), name);
	for (const span of stages) {
		assert.equal(span.parentSpanId, root.spanId, span.name);
		assert.ok(BigInt(span.startTimeUnixNano) >= BigInt(root.startTimeUnixNano), span.name);
		assert.ok(BigInt(span.endTimeUnixNano) <= BigInt(root.endTimeUnixNano), span.name);
	}
	const model = stages.find(({ name }) => name === 'model');
	assert.equal(model.attributes.provider, 'groq');
	assert.ok(model.attributes.completion_tokens > 0);
	assert.doesNotMatch(JSON.stringify(of(ID)), /search|shop|dana|secret/i);

	for (const provider of ['groq', 'elevenlabs']) {
		const calls = await stack.sim.requests({ provider });
		assert.ok(calls.length > 0, provider);
		for (const { headers } of calls) {
			assert.equal(headers.traceparent, `00-${ID}-${root.spanId}-01`);
			assert.equal(headers.tracestate ?? headers.baggage, undefined);
		}
	}
	assert.deepEqual(collector.refused, []);
	assert.equal(collector.requests[0].headers['x-tenant'], 'us,eu');
	assert.equal(collector.requests[0].headers['api-key'], 'k=1');
});

test('who sends no good one has one of their own; who wants none told has that', async () => {
	await heal(stack);
	const session = await newSession(stack);
	const unwanted = 'a'.repeat(32);
	await turn(stack, session, 'One.', {}, { traceparent: `00-${unwanted}-${PARENT}-00` });
	await turn(stack, session, 'Two.', {}, { traceparent: `00-${ID.toUpperCase()}-${PARENT}-01` });
	const calls = await stack.sim.requests({ provider: 'groq', operation: 'chat' });
	const ids = [...new Set(calls.map(({ headers }) => headers.traceparent.slice(3, 35)))];
	assert.equal(ids.length, 2);
	assert.ok(ids.includes(unwanted));
	const own = ids.find((id) => id !== unwanted);
	assert.notEqual(own, ID);
	await poll(() => whole(own));
	assert.equal(whole(own).parentSpanId, undefined);
	assert.deepEqual(of(unwanted), []);
});

test('nobody waits for a collector that never answers, and its spans are counted', async () => {
	await heal(stack);
	collector.isSilent = true;
	const session = await newSession(stack);
	const seen = collector.requests.length;
	for (let i = 0; i < 3; i++)
		assert.equal((await turn(stack, session, `Number ${i}.`)).status, 200);
	await poll(() => collector.requests.length > seen);
	// While its thread waits in vain, turns go on.
	assert.equal((await turn(stack, session, 'And one more.')).status, 200);
	await poll(() => lines('agent_reply').some(({ event }) => event === 'traces_not_sent'));
	collector.isSilent = false;
	await poll(async () => {
		await turn(stack, session, `Is it well? ${Math.random()}`);
		return lines('agent_reply').some(({ event, n }) => event === 'spans_dropped' && n > 0);
	});
});

test('what is left is sent when a program stops; without a collector nothing is', async () => {
	await heal(stack);
	const last = 'b'.repeat(32);
	await turn(stack, await newSession(stack), 'The last.', {},
		{ traceparent: `00-${last}-${PARENT}-01` });
	await stack.commandWith({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, 'reload', 'agent_reply');
	await poll(() => whole(last));
	const seen = collector.requests.length;
	await turn(stack, await newSession(stack), 'Unseen.', {},
		{ traceparent: `00-${'c'.repeat(32)}-${PARENT}-01` });
	await stack.commandWith({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, 'reload', 'agent_reply');
	assert.equal(collector.requests.length, seen);
	const calls = await stack.sim.requests({ provider: 'groq', operation: 'chat' });
	assert.ok(calls.some(({ headers }) => headers.traceparent.includes('c'.repeat(32))));
});
