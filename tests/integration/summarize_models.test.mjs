/* summarize_session with models: what they are told, what is taken of their answers, and what
 * happens when they are silent or the database goes away. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import {
	addUtterances, newSession, pairOf, poll, post, sql, TALK, useStack,
} from './env/index.mjs';

const stack = useStack({
	functions: TALK,
	simulator: true,
	name: 'summaries',
	env: { LLM_PROVIDERS: 'groq,builtin', SUMMARY_MS: '6000', JOBS_RETRY_MS: '50' },
});
beforeEach(() => stack.sim.reset());

const summarize = (session, more = {}) =>
	post(stack, 'summarize_session', { ...pairOf(session), ...more });

const say = (session, lines) => addUtterances(stack, session, lines);

const talk = (n, from = 0) =>
	Array.from({ length: n }, (_, i) =>
		i % 2 ? ['agent', `I see, ${from + i}.`] : ['visitor', `We need thing ${from + i} soon.`],
	);

const answer = (args, times = 1) =>
	stack.sim.reply({
		provider: 'groq',
		match: { structured: true },
		reply: { tool_calls: [{ name: 'save_summary', arguments: args }] },
		times,
	});

const GOOD = {
	executive_summary: 'Dana wants better search; reach her at dana@northwind.io.',
	themes: ['search', 'licences'],
	action_items: [{ text: 'Send a proposal', owner: 'team', priority: 'high' }],
};

const prompts = async () =>
	(await stack.sim.requests({ provider: 'groq', operation: 'chat' })).map(({ body }) => body);

test('a model is asked once, by a forced call, and its answer is checked', async () => {
	const session = await newSession(stack);
	await say(session, talk(8));
	await answer(GOOD);
	const { json, text } = await summarize(session);
	assert.equal(json.provider, 'groq', text);
	assert.equal(json.summary, 'Dana wants better search; reach her at [email].');
	assert.deepEqual(json.themes, GOOD.themes);
	assert.deepEqual(json.action_items, GOOD.action_items);
	const [request, ...more] = await prompts();
	assert.equal(more.length, 0);
	assert.equal(request.tool_choice.function.name, 'save_summary');
	assert.match(request.messages[1].content, /visitor: We need thing 0 soon\.\nagent: I see, 1\./);
});

test('the next summary is made of the last one and of what is new only', async () => {
	const session = await newSession(stack);
	await say(session, talk(8));
	await answer(GOOD);
	await summarize(session);
	await say(session, talk(10, 8));
	await answer({ ...GOOD, executive_summary: 'Dana wants search and more things.' });
	const { json } = await summarize(session);
	assert.equal(json.summary, 'Dana wants search and more things.');
	assert.equal(json.utterance_count, 18);
	const told = (await prompts()).at(-1).messages[1].content;
	assert.match(told, /<earlier_summary>\nDana wants better search; reach her at \[email\]\./);
	assert.match(told, /thing 8 soon/);
	assert.doesNotMatch(told, /thing 6 soon/);
});

test('an extractive summary is made anew by a model, when asked to', async () => {
	const session = await newSession(stack);
	await say(session, talk(6));
	await answer({});
	assert.equal((await summarize(session)).json.provider, 'extractive');
	await answer(GOOD);
	const { json } = await summarize(session, { force_summarize: true });
	assert.equal(json.provider, 'groq');
	assert.equal(json.utterance_count, 6);
	const kept = await summarize(session, { force_summarize: true });
	assert.equal(kept.json.summary, json.summary, 'and kept then');
	assert.equal(kept.json.provider, 'groq');
});

test('a summary that took long does not take the place of a later one', async () => {
	const session = await newSession(stack);
	await say(session, talk(6));
	await stack.sim.fault({
		provider: 'groq',
		match: { structured: true },
		fault: { hold: 'the first' },
	});
	await answer(GOOD);
	const first = summarize(session);
	await stack.sim.wait({ provider: 'groq', operation: 'chat' });
	await say(session, talk(10, 6));
	await answer(GOOD);
	const later = await summarize(session, { force_summarize: true });
	assert.equal(later.json.utterance_count, 16, later.text);
	await stack.sim.release('the first');
	assert.equal((await first).status, 200);
	const kept = await sql(
		stack,
		`select utterance_count from summaries where session_id = :'id'`,
		{ id: session.session_id },
	);
	assert.deepEqual(kept, [['16']]);
});

test('a restart of the database while a summary is made loses nothing', async () => {
	const session = await newSession(stack);
	await say(session, talk(10));
	await answer(GOOD);
	await stack.sim.fault({
		provider: 'groq',
		match: { structured: true },
		fault: { delay_ms: 1500 },
		times: -1,
	});
	await sql(
		stack,
		`insert into jobs (kind, key, session_id) values ('summarize', 'test', :'id')`,
		{ id: session.session_id },
	);
	await poll(async () => (await prompts()).length);
	process.kill(stack.pidOf('postgresql'), 'SIGINT');
	const [row] = await poll(
		async () => {
			const rows = await sql(
				stack,
				`select j.state, s.utterance_count from jobs j join summaries s using (session_id)
				 where session_id = :'id' and key = 'test' and state = 'done'`,
				{ id: session.session_id },
			);
			return rows.length && rows;
		},
		{ deadlineMs: 90000, everyMs: 200 },
	);
	assert.deepEqual(row, ['done', '10']);
});

test('when the model is silent the summary is extractive, in time', async () => {
	const session = await newSession(stack);
	await say(session, talk(6));
	await stack.sim.fault({
		provider: 'groq',
		match: { structured: true },
		fault: { silence: true },
		times: -1,
	});
	const from = performance.now();
	const { status, json } = await summarize(session);
	assert.equal(status, 200);
	assert.equal(json.provider, 'extractive');
	assert.ok(performance.now() - from < 25000);
});

/* Last, for after so many failures nobody asks that model for a while. */
test('an answer that is no summary is not taken', async () => {
	for (const bad of ['{"a":', {}, { executive_summary: '' }, { executive_summary: 7 }]) {
		const session = await newSession(stack);
		await say(session, talk(6));
		await answer(bad);
		const { status, json } = await summarize(session);
		assert.equal(status, 200);
		assert.equal(json.provider, 'extractive', JSON.stringify(bad));
		assert.match(json.summary, /^In the visitor's own words/);
	}
	assert.ok((await prompts()).length > 0, 'it was asked');
});
