/* Feature flags from an operator's word to a visitor's answer, and what is read of them later. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { turn } from './env/faults.mjs';
import { newSession, operate, poll, root, sql, useStack } from './env/index.mjs';

const PAGE = 'https://page.example';
const stack = useStack({ env: { FLAGS_SECONDS: '1', SCRIBE_ALLOWED_ORIGINS: PAGE,
	PROVIDER_PRICES: 'groq.tokens=1, groq.audio=0.5' } });

const programs = () => ({ BUILD: stack.env.BUILD, FLAVOUR: stack.env.FLAVOUR });
const run = async (name, ...words) => {
	const child = spawn(join(root, 'scripts', name), words, {
		env: { ...process.env, ...programs(), STACK_DIR: stack.dir, DATABASE_URL: '' },
	});
	let out = '', complaint = '';
	child.stdout.on('data', (bytes) => (out += bytes));
	child.stderr.on('data', (bytes) => (complaint += bytes));
	const [code] = await once(child, 'close');
	return { code, out, complaint };
};
const does = async (name, ...words) => {
	const { code, out, complaint } = await run(name, ...words);
	assert.equal(code, 0, complaint);
	return out;
};
let said = 0;
const flagsOf = async (session, headers = {}) => {
	const { status, json } = await turn(stack, session, `Number ${++said}.`, {}, headers);
	assert.equal(status, 200, JSON.stringify(json));
	return json.flags;
};
/** What scripts/experiment tells: tables, one behind the other. */
const tablesOf = (csv) => {
	const tables = [];
	for (const line of csv.trim().split('\n')) {
		if (/^[a-z"]/.test(line) && !/^(on|off),/.test(line)) tables.push([]);
		tables.at(-1).push(line.split(','));
	}
	return tables;
};

test('a flag is on where it is meant to be, in the answer and in the turn', async () => {
	const session = await newSession(stack, { mode: 'mentor' });
	assert.deepEqual(await flagsOf(session), []);
	await does('flags', 'set', 'nobody', '--note', 'not yet');
	await does('flags', 'set', 'for_page', '--share', '100', '--origins', PAGE);
	await does('flags', 'set', 'warm_hello', '--share', '100', '--modes', 'mentor,william');
	await poll(async () => (await flagsOf(session)).length > 0);
	assert.deepEqual(await flagsOf(session), ['warm_hello']);
	assert.deepEqual(await flagsOf(session, { origin: PAGE }), ['for_page', 'warm_hello']);
	const { text: counted } = await operate(stack, '/metrics');
	assert.match(counted, /^scribe_turns_flagged_total\{flag="warm_hello",state="on"\} [1-9]/m);
	assert.match(counted, /^scribe_turns_flagged_total\{flag="nobody",state="off"\} [1-9]/m);
	const [[flags, mode, response]] = await sql(stack, `select flags, mode, response_ms from turns
		where session_id = '${session.session_id}' order by turn desc limit 1`);
	assert.deepEqual(JSON.parse(flags), { for_page: 'on', nobody: 'off', warm_hello: 'on' });
	assert.equal(mode, 'mentor');
	assert.ok(Number(response) > 0);
	const other = await newSession(stack, { mode: 'futurist' });
	assert.deepEqual(await flagsOf(other), []);
});

test('an operator overrides it for one session at once, and it is on record', async () => {
	const mine = await newSession(stack), other = await newSession(stack);
	await does('flags', 'override', mine.session_id, 'nobody', 'on');
	assert.deepEqual(await flagsOf(mine), ['nobody']);
	assert.deepEqual(await flagsOf(other), []);
	await does('flags', 'override', mine.session_id, 'nobody', 'none');
	assert.deepEqual(await flagsOf(mine), []);
	assert.equal((await sql(stack, `select 1 from audit_log where action = 'flag_override'
		and session_id = '${mine.session_id}' and actor like 'operator:%'`)).length, 2);
	await sql(stack, `insert into feature_flags (name, share)
		select 'z' || i, 0 from generate_series(1, 32) i`);
	for (const words of [['set', 'Bad'], ['set', 'one_more'], ['remove', 'unknown'],
		['set', 'a', '--modes', 'mentro'], ['set', 'a', '--origins', `${PAGE}/`],
		['set', 'a', '--share', '101'],
		['override', mine.session_id, 'nobody', 'perhaps'],
		['override', crypto.randomUUID(), 'nobody', 'on']]) {
		const { code, complaint } = await run('flags', ...words);
		assert.equal(code, 1, words.join(' '));
		assert.match(complaint, /^flags: /);
	}
	await sql(stack, `delete from feature_flags where name like 'z%'`);
});

test('a visitor who agreed has the same in each session', async () => {
	await does('flags', 'set', 'half', '--share', '50');
	const probe = await newSession(stack);
	await poll(async () => {
		await flagsOf(probe);
		return (await sql(stack, `select 1 from turns where flags ? 'half'`)).length;
	});
	const seen = new Set();
	for (let i = 0; i < 8 && seen.size < 2; i++) {
		const visitor = { visitor_id: crypto.randomUUID(), consent: true };
		const first = (await flagsOf(await newSession(stack, visitor))).includes('half');
		assert.equal((await flagsOf(await newSession(stack, visitor))).includes('half'), first);
		seen.add(first);
	}
	assert.equal(seen.size, 2, 'eight visitors drew the same lot, one time in 128');
});

test('an experiment and a report are read from what turns have left', async () => {
	await sql(stack, `delete from sessions`);
	await sql(stack, `insert into feature_flags (name, share, created_at)
		values ('tried', 5000, '2026-01-01')`);
	// Newcombe's own example: 56 of 70 beside 48 of 80.
	await sql(stack, `with s as (
			insert into sessions (secret_hash, started_at, lead_score, final_intent)
				select sha256('x'), '2026-01-02', case when i <= 104 then 80 else 5 end,
					'consulting_inquiry' from generate_series(1, 150) i
				returning id, lead_score),
		n as (select id, row_number() over (partition by lead_score >= 70 order by id) as i,
			lead_score >= 70 as converted from s)
		insert into turns (session_id, turn, message_hash, state, started_at, ends_by,
				finished_at, mode, response_ms, first_audio_ms, degraded, flags, reply_pieces)
			select id, 1, sha256('m'), 'done', '2026-01-02 10:00', now(),
				now(), 'professional', 100, 200, case when i = 1 then '{llm}'::text[] else '{}' end,
				jsonb_build_object('tried', case when i <= case when converted then 56 else 14 end
					then 'on' else 'off' end), '{5,60000}' from n`);
	const [arms, difference, sound, left] = tablesOf(
		await does('experiment', 'tried', '--csv', '--to', '2026-02-01'));
	assert.deepEqual(arms[1].slice(2, 7), ['70', '56', '80.00', '69.18', '87.70']);
	assert.deepEqual(arms[2].slice(2, 5), ['80', '48', '60.00']);
	assert.equal(Number(arms[1][1]) + Number(arms[2][1]), 150);
	assert.deepEqual(difference[1].slice(0, 3), ['20.00', '5.24', '33.39']);
	assert.deepEqual(sound[1].slice(0, 3), ['on', '70', '200']);
	assert.deepEqual(left[1], ['0', '0']);

	await sql(stack, `insert into ledger (day, payer, requests, tokens, audio_ms)
		values ('2026-01-05', 'provider:groq', 3, 2000000, 3600000)`);
	const report = await does('report', '--csv', '--from', '2026-01-01', '--to', '2026-02-01');
	assert.match(report, /,150,150,150,150\.0,104\n/);
	assert.match(report, /\nprofessional,consulting_inquiry,150,104,69\.3\n/);
	assert.match(report, /\n0 to 9,46\n80 to 89,104\n/);
	assert.match(report, /\nresponse,150,100,100,100,100\nfirst audio,150,200,200,200,200\n/);
	assert.match(report, /\ngroq,3,2000000,0,60\.0,2\.50\n/); // by the prices of the stack
	assert.match(report, /\nllm,2,1,2026-01-02/);

	for (const words of [['report'], ['experiment', 'tried']]) {
		await does(...words, '--from', '5 minutes ago', '--to', 'tomorrow');
		const { code, complaint } = await run(...words, '--from', 'some day');
		assert.equal(code, 1);
		assert.match(complaint, new RegExp(`^${words[0]}: --from: 'some day' is not a time`));
	}
});
