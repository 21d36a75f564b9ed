/* reports: who may have the numbers, of which times, and that scripts/report tells the same. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { request, root, sql, supabase, useStack } from './env/index.mjs';
import { people } from './people.mjs';

const stack = useStack({
	functions: ['auth', 'create_session', 'reports'],
	env: { PROVIDER_PRICES: 'groq.tokens=1, groq.audio=0.5' },
});

const ask = (query, headers = {}) =>
	request(stack, 'GET', `/functions/v1/reports${query}`, { headers });
const askAs = async (role, query = '') => ask(query, (await people(stack, role)).keyed);

test('who has a role may have them, nobody else', async () => {
	assert.equal((await ask('')).status, 401);
	const answers = {
		anon: 401, forged: 401, expired: 401, outsider: 403, 'signed out': 403,
		demoted: 200, viewer: 200, admin: 200, owner: 200, service: 200,
	};
	for (const [role, status] of Object.entries(answers)) {
		const answer = await askAs(role);
		assert.equal(answer.status, status, `${role}: ${answer.text}`);
		assert.equal('sessions' in answer.json, status === 200, role);
	}
	assert.equal((await askAs('outsider')).json.code, 'forbidden');
	const { keyed } = await people(stack, 'viewer');
	const posted = await request(stack, 'POST', '/functions/v1/reports', { headers: keyed });
	assert.equal(posted.status, 405);
});

test('times are times, one before the other, and not too far from it', async () => {
	for (const [query, field] of [
		['?from=yesterday', 'from'], ['?from=', 'from'], ['?from=%00', 'from'],
		['?from=2026-13-01', 'from'], ['?to=2026-01-02x', 'to'], ['?to=%ff', 'to'],
		['?from=2026-01-02&to=2026-01-01', 'from'], ['?from=2026-01-01&to=2026-01-01', 'from'],
		['?from=2025-01-01&to=2026-02-06', 'from'],
	]) {
		const { status, json } = await askAs('viewer', query);
		assert.equal(status, 400, query);
		assert.deepEqual([json.code, json.field], ['invalid_request', field], query);
	}
	assert.equal((await askAs('viewer', '?from=2025-01-01&to=2026-02-05')).status, 200);
	const { json } = await askAs('viewer', '?to=2026-01-02T01:00:00%2B02:00&from=2026-01-01');
	assert.equal(json.from, '2026-01-01T00:00:00+00:00');
	assert.equal(json.to, '2026-01-01T23:00:00+00:00');
	const { json: usual } = await askAs('viewer');
	assert.equal(new Date(usual.to) - new Date(usual.from), 7 * 86_400_000);
	assert.ok(Math.abs(Date.now() - new Date(usual.to)) < 60_000, usual.to);
});

/* A day of four sessions and five turns, and what is just beside it. */
const makeDay = () => sql(stack, `with s as (
		insert into sessions (secret_hash, started_at, lead_score, final_intent, current_mode)
			select sha256('x'), t::timestamptz, score, intent, mode from (values
				('2026-01-02', 80, 'consulting_inquiry', 'mentor'),
				('2026-01-02 08:00', 100, 'consulting_inquiry', 'mentor'),
				('2026-01-02 12:00', 69, 'consulting_inquiry', 'mentor'),
				('2026-01-02 23:59:59.9', 0, null, 'professional'),
				('2026-01-01 23:59:59.9', 90, 'media_request', 'william'),
				('2026-01-03', 90, 'media_request', 'william')) v (t, score, intent, mode)
			returning id, lead_score),
	n as (select id from s where lead_score = 80)
	insert into turns (session_id, turn, message_hash, state, started_at, ends_by, finished_at,
			mode, response_ms, first_audio_ms, degraded, reply_pieces)
		select id, i, sha256('m'), state, t::timestamptz, now(), now(), 'mentor', response, audio,
				parts, pieces
			from n cross join (values
				(1, 'done', '2026-01-02 10:00:05', 100, 200, '{}'::text[], '{5,60000}'::int[]),
				(2, 'done', '2026-01-02 10:00:45', 300, 700, '{llm,tts}', '{5,30000}'),
				(3, 'done', '2026-01-02 10:01:15', 200, null, '{llm}', null),
				(4, 'failed', '2026-01-02 10:01:25', null, null, '{llm}', null),
				(5, 'done', '2026-01-03', 9000, 9000, '{stt}', '{5,60000}')
			) v (i, state, t, response, audio, parts, pieces);
	insert into ledger (day, payer, requests, tokens, characters, audio_ms) values
		('2026-01-01', 'provider:groq', 7, 7, 7, 7), ('2026-01-03', 'provider:groq', 7, 7, 7, 7),
		('2026-01-02', 'address:somebody', 9, 9, 9, 9),
		('2026-01-02', 'provider:groq', 3, 2000000, 0, 3600000),
		('2026-01-02', 'provider:elevenlabs', 2, 0, 120, 0)`);

const DAY = {
	from: '2026-01-02T00:00:00+00:00', to: '2026-01-03T00:00:00+00:00',
	sessions: 4, turns: 4, answered: 3, minutes: 1.5, converted: 2,
	conversion: [
		{ mode: 'mentor', intent: 'consulting_inquiry', sessions: 3, converted: 2,
			converted_percent: 66.7 },
		{ mode: 'professional', intent: 'none', sessions: 1, converted: 0, converted_percent: 0 },
	],
	scores: [
		{ from: 0, to: 9, sessions: 1 }, { from: 60, to: 69, sessions: 1 },
		{ from: 80, to: 89, sessions: 1 }, { from: 90, to: 100, sessions: 1 },
	],
	waits: [
		{ what: 'response', turns: 3, p50_ms: 200, p95_ms: 300, p99_ms: 300, most_ms: 300 },
		{ what: 'first audio', turns: 2, p50_ms: 200, p95_ms: 700, p99_ms: 700, most_ms: 700 },
	],
	services: [
		{ service: 'elevenlabs', requests: 2, tokens: 0, characters: 120, minutes_heard: 0,
			cost: 0 },
		{ service: 'groq', requests: 3, tokens: 2000000, characters: 0, minutes_heard: 60,
			cost: 2.5 },
	],
	degraded: [
		{ part: 'llm', turns: 3, minutes: 2, first_at: '2026-01-02T10:00:45+00:00',
			last_at: '2026-01-02T10:01:25+00:00' },
		{ part: 'tts', turns: 1, minutes: 1, first_at: '2026-01-02T10:00:45+00:00',
			last_at: '2026-01-02T10:00:45+00:00' },
	],
};

/* As scripts/report writes times and what it says in one word or two. */
const stamp = (time) => time.replace('T', ' ').replace('+00:00', '+00');
const csvOf = ({ conversion, scores, waits, services, degraded, ...all }) => {
	const row = (...cells) => cells.map(String);
	const values = (rows) => rows.map((each) => Object.values(each).map(String));
	return [
		[row(stamp(all.from), stamp(all.to), ...Object.values(all).slice(2))],
		values(conversion),
		scores.map(({ from, to, sessions }) => row(`${from} to ${to}`, sessions)),
		values(waits),
		values(services),
		degraded.map((each) => row(each.part, each.turns, each.minutes, stamp(each.first_at),
			stamp(each.last_at))),
	];
};

const HEADS = /^(from|mode|score|what|service|degraded),/;
const tablesOf = (csv) => {
	const tables = [];
	for (const line of csv.trim().split('\n'))
		if (HEADS.test(line)) tables.push([]);
		else tables.at(-1).push(line.split(',').map((cell) =>
			(/^[0-9]+\.[0-9]+$/.test(cell) ? String(Number(cell)) : cell)));
	return tables;
};

test('the numbers of a day are its numbers, for scripts/report and supabase-js, too', async () => {
	await makeDay();
	const { status, json } = await askAs('viewer', '?from=2026-01-02&to=2026-01-03');
	assert.equal(status, 200);
	assert.deepEqual(json, DAY);
	const { BUILD, FLAVOUR } = stack.env;
	const { stdout } = await promisify(execFile)(
		join(root, 'scripts/report'), ['--csv', '--from', '2026-01-02', '--to', '2026-01-03'],
		{ env: { ...process.env, BUILD, FLAVOUR, STACK_DIR: stack.dir, DATABASE_URL: '' } },
	);
	assert.deepEqual(tablesOf(stdout), csvOf(json));
	const { headers } = await people(stack, 'viewer');
	const { data, error } = await supabase(stack, { headers }).functions.invoke(
		'reports?from=2026-01-02&to=2026-01-03', { method: 'GET' });
	assert.deepEqual([data, error], [DAY, null]);
});
