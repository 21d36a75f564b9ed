/* oversight: who is told of jobs and of who saw what, how much at once, and what. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import {
	keyHeaders, newSession, pairOf, post, request, root, signIn, sql, supabase, useStack,
} from './env/index.mjs';
import { people } from './people.mjs';

const stack = useStack({
	functions: ['auth', 'create_session', 'agent_reply', 'rest', 'oversight'],
});

const ask = (query, headers = {}) =>
	request(stack, 'GET', `/functions/v1/oversight${query}`, { headers });
const askAs = async (role, query) => ask(query, (await people(stack, role)).keyed);
const read = async (role, query) => {
	const { status, json, text } = await askAs(role, query);
	assert.equal(status, 200, text);
	return json;
};

test('owner and admin are told, nobody else', async () => {
	assert.equal((await ask('?of=jobs')).status, 401);
	const answers = {
		anon: 401, forged: 401, expired: 401, outsider: 403, 'signed out': 403, demoted: 403,
		viewer: 403, admin: 200, owner: 200, service: 200,
	};
	for (const of of ['jobs', 'log'])
		for (const [role, status] of Object.entries(answers)) {
			const answer = await askAs(role, `?of=${of}`);
			assert.equal(answer.status, status, `${role}: ${answer.text}`);
			assert.equal('jobs' in answer.json || 'entries' in answer.json, status === 200, role);
		}
	const { json } = await askAs('viewer', '?of=log');
	assert.deepEqual([json.code, json.error],
		['forbidden', 'Only an owner or admin may see jobs and the log.']);
	assert.equal((await askAs('viewer', '?of=what')).status, 403, 'nor what they asked wrongly');
	const { keyed } = await people(stack, 'admin');
	const path = '/functions/v1/oversight?of=jobs';
	const posted = await request(stack, 'POST', path, { headers: keyed });
	assert.equal(posted.status, 405);
});

test('what is asked for is one of both, of a size, from a row on', async () => {
	for (const [query, field] of [
		['', 'of'], ['?of=', 'of'], ['?of=payloads', 'of'], ['?of=%00', 'of'],
		['?of=jobs&limit=0', 'limit'], ['?of=jobs&limit=201', 'limit'], ['?of=log&limit=', 'limit'],
		['?of=log&limit=-1', 'limit'], ['?of=log&limit=1x', 'limit'],
		['?of=log&before=0', 'before'], ['?of=log&before=9223372036854775808', 'before'],
		['?of=log&before=%ff', 'before'], ['?of=log&session=', 'session'],
		['?of=log&session=all', 'session'], ['?of=log&session=%27or%20true', 'session'],
	]) {
		const { status, json } = await askAs('admin', query);
		assert.equal(status, 400, query);
		assert.deepEqual([json.code, json.field], ['invalid_request', field], query);
	}
	assert.deepEqual(await read('admin', '?of=log&before=1'), { entries: [], before: null });
});

/* ---- jobs ---- */

const makeJobs = () => sql(stack, `insert into jobs (kind, payload, key, state, attempts, run_at,
		created_at, last_error, leased_by, leased_until, finished_at)
	select 'told_' || kind, '{"to": "dana.reed@northwind.example"}', 'key-of-dana-' || kind || n,
			state, attempts, '2026-01-02 03:04:05', '2026-01-01', error,
			case state when 'running' then 'worker-7' end, case state when 'running' then now()
				+ interval '1 hour' end, case when state in ('done', 'dead') then now() end
		from (values
			('mail', 'dead', 8, 1, 'upstream_failed: 550 dana.reed@northwind.example (m.c:9)'),
			('mail', 'done', 1, 2, null), ('note', 'dead', 2, 1, 'the last attempt did not end'),
			('note', 'running', 1, 1, null),
			('note', 'ready', 3, 1, 'unavailable: no mail key (n.c:1)'))
			v (kind, state, attempts, n, error), generate_series(1, n)`);

const ours = (rows) => rows.filter(({ kind }) => kind.startsWith('told_'));

test('jobs are told with their state, the dead first, without what they are about', async () => {
	await makeJobs();
	const { text } = await askAs('admin', '?of=jobs&limit=200');
	assert.doesNotMatch(text, /dana|worker-7|mail key|payload/i);
	const { jobs, counts } = JSON.parse(text);
	const states = ['dead', 'running', 'ready'];
	const sorted = [...jobs].sort((a, b) =>
		states.indexOf(a.state) - states.indexOf(b.state) || b.id - a.id);
	assert.deepEqual(jobs, sorted);
	const common = { max_attempts: 8, run_at: '2026-01-02T03:04:05+00:00',
		created_at: '2026-01-01T00:00:00+00:00' };
	assert.deepEqual(ours(jobs).map(({ id, ...rest }) => rest), [
		{ kind: 'told_note', state: 'dead', attempts: 2, ...common, error: 'not_ended' },
		{ kind: 'told_mail', state: 'dead', attempts: 8, ...common, error: 'upstream_failed' },
		{ kind: 'told_note', state: 'running', attempts: 1, ...common, error: null },
		{ kind: 'told_note', state: 'ready', attempts: 3, ...common, error: 'unavailable' },
	]);
	const one = (kind, state, n, most_attempts) => ({ kind, state, jobs: n,
		oldest_at: common.created_at, next_at: common.run_at, most_attempts });
	const wanted = [
		one('told_mail', 'dead', 1, 8), one('told_mail', 'done', 2, 1),
		one('told_note', 'dead', 1, 2), one('told_note', 'ready', 1, 3),
		one('told_note', 'running', 1, 1),
	];
	assert.deepEqual(ours(counts), wanted);

	const few = await read('owner', '?of=jobs&limit=1');
	assert.deepEqual(few.jobs.map(({ id }) => id), [jobs[0].id]);
	assert.deepEqual(ours(few.counts), wanted, 'all are counted');

	const { stdout } = await promisify(execFile)(join(root, 'scripts/jobs'), ['stats'],
		{ env: { PATH: process.env.PATH, STACK_DIR: stack.dir } });
	const told = stdout.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
		.filter(([kind]) => kind.startsWith('told_'));
	assert.deepEqual(told, wanted.map((row) => [row.kind, row.state, String(row.jobs),
		'2026-01-01 00:00:00+00', '2026-01-02 03:04:05+00', String(row.most_attempts)]),
	'scripts/jobs tells the same');
});

const nodesOf = (node) => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

test('of many jobs the errors of those that are shown are read, and no others', async () => {
	await sql(stack, `insert into jobs (kind, state, last_error)
		select 'many', 'ready', 'unavailable: many' from generate_series(1, 5000)`);
	await sql(stack, 'analyze jobs');
	const statement = await readFile(join(root, 'common/store/jobs_told.sql'), 'utf8');
	const [[plan]] = await sql(stack,
		`explain (verbose, format json) ${statement.replaceAll('$1', '50')}`);
	const reading = nodesOf(JSON.parse(plan)[0].Plan)
		.filter(({ Output = [] }) => Output.some((text) => /^CASE .*substring/.test(text)));
	assert.ok(reading.length, plan);
	const wholly = reading.flatMap(nodesOf).filter((node) => node['Node Type'] === 'Seq Scan');
	assert.deepEqual(wholly, []);
	await sql(stack, `delete from jobs where kind = 'many'`);
});

/* ---- the log ---- */

const converse = async () => {
	const pair = pairOf(await newSession(stack));
	const user_message = 'I am Dana Reed, CTO at Northwind. Write to dana.reed@northwind.example.';
	const answer = await post(stack, 'agent_reply', { ...pair, user_message, audio: false });
	assert.equal(answer.status, 200, answer.text);
	return pair.session_id;
};

/* Somebody who signs in with an address of their own. */
const enter = async (role) => {
	const { session, user, email } = await signIn(stack, role);
	const headers = { ...keyHeaders(stack), authorization: `Bearer ${session.access_token}` };
	const get = async (path) => {
		const { status, json, text } = await request(stack, 'GET', path, { headers });
		assert.equal(status, 200, text);
		return json;
	};
	return {
		id: user.id, email, get, actor: `person:${user.id}`,
		log: (query = '') => get(`/functions/v1/oversight?of=log${query}`),
	};
};

test('who saw what of a session is told, the newest first, and who looked for that', async () => {
	const [mine, other, third] = [await converse(), await converse(), await converse()];
	const admin = await enter('admin');
	const viewer = await enter('viewer');
	for (const person of [viewer, admin]) {
		await person.get(`/rest/v1/sessions?select=*&id=eq.${mine}`);
		await person.get(`/rest/v1/extracts?select=*&session_id=eq.${mine}`);
		await person.get(`/rest/v1/utterances?select=*&session_id=in.(${mine},${other})`);
		await person.get(`/rest/v1/sessions?select=*&id=in.(${mine},${other})`);
	}
	const { entries } = await admin.log(`&session=${mine}`);
	const looks = entries.filter(({ actor }) => actor !== 'agent_reply');
	const who = { actor: admin.actor, name: null, email: admin.email };
	const row = (action, subject, rows, asked, session_id) =>
		({ ...who, action, subject, rows, asked, session_id });
	assert.deepEqual(looks.map(({ id, at, ...rest }) => rest), [
		row('contact_read', 'sessions', 2, `id=in.${mine},${other}`, null),
		row('contact_read', 'utterances', 4, `session_id=in.${mine},${other}`, null),
		row('contact_read', 'extracts', 1, `session_id=eq.${mine}`, mine),
		row('contact_read', 'sessions', 1, `id=eq.${mine}`, mine),
	], 'the admin is told, the viewer saw nothing');
	assert.ok(entries.some((e) => e.actor === 'agent_reply' && e.session_id === mine));
	const ids = entries.map(({ id }) => id);
	assert.deepEqual(ids, [...ids].sort((a, b) => b - a));
	assert.ok(entries.every(({ at }) => Math.abs(Date.now() - new Date(at)) < 300_000));

	const there = await admin.log(`&session=${other}`);
	const seen = there.entries.filter(({ actor }) => actor === admin.actor).map((e) => e.subject);
	assert.deepEqual(seen.slice(-2), ['sessions', 'utterances'], 'among others, too');
	const { entries: none } = await admin.log(`&session=${third}`);
	assert.ok(none.every(({ actor }) => actor === 'agent_reply'), JSON.stringify(none));

	const [own] = (await admin.log('&limit=1')).entries;
	assert.deepEqual([own.actor, own.email, own.action, own.subject, own.asked],
		[admin.actor, admin.email, 'contact_read', 'people', `of=log&session=${other}`],
		'whose account it was is contact data: a look that shows one is in the log');
});

test('the log comes in pages without a gap, whoever writes meanwhile', async () => {
	await sql(stack, `insert into audit_log (actor, action, subject, detail)
		select 'operator:dana', 'walked', 'steps:' || n, '{"secret": "of nobody"}'
			from generate_series(1, 7) n`);
	const found = [];
	let before = '';
	for (let pages = 0; before !== null && found.length < 7; pages++) {
		assert.ok(pages < 20);
		const page = await read('admin', `?of=log&limit=3${before && `&before=${before}`}`);
		assert.ok(page.entries.length <= 3);
		found.push(...page.entries.filter(({ action }) => action === 'walked'));
		({ before } = page);
		await sql(stack, `insert into audit_log (actor, action, subject) values ('x', 'y', 'z')`);
	}
	assert.deepEqual(found.map(({ subject }) => subject),
		[7, 6, 5, 4, 3, 2, 1].map((n) => `steps:${n}`));
	const { id, at, ...first } = found[0];
	assert.deepEqual(first, {
		actor: 'operator:dana', name: null, email: null, action: 'walked', subject: 'steps:7',
		session_id: null, rows: null, asked: null,
	});
	assert.equal((await read('admin', '?of=log')).entries.length <= 50, true);
});

test('who is gone is told by their id, who has no address that opens by their name', async () => {
	const { id } = await people(stack, 'admin');
	const gone = crypto.randomUUID();
	await sql(stack, `insert into audit_log (actor, action, subject, detail) values
		('person:' || :'gone', 'file_read', 'audio', '{"name": "a/1.mp3"}'),
		('link', 'file_read', 'audio', jsonb_build_object('made_by', :'id')),
		('person:nobody', 'file_read', 'audio', '{}')`, { id, gone });
	const { entries } = await read('owner', '?of=log&limit=3');
	assert.deepEqual(entries.map((e) => [e.actor, e.name, e.email, e.asked]), [
		['person:nobody', null, null, null],
		['link', 'Somebody', null, null],
		[`person:${gone}`, null, null, 'a/1.mp3'],
	]);
});

test('supabase-js asks for it as for any function', async () => {
	const { headers } = await people(stack, 'admin');
	const { data, error } = await supabase(stack, { headers }).functions.invoke(
		'oversight?of=log&limit=1', { method: 'GET' });
	assert.equal(error, null);
	assert.equal(data.entries.length, 1);
});
