/* Who sees what of each table: the answers make a table, which is compared with the one that
 * tests/data/rest_access.md holds as what has been agreed upon. AUTHORISATION=write writes it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePart, newSession, request, root, signToken, sql } from './env/index.mjs';
import { newPerson } from './people.mjs';

const FILE = join(root, 'tests/data/rest_access.md');
const HOUR_S = 3600;

/* What a text shows of who said it. */
const shown = (text) => text.match(/Dana|\[\w+\]/)?.[0] ?? '';

/* Of each: how one row of a session is found, and what it shows of the visitor. */
const TABLES = {
	sessions: ['id', '', ({ email }) => email.replace(/@.*/, '@…')],
	utterances: ['session_id', '&order=ts', ({ text }) => shown(text)],
	extracts: ['session_id', '', ({ entities }) => entities.person_name ?? 'no name'],
	summaries: ['session_id', '', () => ''],
	events: ['session_id', '&order=ts', () => ''],
	memories: ['session_id', '&order=occurred_at', ({ content }) => shown(JSON.stringify(content))],
	action_items: ['session_id', '', () => ''],
};

const whoever = async (stack) => {
	const now = Math.floor(Date.now() / 1000);
	const bearer = (token) => ({ apikey: stack.anonKey, authorization: `Bearer ${token}` });
	const [owner, admin, viewer, demoted, out, shut, over, unadmitted] = await Promise.all(
		['owner', 'admin', 'viewer', 'owner', 'admin', 'admin', 'admin', 'admin']
			.map((role) => newPerson(stack, role)));
	await sql(stack, `update profiles set role = 'viewer' where id = :'id'`, { id: demoted.id });
	await sql(stack, `update auth_sessions set revoked_at = now() where id = :'id'`,
		{ id: out.session });
	await sql(stack, `update people set disabled_at = now() where id = :'id'`, { id: shut.id });
	await sql(stack, `update auth_sessions set ends_at = now() where id = :'id'`,
		{ id: over.session });
	await sql(stack, `update people set admitted_at = null where id = :'id'`,
		{ id: unadmitted.id });
	const [head, , signature] = viewer.token.split('.');
	const raised = encodePart({ ...admin.claims, exp: now + HOUR_S });
	const session = await newSession(stack);
	return {
		'nothing': {},
		'anon key': { apikey: stack.anonKey },
		'wrong key': { apikey: `${stack.anonKey}x` },
		'a visitor\'s realtime token': bearer(session.realtime_token),
		'nobody\'s token': bearer(signToken(stack, { ...admin.claims, sub: randomUUID() })),
		'somebody else\'s session': bearer(signToken(stack,
			{ ...viewer.claims, session_id: admin.session })),
		'expired token': bearer(signToken(stack, { ...admin.claims, exp: now - HOUR_S })),
		'token of another secret': bearer(signToken(stack, admin.claims,
			{ secret: 'x'.repeat(32) })),
		'token without a signature': bearer(signToken(stack, admin.claims, { alg: 'none' })),
		'token with changed claims': bearer(`${head}.${raised}.${signature}`),
		'role postgres': bearer(signToken(stack, { ...admin.claims, role: 'postgres' })),
		'signed out': bearer(out.token),
		'session over': bearer(over.token),
		'shut out': bearer(shut.token),
		'not admitted': bearer(unadmitted.token),
		'demoted to viewer': bearer(demoted.token),
		'viewer': bearer(viewer.token),
		'admin': bearer(admin.token),
		'owner': bearer(owner.token),
		'service key': bearer(signToken(stack, { role: 'service_role' })),
	};
};

const cell = async (stack, headers, table, session_id) => {
	const [column, order, show] = TABLES[table];
	const { status, json, text } = await request(stack, 'GET',
		`/rest/v1/${table}?${column}=eq.${session_id}&limit=1${order}`, { headers });
	if (status !== 200) return `${status} ${json?.code ?? text}`;
	return json.length ? `rows ${show(json[0])}`.trim() : 'none';
};

const asLines = (rows) => {
	const names = ['asked with', ...Object.keys(TABLES)];
	const table = [names, names.map((name) => '-'.repeat(name.length)), ...rows];
	const widths = names.map((_, i) => Math.max(...table.map((row) => row[i].length)));
	return table.map((row, n) => `| ${row.map((text, i) =>
		text.padEnd(widths[i], n === 1 ? '-' : ' ')).join(' | ')} |`).join('\n');
};

/** Asks, compares, and writes where it is told to. */
export const checkRestMatrix = async (stack, session_id) => {
	const rows = [];
	for (const [name, headers] of Object.entries(await whoever(stack))) {
		const row = [name];
		for (const table of Object.keys(TABLES))
			row.push(await cell(stack, headers, table, session_id));
		rows.push(row);
	}
	const [before, , behind] = readFileSync(FILE, 'utf8')
		.split(/(<!-- begin -->\n[^]*<!-- end -->)/);
	const text = `${before}<!-- begin -->\n${asLines(rows)}\n<!-- end -->${behind}`;
	if (process.env.AUTHORISATION === 'write') writeFileSync(FILE, text);
	assert.equal(text, readFileSync(FILE, 'utf8'), 'make authorisation shows what has changed');
};
