/* Who may call what: each function is asked with each proof, from each origin and by each method.
 * The answers make a table, which is compared with the one that tests/data/authorisation.md holds
 * as what has been agreed upon. `make authorisation` writes that anew. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
	encodePart, keyHeaders, newSession, pairOf, post, request, root, signToken, sql,
} from './env/index.mjs';

const FILE = join(root, 'tests/data/authorisation.md');
const DEFAULT = 'default';
const DAY_S = 86400;

/* ---- the functions ---- */

/* A tenth of a second of silence: heard as nothing without asking a recogniser. */
const shortRecording = () => {
	const wav = Buffer.alloc(44 + 3200);
	wav.write('RIFF____WAVEfmt ', 'latin1');
	wav.writeUInt32LE(wav.length - 8, 4);
	for (const [at, value] of [[16, 16], [24, 16000], [28, 32000], [40, 3200]])
		wav.writeUInt32LE(value, at);
	for (const [at, value] of [[20, 1], [22, 1], [32, 2], [34, 16]]) wav.writeUInt16LE(value, at);
	wav.write('data', 36, 'latin1');
	return wav.toString('base64');
};

/* What each is asked for, which it does for whoever may ask; `mark` makes its traces known. */
const FUNCTIONS = {
	create_session: (mark) => ({ visitor_id: mark, consent: true }),
	collect_email: (mark) => ({ email: `${mark}@example.com` }),
	agent_reply: (mark) => ({ user_message: `Hello from ${mark}.`, audio: false }),
	speech_to_text: () => ({ audio_base64: shortRecording() }),
	speech_to_text_groq: () => ({ audio_base64: shortRecording() }),
	recall_memories: () => ({ query: 'What do you know?' }),
	save_memory: (mark) => ({ scope: 'long', content: mark }),
	summarize_session: () => ({}),
	text_to_speech: () => ({ text: 'Hello.', format: 'wav' }),
	groq_chat: () => ({ messages: [{ role: 'user', content: 'Hello.' }] }),
	action_items: () => ({ action: 'extract', extract_from: 'Please send me the contract.' }),
	browser_timings: () => ({ stalls: 0 }),
};

/* ---- who asks ---- */

const expireSession = (stack, { session_id }) =>
	sql(
		stack,
		`update sessions set last_active_at = now() - interval '2 days' where id = :'id'`,
		{ id: session_id },
	);

/* `own` is the caller's. The others are never used by who may: what is found there is a trace of
 * what was refused. */
const openSessions = async (stack) => {
	const [own, other, guarded, expired] = await Promise.all(
		Array.from({ length: 4 }, () => newSession(stack)),
	);
	await expireSession(stack, expired);
	return { own, other, guarded, expired };
};

const now = () => Math.floor(Date.now() / 1000);

const keyProofs = (stack, { own }) => {
	const anon = { role: 'anon' };
	const good = signToken(stack, anon);
	const [head, , signature] = good.split('.');
	const claims = encodePart({ role: 'service_role', exp: now() + DAY_S });
	const bearer = (token) => ({ authorization: `Bearer ${token}` });
	return {
		'nothing': {},
		'anon key': { apikey: stack.anonKey },
		'anon key as Bearer': bearer(stack.anonKey),
		'anon key without Bearer': { authorization: stack.anonKey },
		'wrong key': { apikey: `${stack.anonKey}x` },
		'JWT anon': { apikey: good },
		'JWT authenticated': bearer(signToken(stack, { role: 'authenticated', sub: randomUUID() })),
		'JWT service_role': bearer(signToken(stack, { role: 'service_role' })),
		'JWT of another secret': bearer(signToken(stack, anon, { secret: 'x'.repeat(32) })),
		'JWT alg none': bearer(signToken(stack, anon, { alg: 'none' })),
		'JWT alg HS512': bearer(signToken(stack, anon, { alg: 'HS512' })),
		'JWT with changed claims': bearer(`${head}.${claims}.${signature}`),
		'JWT cut off': bearer(good.slice(0, -4)),
		'JWT expired': bearer(signToken(stack, { ...anon, exp: now() - DAY_S })),
		'JWT not yet valid': bearer(signToken(stack, { ...anon, nbf: now() + DAY_S / 2 })),
		'JWT from no time': bearer(signToken(stack, { ...anon, nbf: 'tomorrow' })),
		'JWT without end': bearer(signToken(stack, { ...anon, exp: undefined })),
		'JWT role postgres': bearer(signToken(stack, { role: 'postgres' })),
		'JWT without role': bearer(signToken(stack, {})),
		'JWT of 20 kB': bearer(`${good}${'A'.repeat(20000)}`),
		'realtime token': bearer(own.realtime_token),
		'anon key, expired JWT': {
			apikey: stack.anonKey,
			...bearer(signToken(stack, { ...anon, exp: now() - DAY_S })),
		},
		'wrong key, JWT anon': { apikey: `${stack.anonKey}x`, ...bearer(good) },
	};
};

const pairProofs = ({ own, other, guarded, expired }) => {
	const aim = pairOf(guarded);
	return {
		'own pair': pairOf(own),
		"other's secret": { ...aim, session_secret: other.session_secret },
		'id without secret': { session_id: aim.session_id },
		'secret without id': { session_secret: aim.session_secret },
		'unknown id': { ...aim, session_id: randomUUID() },
		'malformed id': { ...aim, session_id: `${aim.session_id}'` },
		'malformed secret': { ...aim, session_secret: '%00' },
		'empty pair': { session_id: '', session_secret: '' },
		'expired pair': pairOf(expired),
		"expired id, other's secret": {
			...pairOf(expired),
			session_secret: other.session_secret,
		},
	};
};

const origins = (stack) => {
	const { host, port } = new URL(stack.baseUrl);
	return {
		'own': [`http://${host}`, true],
		'localhost': [`http://localhost:${port}`, true],
		'foreign': ['https://evil.example', false],
		'null': ['null', false],
		'with more behind': [`http://${host}.evil.example`, false],
		'with more before': [`http://evil.${host}`, false],
		'of another port': [`http://localhost:${Number(port) + 1}`, false],
		'of another scheme': [`https://${host}`, false],
		'with a path': [`http://${host}/`, false],
		'in capitals': [`HTTP://LOCALHOST:${port}`, false],
		'two of them': [`https://evil.example, http://${host}`, false],
	};
};

const keyRows = (stack, sessions) =>
	Object.entries(keyProofs(stack, sessions)).map(([name, headers]) => ({ name, headers }));

/* Beside the key of browsers too: it opens no session. */
const pairRows = (stack, sessions) =>
	Object.entries(pairProofs(sessions)).flatMap(([name, pair]) => [
		{ name, pair },
		{ name: `${name}, anon key`, pair, headers: { apikey: stack.anonKey } },
	]);

/* With all that can be proven. */
const originRows = (stack, { own, guarded }) =>
	Object.entries(origins(stack)).map(([name, [origin, isListed]]) => ({
		name: `origin ${name}`,
		pair: pairOf(isListed ? own : guarded),
		headers: { ...keyHeaders(stack), origin },
	}));

const methodRows = (stack) => {
	const foreign = { origin: 'https://evil.example' };
	const preflight = { 'access-control-request-method': 'POST' };
	return [
		{ name: 'OPTIONS', method: 'OPTIONS' },
		{
			name: 'OPTIONS, own origin',
			method: 'OPTIONS',
			headers: { ...preflight, origin: stack.baseUrl },
		},
		{ name: 'OPTIONS, foreign', method: 'OPTIONS', headers: { ...preflight, ...foreign } },
		{ name: 'GET', method: 'GET' },
		{ name: 'GET, foreign', method: 'GET', headers: foreign },
		...['HEAD', 'PUT', 'PATCH', 'DELETE'].map((method) => ({ name: method, method })),
	];
};

const rowsOf = (stack, sessions) => [
	...keyRows(stack, sessions),
	...pairRows(stack, sessions),
	...originRows(stack, sessions),
	...methodRows(stack),
];

/* ---- asking ---- */

const told = ({ status, json }) => (json?.code ? `${status} ${json.code}` : String(status));

const ask = (stack, fn, { method, pair, headers }, mark) =>
	method
		? request(stack, method, `/functions/v1/${fn}`, { headers })
		: post(stack, fn, { ...FUNCTIONS[fn](mark), ...pair }, headers);

/* One after the other, for a newer turn ends the one before. */
const askAll = async (stack, fn) => {
	const sessions = await openSessions(stack);
	const cells = [];
	for (const row of rowsOf(stack, sessions)) {
		const mark = randomUUID();
		const answer = await ask(stack, fn, row, mark);
		cells.push({ fn, row, mark, answer, told: told(answer) });
	}
	return { fn, sessions, cells };
};

/* ---- what browsers are told ---- */

const PREFLIGHT_HEADERS = ['authorization', 'apikey', 'content-type', 'x-client-info',
	'x-request-id', 'idempotency-key', 'x-region', 'x-supabase-api-version'];

/* A page reads errors too, but only where it may call. */
const assertHeaders = (stack, columns) => {
	const listed = Object.values(origins(stack)).filter(([, isListed]) => isListed)
		.map(([origin]) => origin);
	for (const { fn, row, answer: { status, headers } } of columns.flatMap(({ cells }) => cells)) {
		const origin = row.headers?.origin;
		const wanted = listed.includes(origin) ? origin : null;
		assert.equal(headers.get('access-control-allow-origin'), wanted, `${fn}, ${row.name}`);
		assert.match(headers.get('vary') ?? '', /\bOrigin\b/, `${fn}, ${row.name}`);
		assert.ok(headers.get('x-request-id'), `${fn}, ${row.name}`);
		if (status === 405) assert.match(headers.get('allow'), /\bPOST\b/, `${fn}, ${row.name}`);
		if (status !== 204) continue;
		const allowed = headers.get('access-control-allow-headers').split(', ');
		assert.deepEqual(PREFLIGHT_HEADERS.filter((name) => !allowed.includes(name)), [], fn);
		assert.match(headers.get('access-control-allow-methods'), /\bPOST\b/, fn);
		assert.ok(Number(headers.get('access-control-max-age')) > 0, fn);
	}
};

/* ---- no trace ---- */

const tablesOfSessions = async (stack) =>
	(await sql(
		stack,
		`select c.table_name, c.column_name from information_schema.columns c
		 join information_schema.tables t using (table_schema, table_name)
		 where table_schema = 'public' and table_type = 'BASE TABLE'
			and (c.column_name = 'session_id'
				or (c.table_name, c.column_name) = ('email_signups', 'made_by'))`,
	)).map(([table, column]) =>
		`select '${table}' as what from ${table} where ${column} = any(:'ids'::uuid[])
		 ${table === 'events' ? "and kind <> 'session_started'" : ''}`);

/* Sessions whose pairs nobody who was answered has brought have nothing and were never active. */
const assertUntouched = async (stack, columns) => {
	const refused = columns.flatMap(({ sessions: { other, guarded, expired } }) =>
		[other, guarded, expired]);
	const ids = `{${refused.map(({ session_id }) => session_id).join()}}`;
	const found = await sql(
		stack,
		`${(await tablesOfSessions(stack)).join(' union all ')} union all
		 select 'sessions' from sessions where id = any(:'ids'::uuid[])
			and (last_active_at > started_at or turn + utterance_count > 0)`,
		{ ids },
	);
	assert.deepEqual(found, [], 'refused requests left rows');
};

const assertNoSession = async (stack, { cells }) => {
	for (const { row, mark, answer } of cells.filter(({ row }) => !row.method)) {
		const [[n]] = await sql(
			stack,
			`select count(*) from sessions where visitor_id = :'mark'`,
			{ mark },
		);
		assert.equal(n, answer.status === 200 ? '1' : '0', `create_session, ${row.name}`);
	}
};

/* Whose address was taken is told so when they come again. */
const assertNoSignup = async (stack, { fn, cells }) => {
	for (const { row, mark, answer } of cells.filter(({ row }) => !row.method)) {
		const again = await post(stack, fn, FUNCTIONS[fn](mark), keyHeaders(stack));
		assert.equal(again.json.alreadySignedUp, answer.status === 200, `${fn}, ${row.name}`);
	}
};

/* What was brought to prove something stands in no log. */
const assertUnlogged = (stack, columns, from) => {
	const secrets = columns.flatMap(({ cells }) =>
		cells.flatMap(({ row: { headers = {}, pair = {} } }) =>
			[headers.apikey, headers.authorization, pair.session_secret]))
		.filter((text) => text?.length > 20);
	for (const name of ['access', 'nginx', ...columns.map(({ fn }) => fn)]) {
		const log = stack.logs(name, from[name]);
		for (const secret of secrets)
			assert.ok(!log.includes(secret.replace(/^Bearer /, '')), `${name}: a secret`);
	}
};

const logLengths = (stack) =>
	Object.fromEntries(
		['access', 'nginx', ...Object.keys(FUNCTIONS)]
			.map((name) => [name, stack.logs(name).length]),
	);

/* ---- the table ---- */

const lineOf = (cells, widths) => `| ${cells.map((c, i) => c.padEnd(widths[i])).join(' | ')} |`;

/** {row: {function: told}} as Markdown. */
const render = (table) => {
	const lines = [
		['asked with', ...Object.keys(Object.values(table)[0])],
		...Object.entries(table).map(([name, cells]) => [name, ...Object.values(cells)]),
	];
	const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
	const [head, ...body] = lines.map((line) => lineOf(line, widths));
	return [head, lineOf(widths.map((n) => '-'.repeat(n)), widths), ...body].join('\n');
};

const parse = (text) => {
	const [head, , ...body] = text.split('\n').map((line) =>
		line.split('|').slice(1, -1).map((cell) => cell.trim()));
	return Object.fromEntries(
		body.map(([name, ...cells]) =>
			[name, Object.fromEntries(cells.map((cell, i) => [head[i + 1], cell]))]),
	);
};

const tableOf = (columns) =>
	Object.fromEntries(
		columns[0].cells.map(({ row }, i) =>
			[row.name, Object.fromEntries(columns.map(({ fn, cells }) => [fn, cells[i].told]))]),
	);

const difference = (agreed, answered) => {
	const rows = [...new Set([...Object.keys(agreed), ...Object.keys(answered)])];
	return rows.flatMap((row) => {
		const fns = Object.keys({ ...agreed[row], ...answered[row] });
		return fns
			.filter((fn) => agreed[row]?.[fn] !== answered[row]?.[fn])
			.map((fn) =>
				`${fn}, ${row}: ${agreed[row]?.[fn] ?? 'nothing'} is agreed upon, ` +
				`${answered[row]?.[fn] ?? 'nothing'} was answered`);
	});
};

const pick = (table, fns) =>
	Object.fromEntries(
		Object.entries(table).map(([row, cells]) =>
			[row, Object.fromEntries(fns.map((fn) => [fn, cells[fn]]))]),
	);

/* A stored table stands between two comments that name it. */
const stored = (name) => {
	const text = readFileSync(FILE, 'utf8');
	const [begin, end] = [`<!-- ${name}: begin -->\n`, `\n<!-- ${name}: end -->`];
	const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
	assert.ok(from > begin.length && to >= from, `${FILE} has no table ${name}`);
	return { before: text.slice(0, from), table: text.slice(from, to), behind: text.slice(to) };
};

const compare = (agreed, table) => {
	const cells = difference(agreed, table);
	assert.equal(cells.length, 0, `\n${cells.join('\n')}`);
};

const compareOrWrite = (name, table) => {
	const { before, table: agreed, behind } = stored(name);
	if (process.env.AUTHORISATION === 'write') {
		writeFileSync(FILE, before + render(table) + behind);
		return;
	}
	compare(parse(agreed), table);
	assert.equal(agreed, render(table), 'it is written otherwise');
};

/* With another setting: what it changes, and all else as it is without. */
const compareOther = (name, table, fns) => {
	compareOrWrite(name, pick(table, fns));
	if (process.env.AUTHORISATION === 'write') return;
	const others = Object.keys(FUNCTIONS).filter((fn) => !fns.includes(fn));
	compare(pick(parse(stored(DEFAULT).table), others), pick(table, others));
};

/* ---- the whole ---- */

/* Asks all of `stack`; compares the table, and looks for what was left behind. */
const checkWith = async (stack, compareTable) => {
	const from = logLengths(stack);
	const columns = await Promise.all(Object.keys(FUNCTIONS).map((fn) => askAll(stack, fn)));
	const column = (fn) => columns.find((it) => it.fn === fn);
	compareTable(tableOf(columns));
	assertHeaders(stack, columns);
	await assertUntouched(stack, columns);
	await assertNoSession(stack, column('create_session'));
	await assertNoSignup(stack, column('collect_email'));
	assertUnlogged(stack, columns, from);
};

/** At default settings. */
export const checkMatrix = (stack) =>
	checkWith(stack, (table) => compareOrWrite(DEFAULT, table));

/** With a setting that should make a difference for `fns` only. */
export const checkMatrixWith = (stack, setting, fns) =>
	checkWith(stack, (table) => compareOther(setting, table, fns));
