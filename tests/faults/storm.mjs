/* Visitors who talk, sign up and become leads while anything dies at any moment, and what is left
 * of it: judged by ids, from outside.
 *
 * A visitor says the same thing again, with its Idempotency-Key, until it is answered; what was
 * answered counts as acknowledged. Victims are drawn from all programs, nginx and PostgreSQL, and
 * killed (kill -9) at moments drawn by a seed. In the end, once jobs have run: each acknowledged
 * word, reply and extract stands once; each acknowledged sign-up has one mail; each lead one
 * message at most, and where none or a doubt is left, it stands as such. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseIsBack, familyOf } from '../integration/env/breaking.mjs';
import { functionNames, newSession, pairOf, poll, post, sql } from '../integration/env/index.mjs';
import { randomFrom } from '../integration/env/random.mjs';

/** Settings of the stack for one: nobody is refused for talking much, and nothing waits for its
 * place in time. */
export const STORMY = {
	SESSION_RATE_PER_MINUTE: '0',
	...Object.fromEntries(
		['CALLER_DAILY_TOKENS', 'CALLER_DAILY_CHARACTERS', 'CALLER_DAILY_REQUESTS'].map((name) => [
			name,
			'2000000000',
		]),
	),
	MAIL_DAILY_MESSAGES: '0',
	MAIL_INTERVAL_MS: '0',
	SLACK_INTERVAL_MS: '0',
	JOBS_RETRY_MS: '100',
};

const INSIST_MS = 120000;
const LEAD_SCORE = 70; /* from which a message is due */
const SETTLE_MS = 240000;
const LEADS_SHARE = 0.05;
const SIGNUPS_SHARE = 0.1;
const OFTEN = ['agent_reply', 'nginx', 'nginx', 'postgresql', 'postgresql', 'postgresql'];
const CALM_MS = [500, 3500];

const statusOfNone = (error) => ({ status: error.cause?.code ?? error.name });

/* Asks until the answer is 200; undefined if it never is. */
const insist = async (ask, others) => {
	const end = performance.now() + INSIST_MS;
	while (performance.now() < end) {
		const answer = await ask().catch(statusOfNone);
		if (answer.status === 200) return answer;
		others[answer.status] = (others[answer.status] ?? 0) + 1;
		await pause(100);
	}
	return undefined;
};

const HOT =
	'I am the CTO at Northwind, an enterprise company. We need retrieval for search ' +
	'this month, our budget is $100,000.';

class Storm {
	constructor(stack, { rate, seconds, seed }) {
		Object.assign(this, { stack, rate, seconds, seed, random: randomFrom(seed) });
		this.turns = [];
		this.signups = [];
		this.killed = [];
		this.others = {};
		this.waits = [];
		this.sessions = [];
		this.isOver = false;
	}

	/* ---- visitors ---- */

	async say(n) {
		const isLead = this.random() < LEADS_SHARE;
		const words = `${isLead ? HOT : 'We build search for shops.'} This is message ${n}.`;
		const from = performance.now();
		const created = isLead || !this.sessions.length || this.random() < 0.3;
		const session = created ? await this.#open() : this.sessions.pop();
		if (!session) return;
		const body = { ...pairOf(session), user_message: words, audio: n % 10 === 0 };
		const key = { 'idempotency-key': crypto.randomUUID() };
		const ask = () => post(this.stack, 'agent_reply', body, key);
		const answer = await insist(ask, this.others);
		this.turns.push({ session, words, isLead, answer: answer?.json });
		if (answer) this.waits.push(performance.now() - from);
		if (answer && !isLead) this.sessions.push(session);
	}

	async #open() {
		let session;
		await insist(async () => {
			session = await newSession(this.stack);
			return { status: 200 };
		}, this.others);
		return session;
	}

	async signUp(n) {
		const email = `visitor.${n}.${this.seed}@storm-test.example`;
		const ask = () => post(this.stack, 'collect_email', { email });
		const answer = await insist(ask, this.others);
		this.signups.push({ email, isAcknowledged: answer !== undefined });
	}

	async talk() {
		const under_way = [];
		const start = performance.now();
		for (let n = 0; n < this.rate * this.seconds; n++) {
			await pause(Math.max(0, start + (n * 1000) / this.rate - performance.now()));
			under_way.push(this.say(n));
			if (this.random() < SIGNUPS_SHARE) under_way.push(this.signUp(n));
		}
		this.isOver = true;
		await Promise.all(under_way);
	}

	/* ---- who dies ---- */

	async #pidsOf(name) {
		const pid = await poll(() => this.stack.pidOf(name));
		return name === 'nginx' ? familyOf(pid) : [pid];
	}

	async #isBack(name, old) {
		if (name === 'postgresql') await databaseIsBack(this.stack);
		await poll(() => ![null, old].includes(this.stack.pidOf(name)));
	}

	async rage() {
		const names = [...functionNames(), ...OFTEN];
		while (!this.isOver) {
			await pause(CALM_MS[0] + this.random() * (CALM_MS[1] - CALM_MS[0]));
			const name = names[Math.floor(this.random() * names.length)];
			const pids = await this.#pidsOf(name);
			const from = performance.now();
			for (const pid of pids) process.kill(pid, 'SIGKILL');
			await this.#isBack(name, pids[0]);
			this.killed.push({ name, back_ms: Math.round(performance.now() - from) });
		}
	}

	/* ---- what is left ---- */

	/* Jobs that failed meanwhile wait for their next attempt: not here. */
	settle() {
		return poll(
			async () => {
				await sql(this.stack, `update jobs set run_at = now()
					where state = 'ready' and run_at > now() and kind in
					('slack_lead', 'confirm_mail', 'keep_utterances')`);
				const open = await sql(this.stack, `select kind, state, last_error from jobs
					where state in ('ready', 'running') and kind in
					('slack_lead', 'confirm_mail', 'keep_utterances')
					union all select 'turn', state, null from turns where state = 'running'`);
				if (open.length) throw new Error(JSON.stringify(open.slice(0, 5)));
				return true;
			},
			{ deadlineMs: SETTLE_MS, everyMs: 500 },
		);
	}

	async #historyProblems() {
		const rows = await sql(this.stack, `select u.session_id, u.speaker, u.text,
			(select count(*) from extracts e where e.utterance_id = u.id) from utterances u
			order by u.session_id, u.position`);
		const bySession = new Map();
		for (const row of rows)
			bySession.set(row[0], [...(bySession.get(row[0]) ?? []), row]);
		return this.turns.flatMap(({ session, words, answer }) => {
			const history = bySession.get(session.session_id) ?? [];
			const at = history.findIndex(([, who, text]) => who === 'visitor' && text === words);
			const times = history.filter(([, , text]) => text === words).length;
			const [, who, reply] = history[at + 1] ?? [];
			const problems = [];
			if (times > 1 || (answer && !times)) problems.push(`said ${times} times`);
			if (answer && (who !== 'agent' || reply !== answer.text))
				problems.push(`then ${who} said: ${reply}`);
			if (answer?.extract && Number(history[at]?.[3]) !== 1)
				problems.push(`${history[at]?.[3]} extracts`);
			const told = `${words.slice(-24)} told ${answer?.text}`;
			return problems.map((problem) => `${told}: ${problem}`);
		});
	}

	#mailProblems(outbox) {
		return this.signups.flatMap(({ email, isAcknowledged }) => {
			const n = outbox.resend.filter(({ to }) => [to].flat().includes(email)).length;
			return n > 1 || (isAcknowledged && n === 0) ? [`${email}: ${n} mails`] : [];
		});
	}

	/* A doubt is not a loss: it stands where a person sees it. */
	async #leadProblems(outbox) {
		const rows = await sql(this.stack, `select a.session_id, a.state || ' ' || j.state
			from slack_alerts a join jobs j on j.kind = 'slack_lead'
				and j.key = a.session_id::text`);
		const states = new Map(rows);
		const isHot = ({ answer }) => answer?.extract?.lead_score >= LEAD_SCORE;
		const leads = this.turns.filter(isHot);
		this.leads = leads.length;
		return leads.flatMap(({ session }) => {
			const id = session.session_id;
			const n = outbox.slack.filter((message) => JSON.stringify(message).includes(id)).length;
			const state = states.get(id);
			const isDoubt = state === 'uncertain dead';
			const isWell = isDoubt ? n <= 1 : n === 1 && state === 'sent done';
			if (isDoubt) this.doubts++;
			return isWell ? [] : [`lead ${id}: ${n} messages, ${state}`];
		});
	}

	async judge() {
		const outbox = await this.stack.sim.outbox();
		this.doubts = 0;
		return [
			...(await this.#historyProblems()),
			...this.#mailProblems(outbox),
			...(await this.#leadProblems(outbox)),
		];
	}
}

const percentileOf = (values, share) =>
	Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0);

/** Rages over the stack, whose providers are the simulator's; what came of it, with `problems`. */
export const storm = async (stack, { rate, seconds, seed, kills = true }) => {
	await stack.sim.settings({ slack: { per_second: 0 }, resend: { per_second: 0 } });
	const one = new Storm(stack, { rate, seconds, seed });
	await Promise.all([one.talk(), kills && one.rage()]);
	await one.settle();
	const problems = await one.judge();
	assert.ok(one.turns.length, 'nobody said anything');
	return {
		...{ seed, rate, seconds, turns: one.turns.length, signups: one.signups.length },
		acknowledged: one.turns.filter(({ answer }) => answer).length,
		leads: one.leads,
		doubts: one.doubts,
		kills: one.killed.length,
		back_ms_max: Math.max(0, ...one.killed.map(({ back_ms }) => back_ms)),
		wait_ms_p50: percentileOf(one.waits, 0.5),
		wait_ms_p99: percentileOf(one.waits, 0.99),
		wait_ms_max: percentileOf(one.waits, 1 - 1e-9),
		others: one.others,
		killed: one.killed,
		problems,
	};
};
