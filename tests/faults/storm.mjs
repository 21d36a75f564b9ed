/* A storm: people talk, sign up and leave memories while parts of the stack are killed again and
 * again, and then it is counted from outside, by ids, what became of all that was acknowledged.
 *
 * A visitor here is patient as a good client is: what is not answered is sent again until it is, by
 * half of them with an Idempotency-Key. What was answered is there exactly once; who has no key may
 * have said something twice if nobody answered for long. A Slack message may be missing only where
 * the stack itself says that it does not know (`uncertain`). */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseIsBack, killUnit } from '../integration/env/breaking.mjs';
import { keyHeaders, pairOf, poll, post, sql } from '../integration/env/index.mjs';
import { randomFrom } from '../integration/env/random.mjs';

const CALLS_A_PERSON = 70;
const TURNS_OF_A_SESSION = 4;
const AGAIN_MS = 250;
const PATIENCE_MS = 120000;
/* What a client may be told while parts of the stack are gone; 409: what it has sent before is
 * still being answered, or whoever did has not been missed yet. */
const AWAY = [409, 429, 502, 503, 504];

/* As many visitors are leads as call a person now and then, and sign up as often. */
const isLead = (n) => n % 5 === 3;
const signsUp = (n) => n % 5 === 1;
const keepsNote = (n) => n % 5 === 2;
const hasKeys = (n) => n % 2 === 0;

const HOT = (n) =>
	'Hi, I am the CTO of an enterprise company. We need retrieval for search this month, our ' +
	`budget is $100,000. Write to cto.${n}@storm-test.example or call +1 415 555 0123.`;
const TALK = [
	'We run a bakery near the coast.',
	'What would you plant in a small garden?',
	'How does a pipe organ make its sound?',
	'Tell me more about that, please.',
];
const addressOf = (n) => `visitor.${n}@storm-test.example`;

/** Settings of a stack that is to stand it. */
export const STORM_ENV = {
	SESSION_RATE_PER_MINUTE: '0',
	RATE_AGENT_REPLY: '0',
	RATE_CREATE_SESSION: '0',
	SLACK_INTERVAL_MS: '0',
	MAIL_INTERVAL_MS: '0',
	JOBS_RETRY_MS: '500',
	LLM_PROVIDERS: 'groq,builtin',
	TTS_PROVIDERS: 'elevenlabs,local',
	MEMORY_KEEP_MS: '1000',
};

/* ---- what visitors do ---- */

/* A broken connection is what fetch throws as a TypeError; but what a killed nginx has sent of an
 * answer it takes for all of it, where the connection is for one request. */
const attempt = async (stack, fn, body, headers) => {
	try {
		const answer = await post(stack, fn, body, headers);
		const isCut = answer.status === 200 && !answer.json && !answer.text.endsWith('}');
		return isCut ? { status: 0, text: 'the answer was cut' } : answer;
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		return { status: 0, text: error.cause?.code ?? error.message };
	}
};

/** Sends until it is answered; what came before is counted in `seen`. */
const insist = async (stack, seen, fn, body, more) => {
	const headers = { ...keyHeaders(stack), ...more };
	const end = performance.now() + PATIENCE_MS;
	for (;;) {
		const answer = await attempt(stack, fn, body, headers);
		const name = `${fn} ${answer.status}`;
		seen.answers[name] = (seen.answers[name] ?? 0) + 1;
		if (answer.status === 200) return answer.json;
		if (answer.status && !AWAY.includes(answer.status))
			throw new Error(`${name}: ${answer.text}`);
		if (performance.now() > end)
			throw new Error(`${name} for ${PATIENCE_MS} ms: ${answer.text}`);
		await pause(AGAIN_MS);
	}
};

const visit = async (stack, seen, run, n) => {
	const ask = (fn, body, hasKey = true) =>
		insist(stack, seen, fn, body, hasKey && { 'idempotency-key': crypto.randomUUID() });
	const session = pairOf(await ask('create_session', {}));
	const visitor = { ...session, n, turns: [] };
	for (let i = 0; i < TURNS_OF_A_SESSION; i++) {
		const user_message = isLead(n) && i === 0 ? HOT(n) : TALK[i];
		const body = { ...session, user_message, audio: i % 2 === 0 };
		const { turn_id, text, extract } = await ask('agent_reply', body, hasKeys(n));
		visitor.turns.push({ turn_id, text, said: user_message, score: extract?.lead_score });
	}
	if (signsUp(n)) {
		await ask('collect_email', { ...session, email: addressOf(n) });
		visitor.email = addressOf(n);
	}
	if (keepsNote(n)) {
		const note = { ...session, scope: 'long', content: `Note ${run} of visitor ${n}.` };
		visitor.memory_id = (await ask('save_memory', note)).memory.id;
	}
	seen.visitors.push(visitor);
};

/* Visitors begin at an even pace, whatever became of those before them. */
const visitAll = async (stack, seen, { run, seconds, rate }) => {
	const count = Math.ceil((seconds * rate) / TURNS_OF_A_SESSION);
	const begin = performance.now();
	const visits = [];
	for (let n = 0; n < count; n++) {
		const due = begin + (n / count) * seconds * 1000;
		await pause(Math.max(0, due - performance.now()));
		visits.push(visit(stack, seen, run, n).catch((error) => {
			seen.problems.push(`visitor ${n}: ${error.message.slice(0, 400)}`);
		}));
	}
	await Promise.all(visits);
};

/* ---- what befalls the stack ---- */

const partsOf = (stack) => readdirSync(join(stack.dir, 'sv')).filter(
	(name) => !['prometheus', 'alertmanager'].includes(name),
);

/* Killed, and how long until it is there again: a health that answers, a database that does. */
const killOne = async (stack, name) => {
	const old = await killUnit(stack, name);
	const start = performance.now();
	await poll(() => ![old, null].includes(stack.pidOf(name)), { everyMs: 10 });
	if (name === 'postgresql') await databaseIsBack(stack);
	return Math.round(performance.now() - start);
};

const killUntil = async (stack, seen, { random, pause_ms, isOver }) => {
	const parts = partsOf(stack);
	const hearts = parts.filter((name) => ['agent_reply', 'nginx', 'postgresql'].includes(name));
	while (!isOver()) {
		await pause(random() * pause_ms);
		const among = random() < 0.5 ? hearts : parts;
		const name = among[Math.floor(random() * among.length)];
		const ms = await killOne(stack, name);
		const before = seen.kills[name] ?? { kills: 0, back_ms: 0 };
		seen.kills[name] = {
			kills: before.kills + 1,
			back_ms: Math.max(before.back_ms, ms),
		};
	}
};

/* ---- what is left ---- */

const isDrained = async (stack) => {
	await sql(stack, `update jobs set run_at = now() where state = 'ready' and run_at > now()
		and kind in ('keep_utterances', 'slack_lead', 'confirm_mail')`);
	const [[n]] = await sql(stack, `select count(*) from jobs where state in ('ready', 'running')
		and kind in ('keep_utterances', 'slack_lead', 'confirm_mail')`);
	return n === '0';
};

const countBy = (rows, keyOf) => {
	const counts = new Map();
	for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
	return counts;
};

/* Words of a turn that died are those of the one that adopts them. */
const checkUtterances = async (stack, { visitors, problems }) => {
	const rows = await sql(stack, `select u.session_id, coalesce(t.turn_id, '-'), u.speaker,
			coalesce(u.text, '')
		from utterances u left join lateral (
			select turn_id from turns t where t.session_id = u.session_id
				and (t.visitor_utterance_id = u.id or u.speaker = 'agent' and t.turn = u.turn)
				order by t.turn desc limit 1) t on true`);
	const counts = countBy(rows, ([session, turn, speaker]) => `${session} ${turn} ${speaker}`);
	const texts = new Map(rows.map(([session, turn, speaker, text]) =>
		[`${session} ${turn} ${speaker}`, text]));
	const ofSession = countBy(rows, ([session]) => session);
	for (const { session_id, turns, n } of visitors) {
		for (const { turn_id, text, said } of turns)
			for (const [speaker, words] of [['visitor', said], ['agent', text]]) {
				const id = `${session_id} ${turn_id} ${speaker}`;
				if (counts.get(id) !== 1)
					problems.push(`visitor ${n}: ${counts.get(id) ?? 0} times: ${id}`);
				else if (texts.get(id) !== words && !isLead(n))
					problems.push(`visitor ${n}: ${id}: '${texts.get(id)}' for '${words}'`);
			}
		if (hasKeys(n) && ofSession.get(session_id) !== 2 * turns.length)
			problems.push(`visitor ${n}: ${ofSession.get(session_id)} utterances`);
	}
};

const checkExtracts = async (stack, { visitors, problems }) => {
	const rows = await sql(stack, `select session_id, turn_id, lead_score from extracts
		join turns using (session_id, turn)`);
	const counts = countBy(rows, (row) => row.join(' '));
	for (const { n, session_id, turns } of visitors)
		for (const { turn_id, score } of turns.filter((turn) => turn.score !== undefined)) {
			const id = `${session_id} ${turn_id} ${score}`;
			if (counts.get(id) !== 1)
				problems.push(`visitor ${n}: ${counts.get(id) ?? 0} times extract ${id}`);
		}
};

const checkNotes = async (stack, { visitors, problems }, run) => {
	const rows = await sql(stack, `select content #>> '{}' from memories
		where content #>> '{}' like :'like'`, {
		like: `Note ${run} of visitor %`,
	});
	const counts = countBy(rows, ([content]) => content);
	for (const { n, memory_id } of visitors.filter((visitor) => visitor.memory_id)) {
		const times = counts.get(`Note ${run} of visitor ${n}.`);
		if (times !== 1) problems.push(`visitor ${n}: ${times ?? 0} times memory ${memory_id}`);
	}
};

const checkMails = async (stack, { visitors, problems }) => {
	const { resend } = await stack.sim.outbox();
	const counts = countBy(resend.flatMap(({ to }) => [to].flat()), (to) => to);
	for (const { n, email } of visitors.filter((visitor) => visitor.email))
		if (counts.get(email) !== 1)
			problems.push(`visitor ${n}: ${counts.get(email) ?? 0} mails to ${email}`);
};

/* At most once, and where it is not there, the stack says that it does not know. */
const checkSlack = async (stack, { visitors, problems }) => {
	const { slack } = await stack.sim.outbox();
	const sessionIn = (message) => /Session ([0-9a-f-]{36})/.exec(JSON.stringify(message))?.[1];
	const counts = countBy(slack, sessionIn);
	const unsure = new Set((await sql(stack, `select session_id from slack_alerts
		where state = 'uncertain'`)).flat());
	const leads = visitors.filter(({ turns }) =>
		turns.some(({ score }) => score >= CALLS_A_PERSON));
	for (const { n, session_id } of leads) {
		const times = counts.get(session_id) ?? 0;
		if (times > 1 || (!times && !unsure.has(session_id)))
			problems.push(`visitor ${n}: ${times} messages to Slack`);
	}
	return { leads: leads.length, told: slack.length, uncertain: unsure.size };
};

/** Runs a storm of so many seconds over a stack with a simulator and STORM_ENV: `rate` turns a
 * second, a kill each `pause_ms` / 2 or so, after the last of which all is to be there. What was
 * seen: {answers, kills, visitors, turns, slack, problems}. */
export const storm = async (stack, { seconds, rate, pause_ms, seed }) => {
	const run = `${seed}`;
	const seen = { answers: {}, kills: {}, visitors: [], problems: [] };
	const end = performance.now() + seconds * 1000;
	const isOver = () => performance.now() > end;
	await Promise.all([
		visitAll(stack, seen, { run, seconds, rate }),
		killUntil(stack, seen, { random: randomFrom(seed), pause_ms, isOver }),
	]);
	await poll(() => isDrained(stack), { deadlineMs: PATIENCE_MS, everyMs: 250 });
	await checkUtterances(stack, seen);
	await checkExtracts(stack, seen);
	await checkNotes(stack, seen, run);
	await checkMails(stack, seen);
	const slack = await checkSlack(stack, seen);
	const turns = seen.visitors.reduce((n, visitor) => n + visitor.turns.length, 0);
	return { ...seen, visitors: seen.visitors.length, turns, slack };
};
