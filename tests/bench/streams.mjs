/* Streamed replies, many at once, and how many a second are too many:
 *
 *   node tests/bench/streams.mjs     (make bench-streams)
 *   SECONDS=20 RATES=40,60           for a part of it
 *
 * `open`: OPEN_RATE turns begin each second with a model so slow that one lasts some 20 seconds, so
 * 500 are open at once. None may fail or have a piece of sound out of turn, and the first sound is
 * to come no later than 250 ms (p95) after it could: the token that settles the first sentence,
 * then the speech. `rates`: providers at full speed, and ever more turns a second until answers
 * pile up; `cores` is what the stack used (`players`: provider and load, who share the machine).
 * Times are counted from when a turn was due; `strangers` is what else the machine did, in cores.
 *
 * Prints tables and writes var/bench/streams.json. Ends with 1 where something asked for is not. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { root } from '../integration/env/stack.mjs';
import { watchSizes } from './processes.mjs';
import {
	cpuBetween, DELAYS, drained, list, loadOf, messagesOf, number, openSessions, partsOf, readCpu,
	round, withStack,
} from './stage.mjs';

const OPEN_RATE = number('OPEN_RATE', 25);
const OPEN_SECONDS = number('OPEN_SECONDS', 40);
const RATES = list('RATES', '20,30,40,50,60,70,80,100,120').map(Number);
const SECONDS = number('SECONDS', 20);
const TURNS_OF_A_SESSION = 4;
const LATE_MS_MAX = 250;

const VOICE = 'event: audio';
const DONE = 'event: done';
const DEGRADED = '"degraded":[';

const SPEAKING = { ...DELAYS, sentences: 4, speech_speed: number('SPEECH_SPEED', 10) };
const SLOW = { ...SPEAKING, tokens: 96, tokens_per_s: 5 };
const QUICK = { ...SPEAKING, tokens: 36, sentences: 3 };

/* For a model that takes 20 seconds; and the first sentence is not begun ahead of its end, so that
 * it is known when it could be heard. */
const PATIENT = { LLM_TOTAL_MS: '28000', FIRST_PIECE_CHARS: '0' };

const firstSoundMs = ({ embed_ms, first_ms, tokens, sentences, tokens_per_s, speech_ms }) =>
	embed_ms + first_ms + (tokens / sentences / tokens_per_s) * 1000 + speech_ms;

const send = (stack, { rate, seconds, lanes }) => {
	const count = Math.round(rate * seconds);
	return loadOf(stack, '/functions/v1/agent_reply', {
		...{ rate, seconds, lanes },
		messages: messagesOf(count, true).map((inside) => `${inside},"is_performer_mode":true`),
		in_use: Math.ceil(count / TURNS_OF_A_SESSION),
		accept: 'text/event-stream',
		ordered: 1,
		marks: [VOICE, DONE, DEGRADED],
	});
};

const measure = async (stack, provider, delays, { rate, seconds }) => {
	const lanes = await openSessions(stack, Math.round(rate * seconds));
	const pids = partsOf(stack);
	const before = readCpu({ ...pids, provider: provider.pid });
	const sizes = watchSizes(pids);
	const load = await send(stack, { rate, seconds, lanes });
	const after = readCpu({ ...pids, provider: provider.pid });
	const { agent_reply } = sizes.stop();
	const cpu = cpuBetween(before, after);
	const wall = after.at - before.at;
	const late = (ms) => round(ms - firstSoundMs(delays));
	const row = {
		...{ rate, sent: load.sent, open: load.in_flight_max },
		failed: load.sent - load.marked[DONE],
		disordered: load.disordered,
		degraded: load.marked[DEGRADED],
		audio_over_p50: late(load.marks_ms[VOICE].p50),
		audio_over_p95: late(load.marks_ms[VOICE].p95),
		cores: round(cpu.stack / wall, 2),
		players: round((after.own - before.own) / wall, 2),
		strangers: round(cpu.strangers, 2),
		...agent_reply,
	};
	row.is_full =
		load.in_flight_end > 1.5 * load.in_flight_half + 5 || row.failed > load.sent / 100;
	await drained(stack);
	console.error(JSON.stringify(row));
	return row;
};

/* Models are loaded, connections made, statements known. */
const warmUp = async (stack) => {
	const lanes = await openSessions(stack, 20);
	await send(stack, { rate: 5, seconds: 4, lanes });
	await drained(stack);
};

const measureOpen = () =>
	withStack(SLOW, 'remote', PATIENT, async (stack, provider) => {
		await warmUp(stack);
		return measure(stack, provider, SLOW, { rate: OPEN_RATE, seconds: OPEN_SECONDS });
	});

const measureRates = () =>
	withStack(QUICK, 'remote', {}, async (stack, provider) => {
		await warmUp(stack);
		const rows = [];
		for (const rate of RATES) {
			rows.push(await measure(stack, provider, QUICK, { rate, seconds: SECONDS }));
			if (rows.at(-1).is_full) break;
		}
		return rows;
	});

const open = await measureOpen();
const rates = await measureRates();
console.table([open]);
console.table(rates);
mkdirSync(join(root, 'var/bench'), { recursive: true });
const report = { cores: cpus().length, slow: SLOW, quick: QUICK, open, rates };
writeFileSync(join(root, 'var/bench/streams.json'), `${JSON.stringify(report, null, '\t')}\n`);
const missed = [
	open.failed && `${open.failed} failed`,
	open.disordered && `${open.disordered} out of order`,
	open.audio_over_p95 > LATE_MS_MAX && `first audio ${open.audio_over_p95} ms late (p95)`,
].filter(Boolean);
if (missed.length) console.error(`not as asked: ${missed.join(', ')}`);
process.exitCode = missed.length ? 1 : 0;
