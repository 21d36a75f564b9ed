/* How quickly a reply stops, and whether history is what was sent of it:
 *
 *   node tests/bench/interrupt.mjs   (make bench-interrupt)
 *   INTERRUPTIONS=100 RATE=20 SEED=7
 *
 * Two agent_reply processes on one host behind nginx, so half of the cancels come to the one that
 * does not have the turn. Streamed turns begin at RATE a second, each in a session of its own, and
 * each is interrupted once at a moment drawn (SEED) from the time that a whole one takes, from its
 * first event: by {cancel}, by a newer message, or by leaving.
 *
 * `stop`: from when the interruption was written to its socket until the played provider saw the
 * last connection of that turn close, by the host's one clock. Calls that had ended by then are not
 * counted. `history`: what is stored as said against the pieces whose last part this client was
 * sent; of who left it can be more, for what nginx had in hand was sent as well, but whole
 * sentences always.
 *
 * Prints a table and writes var/bench/interrupt.json. Ends with 1 where not all is as asked. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { poll, sql } from '../integration/env/client.mjs';
import { readEvents } from '../integration/env/events.mjs';
import { randomFrom } from '../integration/env/random.mjs';
import { root } from '../integration/env/stack.mjs';
import { percentile } from './measure.mjs';
import { machineMs } from './processes.mjs';
import { startSecond } from './second.mjs';
import {
	DELAYS, drained, number, openSessions, round, sentence, withStack,
} from './stage.mjs';

const INTERRUPTIONS = number('INTERRUPTIONS', 1000);
const RATE = number('RATE', 20);
const SEED = number('SEED', Date.now() % 1_000_000);
const P95_MS_MAX = 50;
const MS_MAX = 250;
const END_CHARS_MAX = 80;

const SPOKEN = { ...DELAYS, tokens: 36, sentences: 3, speech_speed: 10 };
const random = randomFrom(SEED);
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
const nowUs = () => Number(process.hrtime.bigint() / 1000n);

/* A word of letters for each turn, by which the provider knows it. */
const tagOf = (n) =>
	`zq${String(n).padStart(6, '0').replace(/\d/g, (digit) => 'abcdefghij'[digit])}`;

/* ---- what the client does ---- */

/* A request that can be left: `response` comes with its head. */
const ask = (stack, lane, more, accept) => {
	const body = `{${lane},${JSON.stringify(more).slice(1, -1)}}`;
	const request = http.request(`${stack.baseUrl}/functions/v1/agent_reply`, {
		method: 'POST',
		agent,
		headers: {
			'content-type': 'application/json',
			'content-length': Buffer.byteLength(body),
			accept,
		},
	});
	request.on('error', () => {}); /* of who leaves */
	request.end(body);
	return { request, response: once(request, 'response').then(([response]) => response) };
};

const askJson = async (stack, lane, more) => {
	const response = await ask(stack, lane, more, 'application/json').response;
	const text = Buffer.concat(await response.toArray()).toString();
	return { status: response.statusCode, text };
};

const brokeOff = (turn, error) =>
	Object.assign(turn, { end: error.message.slice(0, END_CHARS_MAX) });

/* Reads a stream to its end: what was sent whole, and how it ended, be it that it broke off. */
const listen = async (turn, stack) => {
	const { request, response } = ask(
		stack,
		turn.lane,
		{ user_message: `${sentence()} ${turn.tag}`, turn_id: turn.tag, is_performer_mode: true },
		'text/event-stream',
	);
	turn.leave = () => request.destroy();
	let begun = '';
	try {
		for await (const { event, data } of readEvents(await response)) {
			turn.meta();
			if (turn.has_left) break;
			if (event === 'audio') begun = data.part === 0 ? data.text : begun;
			if (event === 'audio' && data.is_last) turn.sent += begun;
			if (event === 'done' || event === 'error') turn.end = data.code ?? event;
		}
	} catch (error) {
		if (!turn.has_left) brokeOff(turn, error);
	}
	turn.meta();
};

/* ---- interruptions ---- */

const WAYS = {
	cancel: (turn, stack) => askJson(stack, turn.lane, { cancel: true, turn_id: turn.tag }),
	newer: (turn, stack) =>
		askJson(stack, turn.lane, { user_message: `${sentence()} zqnewer`, audio: false }),
	leave: (turn) => {
		turn.has_left = true;
		turn.leave();
	},
};

const chosenWay = () => {
	const x = random();
	if (x < 0.6) return 'cancel';
	return x < 0.8 ? 'newer' : 'leave';
};

const runTurn = async (stack, turn, whole_ms) => {
	const moment_ms = random() * whole_ms;
	turn.way = chosenWay();
	const began = new Promise((resolve) => (turn.meta = resolve));
	const over = listen(turn, stack);
	await began;
	await Promise.race([over, pause(moment_ms)]);
	turn.was_over = turn.end !== undefined;
	turn.at_us = nowUs();
	const answer = await WAYS[turn.way](turn, stack);
	turn.status = answer?.status;
	await over;
	return turn;
};

/** How long a turn takes that nobody interrupts, from its first event. */
const wholeMs = async (stack, lane, tag) => {
	let from;
	const turn = { lane, tag, sent: '', meta: () => (from ??= performance.now()) };
	await listen(turn, stack);
	return performance.now() - from;
};

const interruptAll = async (stack, lanes) => {
	await wholeMs(stack, lanes[0], 'zqy');
	const whole_ms = await wholeMs(stack, lanes[1], 'zqx');
	const start = performance.now();
	const turns = [];
	for (let n = 0; n < INTERRUPTIONS; n++) {
		await pause(Math.max(0, start + (n * 1000) / RATE - performance.now()));
		const turn = { lane: lanes[n + 2], tag: tagOf(n), sent: '' };
		turns.push(runTurn(stack, turn, whole_ms).catch((error) => brokeOff(turn, error)));
	}
	return { whole_ms, turns: await Promise.all(turns) };
};

/* ---- what came of it ---- */

/* Notes of each turn when the last of its calls ended that were open when it was interrupted, or
 * came behind; but what was said becomes a memory later, and is embedded for that. */
const lastEnds = (log, turns) => {
	const byTag = new Map(turns.map((turn) => [turn.tag, turn]));
	for (const line of log.split('\n')) {
		const [tag, what, from, to] = line.split(' ');
		const turn = byTag.get(tag);
		if (!turn || turn.was_over || Number(to) <= turn.at_us) continue;
		if (what === 'embed' && Number(from) > turn.at_us) continue;
		turn.stopped_us = Math.max(turn.stopped_us ?? 0, Number(to));
	}
};

const LEFT = `select u.speaker, t.state, j.state, j.last_error, count(*) from utterances u
	left join turns t on t.session_id = u.session_id and t.turn = u.turn
	left join jobs j on j.kind = 'keep_utterances' and j.key = u.session_id::text
		and j.state <> 'done'
	where u.session_id = any(:'ids') and u.text = '' group by 1, 2, 3, 4`;

/* Words of a turn that did not end are sealed only, until a job masks them. */
const historyOf = async (stack, turns) => {
	const ids = turns.map(({ lane }) => JSON.parse(`{${lane}}`).session_id);
	const values = { ids: `{${ids.join(',')}}` };
	await poll(
		async () => {
			const left = await sql(stack, LEFT, values);
			if (left.length) throw new Error(`sealed only: ${JSON.stringify(left)}`);
			return true;
		},
		{ deadlineMs: 240000, everyMs: 500 },
	);
	const rows = await sql(
		stack,
		`select u.session_id, u.text from utterances u join turns t on t.session_id = u.session_id
			and t.turn = u.turn
		 where u.session_id = any(:'ids') and u.speaker = 'agent' and t.turn_id like 'zq%'`,
		values,
	);
	const said = new Map(rows);
	turns.forEach((turn, i) => (turn.history = said.get(ids[i]) ?? ''));
};

const isTrue = ({ way, sent, history, end }) =>
	way === 'leave' && end === undefined
		? history.startsWith(sent.trim()) && /^$|\.$/.test(history)
		: history === sent.trim();

/* It ended otherwise than as a whole or by the interruption, or that was refused. */
const isFailed = ({ way, end, status, was_over }) =>
	(status ?? 200) !== 200 ||
	!(end === 'done' || (end === 'superseded' && !was_over) || (way === 'leave' && !end));

const report = (whole_ms, turns) => {
	const rows = Object.keys(WAYS).map((way) => {
		const those = turns.filter((turn) => turn.way === way);
		const stops = those
			.filter(({ stopped_us }) => stopped_us)
			.map(({ at_us, stopped_us }) => (stopped_us - at_us) / 1000);
		return {
			way,
			turns: those.length,
			stopped: stops.length,
			stop_p50: round(percentile(stops, 50)),
			stop_p95: round(percentile(stops, 95)),
			stop_p99: round(percentile(stops, 99)),
			stop_max: round(Math.max(0, ...stops)),
			over_before: those.filter(({ was_over }) => was_over).length,
			failed: those.filter(isFailed).length,
			other_history: those.filter((turn) => !isTrue(turn)).length,
		};
	});
	return { seed: SEED, rate: RATE, whole_ms: round(whole_ms), rows };
};

const measure = async (stack, second, log) => {
	const lanes = await openSessions(stack, INTERRUPTIONS + 2);
	const before = { at: performance.now(), ...machineMs() };
	const { whole_ms, turns } = await interruptAll(stack, lanes);
	const after = { at: performance.now(), ...machineMs() };
	await historyOf(stack, turns);
	await drained(stack);
	lastEnds(readFileSync(log, 'utf8'), turns);
	for (const turn of turns.filter((one) => !isTrue(one) || isFailed(one)))
		console.error(`not as asked: ${JSON.stringify({ ...turn, lane: undefined })}`);
	return {
		...report(whole_ms, turns),
		cores: cpus().length,
		busy_cores: round((after.busy - before.busy) / (after.at - before.at), 2),
		by_the_second: second.log().split('"event":"request"').length - 1,
		turns: turns.map(({ lane, meta, leave, ...turn }) => turn),
	};
};

const main = async () => {
	const dir = mkdtempSync(join(tmpdir(), 'scribe-interrupt-'));
	const log = join(dir, 'calls');
	try {
		return await withStack({ ...SPOKEN, log }, 'remote', {}, async (stack) => {
			const second = await startSecond(stack);
			try {
				return await measure(stack, second, log);
			} finally {
				await second.stop();
			}
		});
	} finally {
		rmSync(dir, { recursive: true });
	}
};

const found = await main();
console.table(found.rows);
const { seed, busy_cores, by_the_second } = found;
console.log(JSON.stringify({ seed, busy_cores, by_the_second }));
mkdirSync(join(root, 'var/bench'), { recursive: true });
writeFileSync(join(root, 'var/bench/interrupt.json'), `${JSON.stringify(found, null, '\t')}\n`);
const isAsked = ({ stop_p95, stop_max, failed, other_history }) =>
	stop_p95 <= P95_MS_MAX && stop_max <= MS_MAX && failed + other_history === 0;
process.exitCode = found.rows.every(isAsked) ? 0 : 1;
agent.destroy();
