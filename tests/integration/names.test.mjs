/* Who a visitor is and how to reach them lies in no plain column and no log, whenever it became
 * known; and nobody who uses the functions notices. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
	dump as dumpOf, functionNames, newSession, pairOf, poll, post, root, sql, TALK, useStack,
} from './env/index.mjs';

const OLD = 'the first data key of the test of names';
const NEW = 'the second data key of the test of names';
const stack = useStack({
	functions: [...TALK, 'collect_email', 'recall_memories'],
	env: {
		LLM_PROVIDERS: 'builtin',
		TTS_PROVIDERS: 'local',
		SCRIBE_DATA_KEY: OLD,
		MEMORY_TURN_MS: '10000',
	},
});
for (const name of functionNames()) stack.expectRestart(name);

const DATA = ['zebulon', 'quarterman', 'z.quarterman', 'names-test.example', '5550123', '555 0123',
	'four one five five five five', 'wilhelmina'];
const visitor = crypto.randomUUID();
const known = {};

const run = (script, args, more = {}) => {
	const env = { ...stack.env, ...more };
	delete env.DATABASE_URL;
	const { status, stdout, stderr } = spawnSync(join(root, 'scripts', script), args, {
		env, cwd: stack.dir, encoding: 'utf8', maxBuffer: 1 << 26,
	});
	return { status, stdout, stderr };
};

const dump = () => {
	const made = dumpOf(stack, '--data-only');
	assert.equal(made.status, 0, made.stderr);
	return made.stdout;
};

const nothingIsPlain = (texts) => {
	for (const [name, text] of texts)
		for (const line of text.split('\n'))
			for (const datum of DATA)
				assert.ok(!line.toLowerCase().includes(datum),
					`${datum} in ${name}: ${line.slice(0, 500)}`);
};

const logs = () =>
	readdirSync(join(stack.dir, 'log')).filter((name) => name.endsWith('.log'))
		.map((name) => [name, readFileSync(join(stack.dir, 'log', name), 'utf8')]);

const answer = async (name, session, body) => {
	const { status, text, json } = await post(stack, name, { ...pairOf(session), ...body });
	assert.equal(status, 200, text);
	return json;
};
const say = (session, user_message) =>
	answer('agent_reply', session, { user_message, audio: false });
const save = (session, body) => answer('save_memory', session, { scope: 'long', ...body });
const recall = async (session, query, limit = 20) =>
	(await answer('recall_memories', session,
		{ query, limit, scopes: ['short', 'medium', 'long', 'episodic'] })).memories;

/* All jobs but those that come again, and those that wait for a setting. */
const jobsDone = () =>
	poll(async () => {
		const rows = await sql(stack, `select kind from jobs where state in ('ready', 'running')
			and kind in ('keep_utterances', 'summarize') and session_id is not null`);
		return rows.length === 0;
	}, { deadlineMs: 90000 });

test('a name is masked although it was said before anybody knew whose it is', async () => {
	const session = await newSession(stack, { visitor_id: visitor, consent: true });
	Object.assign(known, session);
	await say(session, 'The ticket was opened by zebulon quarterman, and our oven is broken.');
	const early = await save(session, {
		content: { z: 'Zebulon drinks tea', a: 1.50, 'quarterman': ['x', { phone: 5550123 }] },
		summary: 'about Zebulon', tags: ['Quarterman'], metadata: { of: 'Zebulon' },
		source_id: 'zebulon-1',
	});
	known.early = early.memory;
	await save(session, { content: 'Zebulon Quarterman: I fly to Oslo in May' });
	const rain = `Zebulon ${'x'.repeat(1900)} `.repeat(9);
	known.long = (await save(session, {
		content: { text: `${rain} My capybara is quarterman's.`, of: [{ phone: 5550123 }] },
	})).memory;
	await say(session, 'Write to z.quarterman@names-test.example or call +1 415 555 0123.');
	const told = await say(session, 'My name is Zebulon Quarterman.');
	assert.equal(told.extract.entities.person_name, 'Zebulon Quarterman');
	assert.match(told.text, /Zebulon/, 'the reply says the name');
	await jobsDone();
	nothingIsPlain([['the dump', dump()], ...logs()]);
});

test('what is said and saved after that is masked at once', async () => {
	const late = await save(known, {
		content: { text: "Zebulon's sister\nreads; quarterman@names-test.example" },
		source_id: 'mail of quarterman',
	});
	known.late = late.memory;
	nothingIsPlain([['the dump', dump()]]);
	await say(known, 'It is spelled Q-U-A-R-T-E-R-M-A-N, Zebulon Quarterman.');
	const { json } = await post(stack, 'collect_email', {
		...pairOf(known), email: 'z.quarterman@names-test.example', name: 'Wilhelmina Quarterman',
	});
	assert.equal(json.success, true);
	await say(known, 'wilhelmina is what my mother calls me.');
	for (let i = 0; i < 4; i++) await say(known, `And Zebulon has question number ${i} again.`);
	await answer('summarize_session', known, { force_summarize: true });
	await jobsDone();
	nothingIsPlain([['the dump', dump()], ...logs()]);
});

const MEMBERS = ['id', 'content', 'summary', 'tags', 'source_id', 'created_at', 'scope'];
const saved = (memory) => MEMBERS.map((member) => JSON.stringify(memory[member]));

test('recall gives what was saved, byte for byte, and finds it by the name', async () => {
	assert.equal(JSON.stringify(known.early.content),
		'{"a":1.5,"z":"Zebulon drinks tea","quarterman":["x",{"phone":5550123}]}');
	const found = await recall(known, 'What does Zebulon drink?');
	for (const one of [known.early, known.late]) {
		const again = found.find(({ id }) => id === one.id);
		assert.deepEqual(saved(again), saved(one));
	}
	assert.equal(found[0].id, known.early.id);
	const [capybara] = await recall(known, 'the capybara of Quarterman', 1);
	assert.deepEqual(saved(capybara), saved(known.long), 'by its end');
	const [oslo] = await recall(known, 'Where does Zebulon Quarterman fly to?', 1);
	assert.equal(oslo.content, 'Zebulon Quarterman: I fly to Oslo in May');
	const [said] = await recall(known, 'Who opened the ticket about the oven?', 1);
	assert.match(JSON.stringify(said.content), /zebulon quarterman, and our oven/);
});

test('the same content and the same source are found again under their masks', async () => {
	const same = { content: { z: 'Zebulon drinks tea', a: 1.5,
		quarterman: ['x', { phone: 5550123 }] } };
	const { memory, duplicate } = await save(known, { ...same, source_id: 'zebulon-1' });
	assert.equal(duplicate, true);
	assert.equal(memory.id, known.early.id);
	const other = await post(stack, 'save_memory',
		{ ...pairOf(known), scope: 'long', content: 'else', source_id: 'zebulon-1' });
	assert.equal(other.status, 409);
	assert.equal(other.json.field, 'source_id');
	const [tea, coffee] = [await save(known, { content: 'call zebulon at 415 555 0123' }),
		await save(known, { content: 'call quarterman at 415 555 0124' })];
	assert.equal(coffee.duplicate, false, 'alike when masked, and yet another');
	assert.notEqual(tea.memory.id, coffee.memory.id);
});

test('the visitor is known by name in their next session, which is masked too', async () => {
	const again = await newSession(stack, { visitor_id: visitor, consent: true });
	const before = await say(again, 'Hello, quarterman once more. It is about the oven again.');
	assert.equal(before.text.includes('[name]'), false);
	await jobsDone();
	nothingIsPlain([['the dump', dump()]]);
	const stranger = await newSession(stack);
	await say(stranger, 'The oven of a quarterman is broken.');
	const [[text]] = await sql(stack, `select text from utterances where session_id = :'id'
		order by position limit 1`, { id: stranger.session_id });
	assert.equal(text, 'The oven of a quarterman is broken.', 'only their own name is masked');
	await sql(stack, `delete from sessions where id = :'id'`, { id: stranger.session_id });
});

test('a name is masked in whatever writing, also where it was stored before', async () => {
	const other = crypto.randomUUID();
	const session = await newSession(stack, { visitor_id: other, consent: true });
	const { json } = await post(stack, 'collect_email', {
		...pairOf(session), email: 'hung@names-test.example', name: 'Nguyễn Văn Hùng',
	});
	assert.equal(json.success, true);
	const said = 'NGUYEN VAN HUNG is what I typed, HU\u0300NG what my keyboard makes of it.';
	await say(session, said);
	await jobsDone();
	const text = async () => (await sql(stack, `select text from utterances
		where session_id = :'id' and speaker = 'visitor'`, { id: session.session_id }))[0][0];
	const masked = '[name] is what I typed, [name] what my keyboard makes of it.';
	assert.equal(await text(), masked);
	// As a program that did not find it left it, and as the migration has it looked at again.
	await sql(stack, `update utterances set text = :'said' where session_id = :'id'
		and speaker = 'visitor'`, { id: session.session_id, said });
	await sql(stack, `update sessions set names_hash = sha256('as names were found before')
		where id = :'id'`, { id: session.session_id });
	await sql(stack, `insert into jobs (kind, key, session_id) values
		('keep_utterances', :'id', :'id')`, { id: session.session_id });
	await jobsDone();
	assert.equal(await text(), masked);
	const { status, stderr } = run('forget', [other]);
	assert.equal(status, 0, stderr);
});

test('summaries and tools show the name, and a look is on record', async () => {
	const { summary } = await answer('summarize_session', known, { force_summarize: true });
	assert.match(summary, /Zebulon|Quarterman/);
	assert.ok(!summary.includes('names-test.example'));
	const shown = run('session', ['show', known.session_id]).stdout;
	for (const part of ['The ticket was opened by zebulon quarterman, and our oven is broken.',
		'z.quarterman@names-test.example', 'Zebulon Quarterman', summary])
		assert.ok(shown.includes(part), `${part} in ${shown}`);
	const actions = (await sql(stack, `select distinct actor || ' ' || action from audit_log
		where session_id = :'id' and actor not like 'operator:%' order by 1`,
	{ id: known.session_id })).flat();
	assert.deepEqual(actions, ['agent_reply contact_changed', 'collect_email contact_added',
		'save_memory contact_added', 'save_memory contact_masked',
		'summarize_session contact_changed']);
	const [[told]] = await sql(stack, `select count(*) from audit_log where actor = 'agent_reply'
		and session_id = :'id'`, { id: known.session_id });
	assert.ok(Number(told) < 6, `${told} rows: only what is new is on record`);
});

test('a turn that ends without an answer leaves its words sealed only', async () => {
	const session = await newSession(stack, { visitor_id: visitor, consent: true });
	/* Its words open in the row they were said in only: that one moves. */
	const rows = await sql(stack, `with said as (delete from utterances where id = (
			select id from utterances where text like '%[name] has question number 0%')
			returning id, text_sealed),
		t as (insert into utterances (id, session_id, speaker, text, text_sealed, turn)
			select id, :'id', 'visitor', '', text_sealed, 1 from said returning id)
		select id from t`, { id: session.session_id });
	await say(session, 'And now to something else.');
	await jobsDone();
	const [[text]] = await sql(stack, `select text from utterances where id = :'id'`,
		{ id: rows[0][0] });
	assert.match(text, /\[name\]/, 'the next one to end has it masked');
});

test('with a new key all of it is sealed anew, and still found', async () => {
	const both = { SCRIBE_DATA_KEY: NEW, SCRIBE_DATA_KEY_FORMER: OLD };
	await stack.commandWith(both, 'reload');
	assert.equal((await save(known, { content: known.early.content, source_id: 'zebulon-1' }))
		.duplicate, true, 'under the former key');
	const done = run('rotate-key', [], both);
	assert.equal(done.status, 0, done.stdout + done.stderr);
	for (const table of ['sessions', 'extracts', 'utterances', 'memories', 'summaries'])
		assert.match(done.stdout, new RegExp(`${table} +[1-9]\\d* sealed anew`));
	await stack.commandWith({ SCRIBE_DATA_KEY: NEW, SCRIBE_DATA_KEY_FORMER: '' }, 'reload');
	const [found] = await recall(known, 'What does Zebulon drink?', 1);
	assert.deepEqual(saved(found), saved(known.early));
	const [capybara] = await recall(known, 'the capybara of Quarterman', 1);
	assert.deepEqual(saved(capybara), saved(known.long));
	assert.equal((await save(known, { content: known.early.content, source_id: 'zebulon-1' }))
		.duplicate, true, 'under the new one');
	await say(known, 'Zebulon says thank you.');
	await jobsDone();
	nothingIsPlain([['the dump', dump()], ...logs()]);
});

test('a forgotten visitor leaves nothing sealed either', async () => {
	const { status, stderr } = run('forget', [visitor]);
	assert.equal(status, 0, stderr);
	assert.ok(!/sealed:v\d:/.test(dump()), 'no sealed text is left');
});
