/* scripts/leads, scripts/session, scripts/rotate-key: what an operator sees, and changes, of what
 * is sealed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { functionNames, newSession, pairOf, post, root, sql, supabase, TALK, useStack } from
	'./env/index.mjs';

const OLD = 'the first data key of this test';
/* Stretched by the stack and by tools. */
const NEW = 'passphrase:the second data key of this test';
const stack = useStack({
	functions: [...TALK, 'auth', 'collect_email', 'recall_memories', 'rest'],
	env: {
		LLM_PROVIDERS: 'builtin',
		TTS_PROVIDERS: 'local',
		SCRIBE_DATA_KEY: OLD,
		JOBS_THREADS: '0',
	},
});
for (const name of functionNames()) stack.expectRestart(name);

const HOT =
	'Hi, I am Dana Reyes, CTO at Northwind, an enterprise company. We need retrieval for search ' +
	'this month, our budget is $100,000. Write to dana.reyes@operator-test.example';

const run = (script, args, more = {}) => {
	const env = { ...stack.env, ...more };
	delete env.DATABASE_URL;
	const { status, stdout, stderr } = spawnSync(join(root, 'scripts', script), args, {
		env, cwd: stack.dir, encoding: 'utf8', maxBuffer: 1 << 26,
	});
	return { status, stdout, stderr };
};
const list = (...args) => {
	const { status, stdout, stderr } = run('leads', ['--json', ...args]);
	assert.equal(status, 0, stderr);
	return JSON.parse(stdout);
};
const lead = {};

test('sessions are listed best first, opened, and each look is on record', async () => {
	const [hot, cold] = [await newSession(stack), await newSession(stack)];
	const say = (session, user_message) =>
		post(stack, 'agent_reply', { ...pairOf(session), user_message, audio: false });
	await say(cold, 'I just love it.');
	const answer = await say(hot, HOT);
	assert.ok(answer.json.extract.lead_score >= 70, answer.text);
	Object.assign(lead, hot);

	const all = list();
	assert.deepEqual(all.map(({ session_id }) => session_id), [hot.session_id, cold.session_id]);
	assert.equal(all[0].email, 'dana.reyes@operator-test.example');
	assert.equal(all[0].name, 'Dana Reyes');
	assert.equal(all[0].priority, 'high');
	assert.equal(all[0].entities.org_name, 'Northwind');
	assert.ok(all[0].scoring_reasons.includes('senior_title'));
	const [[actor, action]] = await sql(stack, `select actor, action from audit_log
		where session_id = :'id' order by id desc limit 1`, { id: hot.session_id });
	assert.match(actor, /^operator:./);
	assert.equal(action, 'contact_read');

	const text = run('leads', []).stdout;
	assert.match(text, /SCORE +PRIORITY/);
	assert.ok(text.includes('Dana Reyes'));
});

test('by score, intent and date', async () => {
	const intent = list()[0].intent;
	assert.equal(list('--min-score', '70').length, 1);
	assert.deepEqual(list('--intent', intent).every((found) => found.intent === intent), true);
	assert.equal(list('--intent', 'nonsense').length, 0);
	assert.equal(list('--since', 'yesterday', '--until', 'tomorrow').length, 2);
	assert.equal(list('--until', 'yesterday').length, 0);
	for (const args of [['--since', 'never'], ['--min-score', 'x'], ['--min-score', '101'],
		['--session', crypto.randomUUID()], ['--session', `x' or 1=1`]]) {
		const { status, stderr } = run('leads', args);
		assert.equal(status, 1, `${args}: ${stderr}`);
		assert.ok(stderr);
	}
	assert.match(run('leads', ['--since', 'never']).stderr,
		/^leads: --since: 'never' is not a time/);
	const gone = run('session', ['show', crypto.randomUUID()]);
	assert.equal(gone.status, 1);
	assert.match(gone.stderr, /^session: there is no session /m);
	assert.doesNotMatch(gone.stderr, /^leads: /m);
	assert.equal(run('leads', ['--nonsense']).status, 2);
	assert.equal(run('leads', ['--help']).status, 0);
});

test('a spreadsheet is given no formula and a terminal no control sequence', async () => {
	await sql(stack, `update extracts set entities = entities ||
		jsonb_build_object('org_name', '=HYPERLINK("http://evil")', 'role', '+1', 'geo', '-1')
		where session_id = :'id'`, { id: lead.session_id });
	const steering =
		'\\u001b[2J \\u009b red \\u202e turned \\u2066\\u2069 \\u200e \\u061c \\u2028 \\u007f end';
	await sql(stack, `update utterances set text = E'a ${steering}', text_sealed = null
		where session_id = :'id' and speaker = 'agent'`, { id: lead.session_id });
	await sql(stack, `update sessions set cta_chosen = E'c ${steering}' where id = :'id'`,
		{ id: lead.session_id });
	const { stdout } = run('leads', ['--csv']);
	assert.ok(stdout.startsWith('session_id,started_at,score,'));
	assert.ok(stdout.includes(`"'=HYPERLINK(""http://evil"")"`), stdout);
	assert.ok(stdout.includes(`"'+1"`) && stdout.includes(`"'-1"`));
	const shown = run('session', ['show', lead.session_id]);
	assert.equal(shown.status, 0, shown.stderr);
	const clean = '?[2J ? red ? turned ?? ? ? ? ? end';
	for (const letter of 'ac') assert.ok(shown.stdout.includes(`${letter} ${clean}`), letter);
	assert.ok(stdout.includes(`c ${clean}`), stdout);
	const lines = run('leads', ['--csv', '--session', lead.session_id]).stdout;
	assert.ok(lines.includes(`a ${clean}`), lines);
	const json = run('session', ['show', lead.session_id, '--json']).stdout;
	const listed = run('leads', ['--json']).stdout;
	/* What is read by a program is what was said, to the letter. */
	const said = JSON.parse(`"${steering}"`);
	assert.equal(JSON.parse(json).transcript.at(-1).text, `a ${said}`);
	assert.equal(JSON.parse(json).cta_chosen, `c ${said}`);
	for (const text of [stdout, shown.stdout, lines, json, listed, run('leads', []).stdout]) {
		const seen = text.replace(/[\r\n]/g, '');
		assert.ok(!/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u.test(seen), JSON.stringify(seen));
	}
});

test('a session is shown with all that was said, in its own words', async () => {
	const shown = run('session', ['show', lead.session_id]).stdout;
	for (const part of [HOT, 'senior_title', 'Dana Reyes', 'visitor', 'agent'])
		assert.ok(shown.includes(part), `${part} in ${shown}`);
	const json = JSON.parse(run('session', ['show', lead.session_id, '--json']).stdout);
	assert.equal(json.transcript[0].text, HOT);
	assert.equal(json.transcript.length, 2);
	assert.equal(run('session', ['show']).status, 2);
});

test('with a new key everything is sealed anew and nobody signs up twice', async () => {
	const email = 'rotated@operator-test.example';
	const signUp = () => post(stack, 'collect_email', { email, name: 'Ro', ...pairOf(lead) });
	assert.equal((await signUp()).json.alreadySignedUp, false);
	const person = { email: 'rotated@people-test.example' };
	[, person.password] = /^password: (\S+)/.exec(run('admin', ['add', person.email]).stdout);
	const enter = async () => (await supabase(stack).auth.signInWithPassword(person)).error;
	assert.equal(await enter(), null);
	const both = { SCRIBE_DATA_KEY: NEW, SCRIBE_DATA_KEY_FORMER: OLD };
	await stack.commandWith(both, 'reload', 'collect_email', 'auth');
	assert.equal(await enter(), null, 'a person is found under the former key');
	assert.equal(run('admin', ['add', person.email], both).status, 1, 'and is there once');
	assert.equal((await post(stack, 'collect_email', { email })).json.alreadySignedUp, true);
	const tagged = (tag) =>
		post(stack, 'collect_email', { email: email.replace('@', `+${tag}@`) });
	assert.equal((await tagged('under.both')).status, 200);
	const boxes = () => sql(stack, 'select count(*), count(mail_queued_at) from mailboxes');
	assert.deepEqual(await boxes(), [['1', '1']], 'the mailbox is found under the former key');

	const first = run('rotate-key', [], both);
	assert.equal(first.status, 0, first.stderr + first.stdout);
	assert.match(first.stdout, /email_signups +1 sealed anew/);
	assert.match(first.stdout, /mailboxes +1 sealed anew/);
	assert.match(first.stdout, /people +1 sealed anew/);
	assert.match(first.stdout, /extracts +1 sealed anew/);
	assert.match(first.stdout, /utterances +1 sealed anew/);
	assert.match(first.stdout, /nothing needs the former key/);
	const second = run('rotate-key', [], both);
	assert.match(second.stdout, /email_signups +0 sealed anew/);

	const after = { SCRIBE_DATA_KEY: NEW, SCRIBE_DATA_KEY_FORMER: '' };
	await stack.commandWith(after, 'reload', 'collect_email', 'auth');
	assert.equal(await enter(), null);
	assert.equal((await post(stack, 'collect_email', { email })).json.alreadySignedUp, true);
	assert.equal((await tagged('under.new')).status, 200);
	assert.deepEqual(await boxes(), [['1', '1']], 'and under the new one');
	const shown = run('session', ['show', lead.session_id], { SCRIBE_DATA_KEY: NEW });
	assert.ok(shown.stdout.includes(HOT), shown.stdout + shown.stderr);
	assert.ok(shown.stdout.includes(email));
	const [[same]] = await sql(stack, `select s.email_hash = m.email_hash from sessions s,
		email_signups m where s.id = :'id' and m.made_by = s.id`, { id: lead.session_id });
	assert.equal(same, 't');

	const lost = run('rotate-key', [], { SCRIBE_DATA_KEY: 'a third', SCRIBE_DATA_KEY_FORMER: OLD });
	assert.equal(lost.status, 3);
	assert.match(lost.stdout, /email_signups +0 sealed anew, 3 that neither key opens/);
});

const VISITOR = {
	session_id: '7f843669-6d7d-468e-849f-86a75e4b064e',
	session_secret: 'd3173ecd-0de9-4e83-887b-afc95c140bc3',
};
const ADDRESS = 'isolde.brandywine@before.example';
const SEALED = [
	['sessions', 'email'], ['sessions', 'contact_name'], ['sessions', 'names_sealed'],
	['email_signups', 'email'], ['email_signups', 'name'], ['extracts', 'contact_sealed'],
	['utterances', 'text_sealed'], ['memories', 'sealed'], ['summaries', 'sealed'],
];

/* Of each sealed column, how many begin so. */
const beginning = async (prefix) => {
	const counts = SEALED.map(([table, column]) => `select count(*) from ${table}
		where position(convert_to('${prefix}', 'UTF8') in convert_to(
			${column.endsWith('_sealed') && table !== 'sessions'
				? `convert_from(${column}, 'UTF8')` : column}, 'UTF8')) = 1`);
	return (await sql(stack, counts.join(' union all '))).map(([n]) => Number(n));
};
const show = (more) =>
	JSON.parse(run('session', ['show', VISITOR.session_id, '--json'], more).stdout);
const oldRows = () => readFileSync(join(root, 'tests/data/sealed_v1.dump'), 'utf8');

/* A dump of before, as it is after its migration. */
const loadOldRows = async () => {
	await sql(stack, 'delete from sessions');
	await sql(stack, 'delete from email_signups');
	await sql(stack, 'delete from mailboxes');
	await sql(stack, 'delete from profiles');
	await sql(stack, oldRows());
	await sql(stack, `select setval(pg_get_serial_sequence(t, 'position'), 1000)
		from unnest(array['utterances', 'memories']) t`);
	await sql(stack, 'update sessions set last_active_at = now()');
};

const isOpen = (more) => {
	const told = show(more);
	assert.equal(told.email, ADDRESS);
	assert.equal(told.name, 'Isolde Brandywine');
	assert.equal(told.entities.person_name, 'Isolde Brandywine');
	assert.match(told.transcript[0].text, /^I am Isolde Brandywine, CTO at Northwind/);
	assert.match(told.summary, /Isolde Brandywine/);
	return told;
};

test('what was sealed before it was bound to its row opens, and is sealed anew', async () => {
	const only = { SCRIBE_DATA_KEY: OLD, SCRIBE_DATA_KEY_FORMER: '' };
	await stack.commandWith(only, 'reload');
	await loadOldRows();
	isOpen(only);
	const again = await post(stack, 'collect_email', { email: ADDRESS, ...VISITOR });
	assert.equal(again.json.alreadySignedUp, true, again.text);
	const said = await post(stack, 'agent_reply',
		{ ...VISITOR, user_message: 'It is isolde again.', audio: false });
	assert.equal(said.status, 200, said.text);
	const [[masked]] = await sql(stack, `select text from utterances where speaker = 'visitor'
		order by position desc limit 1`);
	assert.equal(masked, 'It is [name] again.');
	const query = { ...VISITOR, query: 'Who flies to Oslo?', scopes: ['long'] };
	const [oslo] = (await post(stack, 'recall_memories', query)).json.memories;
	assert.equal(oslo.content, 'Isolde Brandywine flies to Oslo in May');
	const saved = await post(stack, 'save_memory', { ...VISITOR, scope: 'long',
		content: 'Isolde Brandywine flies to Oslo in May', source_id: 'trip of isolde' });
	assert.equal(saved.json.memory.id, oslo.id, saved.text);

	const [[id, old]] = await sql(stack, `select id, encode(text_sealed, 'hex') from utterances
		order by position limit 1`);
	const first = run('rotate-key', [], only);
	assert.equal(first.status, 0, first.stderr + first.stdout);
	assert.deepEqual(await beginning('sealed:v1:'), SEALED.map(() => 0));
	assert.match(run('rotate-key', [], only).stdout, /memories +0 sealed anew/);
	isOpen({ ...only, SCRIBE_OPEN_UNBOUND: '0' });
	const signed = await post(stack, 'collect_email', { email: ADDRESS, ...VISITOR });
	assert.equal(signed.json.alreadySignedUp, true, signed.text);
	await sql(stack, `update utterances set text_sealed = decode(:'old', 'hex')
		where id = :'id'`, { id, old });
	isOpen(only);
	assert.match(show({ ...only, SCRIBE_OPEN_UNBOUND: '0' }).transcript[0].text, /^I am \[name\]/);
});

test('what is sealed opens in its own row and column only', async () => {
	const only = { SCRIBE_DATA_KEY: OLD, SCRIBE_DATA_KEY_FORMER: '' };
	await loadOldRows();
	assert.equal(run('rotate-key', [], only).status, 0);
	const other = await newSession(stack);
	await sql(stack, `insert into summaries (session_id, executive_summary, action_items,
			crm_payload, themes, importance, utterance_count, last_position, provider, sealed)
		select :'id', executive_summary, action_items, crm_payload, themes, importance,
			utterance_count, last_position, provider, sealed from summaries`,
	{ id: other.session_id });
	await sql(stack, `update sessions o set email = s.email, email_hash = s.email_hash,
			contact_name = s.contact_name from sessions s
		where s.id = :'id' and o.id <> s.id`, { id: VISITOR.session_id });
	const listed = JSON.parse(run('session', ['show', other.session_id, '--json'], only).stdout);
	assert.equal(listed.email, null);
	assert.equal(listed.name, null);
	assert.ok(!listed.summary.includes('Isolde'), listed.summary);

	/* Two rows of one session change places. */
	await sql(stack, `with ends as (select min(position) a, max(position) b from utterances
			where text_sealed is not null)
		update utterances u set text_sealed = (select o.text_sealed from utterances o, ends
			where o.position = case when u.position = a then b else a end)
		from ends where u.position in (a, b)`);
	await sql(stack, `with ends as (select min(position) a, max(position) b from memories
			where sealed is not null and scope = 'episodic')
		update memories u set sealed = (select o.sealed from memories o, ends
			where o.position = case when u.position = a then b else a end)
		from ends where u.position in (a, b)`);
	await sql(stack, `update extracts u set contact_sealed = (select contact_sealed
			from extracts o where o.turn = 1) where turn = 2`);
	await sql(stack, 'update email_signups set name = email');
	assert.match(show(only).transcript[0].text, /^I am \[name\]/);

	const lost = run('rotate-key', [], { SCRIBE_DATA_KEY: NEW, SCRIBE_DATA_KEY_FORMER: OLD });
	const unopened = Object.fromEntries([...lost.stdout.matchAll(
		/^(\w+) +\d+ sealed anew, (\d+) that neither/gm)].map(([, name, n]) => [name, Number(n)]));
	assert.deepEqual(unopened, { email_signups: 1, people: 0, mailboxes: 0, sessions: 1,
		given_names: 0, extracts: 1, utterances: 2, memories: 2, summaries: 1 }, lost.stdout);
});
