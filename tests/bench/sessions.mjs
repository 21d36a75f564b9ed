/* create_session beside pgbench: what the function adds to its own statement. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { poll, post, sql } from '../integration/env/client.mjs';
import { runLoad } from './drive.mjs';
import { percentile } from './measure.mjs';

const run = promisify(execFile);
const PGBENCH = join(process.env.PG_BIN ?? '/usr/lib/postgresql/15/bin', 'pgbench');
const ROUNDS = 3;
const CLIENTS = 16;
/* Of a visitor nobody knows: what is looked up of one who is known grows with their sessions. */
const BODY = { consent: true, mode: 'professional' };

const set = async (stack, ...settings) => {
	for (const setting of settings) await sql(stack, `alter system ${setting}`);
	await sql(stack, 'select pg_reload_conf()');
};

/* "execute NAME: STATEMENT", then a line with "DETAIL:  parameters: $1 = 'text', $2 = NULL". */
const LOGGED = new RegExp(
	'execute [^\\n:]+: ([^\\n]*(?:\\n\\t[^\\n]*)*)\\n[^\\t\\n][^\\n]* DETAIL:  ' +
		'parameters: ([^\\n]*(?:\\n\\t[^\\n]*)*)',
	'gi',
);
const PARAMETER = /\$(\d+) = (NULL|'((?:[^']|'')*)')/g;

/** The statement of create_session and its parameters, as the server saw them. */
const statementOf = async (stack) => {
	await set(stack, 'set log_min_duration_statement = 0', "set log_error_verbosity = 'default'");
	const from = stack.logs('postgresql').length;
	const [text, parameters] = await poll(async () => {
		await post(stack, 'create_session', BODY);
		const found = [...stack.logs('postgresql', from).matchAll(LOGGED)];
		return found.find(([, said]) => /insert into sessions/i.test(said))?.slice(1);
	});
	await set(stack, 'reset log_min_duration_statement', 'reset log_error_verbosity');
	const values = [...parameters.matchAll(PARAMETER)].map(([, n, whole, value]) => [
		n,
		whole === 'NULL' ? null : value.replaceAll("''", "'"),
	]);
	return { text: text.replaceAll('\n\t', '\n'), values: Object.fromEntries(values) };
};

/* pgbench takes every ":name" for a variable, also inside of a text, and knows no NULL. */
const spelled = (piece) => {
	if (piece.startsWith('--')) return '';
	return piece.includes(':') ? `E${piece.replaceAll(':', '\\x3a')}` : piece;
};

const scriptOf = ({ text, values }) =>
	`${text
		.replace(/'(?:[^']|'')*'|--[^\n]*/g, spelled)
		.replace(/\$(\d+)/g, (_, n) => (values[n] === null ? 'null' : `:p${n}`))};\n`;

const pgbench = async (stack, file, values, seconds) => {
	const { stdout } = await run(
		PGBENCH,
		[
			...['-n', '-M', 'prepared', '-c', CLIENTS, '-j', 2, '-T', seconds, '-f', file],
			...Object.entries(values)
				.filter(([, value]) => value !== null)
				.flatMap(([n, value]) => ['-D', `p${n}=${value}`]),
			...['-h', join(stack.dir, 'run/pg'), '-U', 'scribe_app', 'scribe'],
		].map(String),
		{ timeout: seconds * 1000 + 60000 },
	);
	return Number(/^tps = ([\d.]+)/m.exec(stdout)[1]);
};

const asked = async (stack, seconds) => {
	const messages = [JSON.stringify(BODY).slice(1, -1)];
	const report = await runLoad({
		...{ port: new URL(stack.baseUrl).port, path: '/functions/v1/create_session' },
		...{ clients: CLIENTS, seconds, messages },
	});
	if (report.answers[200] !== report.sent)
		throw new Error(`create_session: ${JSON.stringify(report.answers)}`);
	return (report.sent * 1000) / report.took_ms;
};

/** Answers a second of both in turn, three times, with as many clients: medians and their ratio. */
export const compareSessions = async (stack, seconds) => {
	const dir = mkdtempSync(join(tmpdir(), 'scribe-pgbench-'));
	const statement = await statementOf(stack);
	const file = join(dir, 'create_session.sql');
	writeFileSync(file, scriptOf(statement));
	const rounds = [];
	try {
		for (let i = 0; i < ROUNDS; i++)
			rounds.push({
				create_session: Math.round(await asked(stack, seconds)),
				pgbench: Math.round(await pgbench(stack, file, statement.values, seconds)),
			});
	} finally {
		rmSync(dir, { recursive: true });
	}
	const median = (name) => percentile(rounds.map((round) => round[name]), 50);
	const [create_session, bare] = [median('create_session'), median('pgbench')];
	const ratio = Math.round((create_session / bare) * 100) / 100;
	return { clients: CLIENTS, create_session, pgbench: bare, ratio, rounds };
};
