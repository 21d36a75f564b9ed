/* agent_reply with no key and no network: the turn, its rules, and what is stored of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSession, pairOf, post, sql, supabase, useStack } from './env/index.mjs';

const stack = useStack();

const turn = (session, user_message, more = {}, headers = {}) =>
	post(stack, 'agent_reply', { ...pairOf(session), user_message, audio: false, ...more },
		headers);

const said = (session) =>
	sql(stack, `select speaker, text from utterances where session_id = :'id' order by position`, {
		id: session.session_id,
	});

const NUDGE = '[PROACTIVE_FOLLOWUP: true]';

test('a turn is answered in words and aloud', async () => {
	const session = await newSession(stack);
	const { status, json, text } = await turn(session, 'Hello, I am Dana.', { audio: true });
	assert.equal(status, 200, text);
	assert.ok(json.text.length > 10);
	assert.match(json.text, /Dana/);
	assert.equal(json.session_id, session.session_id);
	assert.equal(json.current_mode, 'professional');
	assert.equal(json.provider, 'builtin');
	assert.deepEqual(json.degraded, ['llm'], 'no model answered, and it says so');
	assert.ok(Buffer.from(json.audio_base64, 'base64').length > 16000, 'more than a second');
	for (const stage of ['begin_ms', 'think_ms', 'speak_ms', 'total_ms'])
		assert.equal(typeof json.timings[stage], 'number', stage);
	assert.doesNotMatch(json.text, /\[pause|save_extract/);
	assert.ok(json.turn_id);
});

test('both sides of a turn are kept, in order', async () => {
	const session = await newSession(stack);
	const first = await turn(session, 'Hello there.');
	const second = await turn(session, 'We build search for hospitals.');
	assert.deepEqual(await said(session), [
		['visitor', 'Hello there.'],
		['agent', first.json.text],
		['visitor', 'We build search for hospitals.'],
		['agent', second.json.text],
	]);
	assert.notEqual(first.json.text, second.json.text);
});

test('what was said earlier is in mind', async () => {
	const session = await newSession(stack);
	const first = await turn(session, 'My name is Dana Reyes and I work at Northwind.');
	assert.match(first.json.text, /Dana|Northwind/);
	const replies = [];
	for (const words of ['We want better search.', 'By the end of March.'])
		replies.push((await turn(session, words)).json.text);
	assert.doesNotMatch(replies.join(' '), /your name\?/i, 'it does not ask what it knows');
});

test('a mode holds from the turn that names it', async () => {
	const session = await newSession(stack);
	assert.equal((await turn(session, 'Hello.', { mode: 'mentor' })).json.current_mode, 'mentor');
	assert.equal((await turn(session, 'Go on.')).json.current_mode, 'mentor');
	const events = await sql(
		stack,
		`select payload->>'from', payload->>'to' from events
		 where session_id = :'id' and kind = 'mode_change'`,
		{ id: session.session_id },
	);
	assert.deepEqual(events, [['professional', 'mentor']]);
	const unknown = await turn(session, 'Hello.', { mode: 'pirate' });
	assert.equal(unknown.status, 400);
	assert.equal(unknown.json.field, 'mode');
});

test('the same message sent twice at once is one turn with one answer', async () => {
	const session = await newSession(stack);
	const answers = await Promise.all(
		Array.from({ length: 6 }, () => turn(session, 'Tell me about your work.', { audio: true })),
	);
	for (const answer of answers) {
		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.text, answers[0].text);
	}
	assert.equal((await said(session)).length, 2);
	/* As if it were over only now: a busy machine may take the two seconds for the rest. */
	await sql(stack, `update turns set finished_at = now() + interval '1 minute'
		where session_id = :'id'`, { id: session.session_id });
	const again = await turn(session, 'Tell me about your work.', { audio: true });
	for (const member of ['turn_id', 'text'])
		assert.equal(again.json[member], answers[0].json[member], 'a moment later still the same');
	assert.equal((await said(session)).length, 2);
});

test('turns of one session never interleave', async () => {
	const session = await newSession(stack);
	const answers = await Promise.all(
		Array.from({ length: 8 }, (_, i) => turn(session, `Message number ${i}.`, { audio: true })),
	);
	const served = answers.filter(({ status }) => status === 200);
	assert.ok(served.length >= 1);
	for (const answer of answers) {
		assert.ok([200, 409].includes(answer.status), answer.text);
		if (answer.status === 409) assert.equal(answer.json.code, 'superseded');
	}
	const rows = await said(session);
	assert.equal(rows.filter(([speaker]) => speaker === 'visitor').length, 8);
	const spoken = rows.filter(([speaker]) => speaker === 'agent').map(([, text]) => text);
	assert.deepEqual(spoken.sort(), served.map(({ json }) => json.text).sort());
	for (const [i, [speaker]] of rows.entries())
		assert.ok(speaker === 'visitor' || rows[i - 1]?.[0] === 'visitor',
			'a reply follows its message');
	const running = await sql(
		stack,
		`select count(*) from turns where session_id = :'id' and state = 'running'`,
		{ id: session.session_id },
	);
	assert.deepEqual(running, [['0']]);
});

test('a turn whose time is over keeps nobody waiting, though its program lives', async () => {
	const session = await newSession(stack);
	await turn(session, 'Hello there.');
	await sql(
		stack,
		`delete from turn_answers where session_id = :'id';
		 with runner as (insert into instances (id, host, pid, program, beat_at)
			values (gen_random_uuid(), 'nowhere else', 1, 'agent_reply', now() + interval '1 hour')
			returning id)
		 update turns set state = 'running', finished_at = null,
			started_at = now() - interval '1 minute', ends_by = now() - interval '1 second',
			instance = (select id from runner)
		 where session_id = :'id'`,
		{ id: session.session_id },
	);
	const { status, json, text } = await turn(session, 'Hello there.');
	assert.equal(status, 200, text);
	assert.deepEqual((await said(session)).at(-1), ['agent', json.text]);
	await sql(stack, `delete from instances where host = 'nowhere else'`);
});

test('the idle browser is answered twice in a row and then met with silence', async () => {
	const session = await newSession(stack);
	await turn(session, 'We build search for hospitals.');
	const nudges = [];
	for (let i = 0; i < 4; i++)
		nudges.push(await turn(session, `${'.'.repeat(i)} ${NUDGE}`, { audio: true }));
	assert.deepEqual(nudges.map(({ status }) => status), [200, 200, 200, 200]);
	const texts = nudges.map(({ json }) => json.text);
	assert.ok(texts[0].length > 5 && texts[1].length > 5);
	assert.deepEqual(texts.slice(2), ['\u200b', '\u200b']);
	for (const { json } of nudges) assert.equal(json.audio_base64, null);
	assert.ok((await said(session)).every(([, text]) => !text.includes('PROACTIVE')));
	assert.equal((await turn(session, 'I am back.')).status, 200);
	assert.notEqual((await turn(session, NUDGE)).json.text, '\u200b',
		'after the visitor spoke again');
});

test('an Idempotency-Key replays the stored answer', async () => {
	const session = await newSession(stack);
	const headers = { 'idempotency-key': crypto.randomUUID() };
	const first = await turn(session, 'Hello there.', {}, headers);
	await turn(session, 'Something else.');
	const again = await turn(session, 'Hello there.', {}, headers);
	assert.equal(again.text, first.text);
	assert.equal((await turn(session, 'Another text.', {}, headers)).status, 422);
	assert.equal((await said(session)).length, 4);
});

test('a session is proven by its pair alone', async () => {
	const session = await newSession(stack);
	const other = await newSession(stack);
	const wrong = [
		{ session_id: session.session_id, session_secret: other.session_secret },
		{ session_id: other.session_id, session_secret: session.session_secret },
		{ session_id: crypto.randomUUID(), session_secret: session.session_secret },
		{ session_id: 'no uuid', session_secret: session.session_secret },
		{ session_id: `${session.session_id}' or '1'='1`, session_secret: 'x' },
	];
	for (const pair of wrong) {
		const answer = await turn(pair, 'Hello.');
		assert.equal(answer.status, 401, answer.text);
		assert.equal(answer.json.code, 'invalid_session');
	}
	assert.deepEqual(await said(session), []);
});

test('a session unused for a day has expired, one in use slides on', async () => {
	const session = await newSession(stack);
	const age = (hours) =>
		sql(
			stack,
			`update sessions set last_active_at = now() - :'hours'::int * interval '1 hour'
			 where id = :'id'`,
			{ id: session.session_id, hours },
		);
	await age(23);
	assert.equal((await turn(session, 'Hello.')).status, 200);
	await age(23);
	assert.equal((await turn(session, 'Still here.')).status, 200);
	await age(25);
	const late = await turn(session, 'Hello again.');
	assert.equal(late.status, 401);
	assert.equal(late.json.code, 'session_expired');
	const wrong = await turn({ ...session, session_secret: 'x' }, 'Hello.');
	assert.equal(wrong.json.code, 'invalid_session', 'only its holder learns that it expired');
});

test('a session that asks too often is refused for a minute and no longer', async () => {
	const session = await newSession(stack);
	const used = (many, interval) =>
		sql(
			stack,
			`update sessions set rate_count = :'many', rate_window = now() - :'interval'::interval
			 where id = :'id'`,
			{ id: session.session_id, many, interval },
		);
	await used(1000000, '30 s');
	for (const name of ['agent_reply', 'recall_memories']) {
		const body = { ...pairOf(session), user_message: 'Hello.', query: 'hello' };
		const { status, json, headers } = await post(stack, name, body);
		assert.deepEqual([status, json.code], [429, 'rate_limited'], name);
		assert.ok(Number(headers.get('retry-after')) >= 1);
	}
	assert.deepEqual(await said(session), []);
	await used(1000000, '61 s');
	assert.equal((await turn(session, 'Hello.')).status, 200);
	assert.equal((await turn(session, 'Are you there?')).status, 200, 'it is counted anew');
});

test('a bad request names its field and leaves no trace', async () => {
	const session = await newSession(stack);
	const secret = 'a phrase that must stay out of every log';
	for (const [more, field] of [
		[{ user_message: undefined }, 'user_message'],
		[{ user_message: '' }, 'user_message'],
		[{ user_message: ' \n ' }, 'user_message'],
		[{ user_message: 7 }, 'user_message'],
		[{ user_message: `${secret}${'x'.repeat(32001)}` }, 'user_message'],
		[{ context: secret }, 'context'],
		[{ is_performer_mode: 'yes' }, 'is_performer_mode'],
		[{ audio: 1 }, 'audio'],
		[{ turn_id: 'x'.repeat(101) }, 'turn_id'],
		[{ session_secret: undefined }, 'session_secret'],
	]) {
		const body = { ...pairOf(session), user_message: secret, ...more };
		const answer = await post(stack, 'agent_reply', body);
		assert.equal(answer.status, 400, answer.text);
		assert.equal(answer.json.code, 'invalid_request');
		assert.equal(answer.json.field, field);
		assert.ok(!answer.text.includes(secret));
	}
	assert.deepEqual(await said(session), []);
	assert.ok(!stack.logs('agent_reply').includes(secret));
	assert.ok(!stack.logs('nginx').includes(secret));
});

test('a message of 32 000 characters is a message', async () => {
	const session = await newSession(stack);
	const long = 'We make bread. '.repeat(2133).padEnd(32000, '!');
	const { status, text } = await turn(session, long);
	assert.equal(status, 200, text);
	assert.equal((await said(session))[0][1], long);
});

test('text that is no text is refused', async () => {
	const session = await newSession(stack);
	const body = (message) =>
		Buffer.concat([
			Buffer.from(`${JSON.stringify(pairOf(session)).slice(0, -1)},"user_message":"`),
			message,
			Buffer.from('"}'),
		]);
	for (const message of [
		Buffer.from([0xff, 0xfe]), Buffer.from('a\\u0000b'), Buffer.from('\\ud800'),
		Buffer.from([0xc0, 0x80]), Buffer.from('a\0b')]) {
		const answer = await post(stack, 'agent_reply', new Uint8Array(body(message)));
		assert.equal(answer.status, 400, answer.text);
	}
	for (const raw of ['', 'nonsense', '[]', '"text"', '{"a":'])
		assert.equal((await post(stack, 'agent_reply', raw)).status, 400, raw);
});

test('a client may name its turn', async () => {
	const session = await newSession(stack);
	assert.equal((await turn(session, 'Hello.', { turn_id: 'turn-7' })).json.turn_id, 'turn-7');
});

test('of cancel, resume and speculative it takes one, and names one that was sent', async () => {
	const session = await newSession(stack);
	for (const [more, field] of [
		[{ cancel: true, resume: true }, 'resume'],
		[{ resume: true, speculative: true }, 'resume'],
		[{ cancel: true, speculative: true }, 'speculative'],
		[{ cancel: true, resume: true, speculative: true }, 'resume'],
	]) {
		const { status, json, text } = await turn(session, 'Hello.', { turn_id: 'mine', ...more });
		assert.deepEqual([status, json.field], [400, field], text);
		assert.match(json.error, /one of cancel, resume and speculative/);
	}
});

test('supabase-js holds a conversation as a page does', async () => {
	const client = supabase(stack);
	const opened = await client.functions.invoke('create_session', { body: {} });
	const { data, error } = await client.functions.invoke('agent_reply', {
		body: { ...pairOf(opened.data), user_message: 'Hello from the page.' },
	});
	assert.equal(error, null);
	assert.equal(typeof data.text, 'string');
	assert.ok(data.extract === null || typeof data.extract.intent === 'string');
});
