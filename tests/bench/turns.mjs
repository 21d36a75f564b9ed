/* What turns cost as they come faster, and when thousands wait:
 *
 *   node tests/bench/turns.mjs       (make bench-turn)
 *   RATES=10,50 SECONDS=60 EMBED=remote PARTS=turns      for some of it only
 *
 * A stack of its own, the providers played by tests/bench/provider.c, turns sent by
 * tests/bench/load.c, all over the loopback. Latency is counted from when a turn was due.
 * `over` is what a turn took beyond the critical path of its providers: the embedding of what was
 * said (where it is remote), the streamed reply to its last token, then the speech; or the
 * extraction beside them, should that take longer. Processor time is everything the stack's
 * processes used from the first turn until no job was due any more, for each turn sent; the
 * provider and the load are not in it. `strangers` is what else the machine did meanwhile, in
 * cores: above a tenth or so the times are not the stack's own. `full` tells what piled up, turns
 * or their jobs, and how many answers came each second. `behind`: jobs that were due when the last
 * answer came; `left`: those that still were two minutes later, whose cost is missing.
 *
 * `streams` are turns whose answer is streamed: until the first text and the first audio, beyond
 * what of their providers they have to wait for (the first token; the token behind the first
 * sentence, then the speech), beside the same turns thought first and spoken then, by two requests
 * (`then`; `share` is the first audio's part of it, `json_share` the whole answer's as JSON).
 *
 * Parts (PARTS): provider (alone), sessions (create_session beside pgbench), turns, streams,
 * waiting.
 * Prints tables and writes var/bench/turns.json. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { poll } from '../integration/env/client.mjs';
import { root } from '../integration/env/stack.mjs';
import { runLoad, startProvider } from './drive.mjs';
import { watchSizes } from './processes.mjs';
import { compareSessions } from './sessions.mjs';
import {
	cpuBetween, DELAYS, drained, dueJobs, list, loadOf, messagesOf, number, openSessions, partsOf,
	readCpu, round, sum, withStack,
} from './stage.mjs';

const PARTS = list('PARTS', 'provider,sessions,turns,streams,waiting');
const EMBED = list('EMBED', 'local,remote');
const RATES = list('RATES', '1,10,20,50,100').map(Number);
const STREAM_RATES = list('STREAM_RATES', '1,10,50').map(Number);
const WAITING = list('WAITING', '1000,2000').map(Number);
const AUDIO = list('AUDIO', '1,0').map((text) => text === '1');
const SECONDS = number('SECONDS', 30);
const WAITING_RATE = number('WAITING_RATE', 125);
const SESSION_SECONDS = number('SESSION_SECONDS', 5);
const TURNS_OF_A_SESSION = 4;
const LOCAL_RATE_MAX = 50;
const RATE_WITHOUT_AUDIO = 10;
const JOBS_LATE_S = 5;
const IDLE_MS = 5000;

const DEGRADED = '"degraded":[';
const FROM_MODEL = '"provider":"groq"';
const TEXT = 'event: text';
const VOICE = 'event: audio';
const DONE = 'event: done';

/* A session comes back after some seconds; as many more stand by for when answers take longer. */
const sendTurns = async (stack, { rate, count, audio, seconds = count / rate, lanes }) =>
	runLoad({
		port: new URL(stack.baseUrl).port,
		path: '/functions/v1/agent_reply',
		...{ rate, seconds, lanes, messages: messagesOf(count, audio) },
		in_use: Math.ceil(count / TURNS_OF_A_SESSION),
		marks: [DEGRADED, FROM_MODEL],
	});

const eventsIn = (text, name) => text.split(`"event":"${name}"`).length - 1;

/* ---- turns at a rate ---- */

const criticalMs = (delays, { embed, audio }) => {
	const { first_ms, tokens, tokens_per_s, speech_ms, embed_ms, extract_ms } = delays;
	const embedded = embed === 'remote' ? embed_ms : 0;
	const replied = embedded + first_ms + ((tokens - 1) * 1000) / tokens_per_s;
	return Math.max(replied + (audio ? speech_ms : 0), extract_ms);
};

const piledUp = (load, { rate, achieved, behind }) => {
	const turns = achieved < 0.95 * rate || load.in_flight_end > 1.5 * load.in_flight_half + 5;
	const piles = [turns && 'turns', behind > JOBS_LATE_S * rate && 'jobs'].filter(Boolean);
	return piles.length ? `${piles.join(', ')}: ${round(achieved)}/s` : '';
};

/* Who was answered, and how; `achieved` counts until the last answer came. */
const outcomeOf = (load, { rate, seconds, critical, behind = 0 }) => {
	const ok = load.answers[200] ?? 0;
	const achieved = ok / Math.max(seconds, (load.took_ms - critical) / 1000);
	return {
		sent: load.sent,
		failed: load.sent - ok,
		degraded: load.marked[DEGRADED],
		achieved: round(achieved, 2),
		full: piledUp(load, { rate, achieved, behind }),
		over_p50: ok ? round(load.p50_ms - critical) : null,
		over_p95: ok ? round(load.p95_ms - critical) : null,
		over_p99: ok ? round(load.p99_ms - critical) : null,
		in_flight: load.in_flight_max,
	};
};

const costOf = (cpu, turns) => {
	const each = (ms) => round(ms / turns, 2);
	const named = ['agent_reply', 'save_memory', 'nginx', 'postgresql'];
	const others = Object.entries(cpu.parts).filter(([name]) => !named.includes(name));
	return {
		cpu_ms: each(cpu.stack),
		...Object.fromEntries(named.map((name) => [name, each(cpu.parts[name])])),
		others: each(sum(others.map(([, ms]) => ms))),
		provider: each(cpu.provider),
	};
};

const measureRate = async (stack, provider, wanted) => {
	const { rate, audio, seconds } = wanted;
	const count = Math.round(rate * seconds);
	const lanes = await openSessions(stack, count);
	const pids = partsOf(stack);
	const from = stack.logs('agent_reply').length;
	await provider.stats();
	const before = readCpu({ ...pids, provider: provider.pid });
	const sizes = watchSizes(pids);
	const load = await sendTurns(stack, { rate, count, audio, lanes });
	const { late_p99_ms } = await provider.stats();
	const behind = await dueJobs(stack);
	const left = await drained(stack);
	const largest = sizes.stop();
	const cpu = cpuBetween(before, readCpu({ ...pids, provider: provider.pid }));
	const critical = criticalMs(DELAYS, wanted);
	return {
		...{ embed: wanted.embed, rate, audio, seconds, critical_ms: round(critical) },
		...outcomeOf(load, { rate, seconds, critical, behind }),
		not_recalled: eventsIn(stack.logs('agent_reply', from), 'not_recalled'),
		...costOf(cpu, load.sent),
		...largest.agent_reply,
		backends: largest.postgresql.threads - 1,
		...{ behind, left },
		provider_late_p99_ms: late_p99_ms,
		strangers: round(cpu.strangers, 2),
		stolen: round(cpu.stolen, 2),
		answers: load.answers,
		sizes: largest,
	};
};

/* Models are loaded, connections made, statements known. */
const warmUp = async (stack) => {
	const lanes = await openSessions(stack, 20);
	await sendTurns(stack, { rate: 5, count: 20, audio: true, lanes });
	await drained(stack);
};

const idleCores = async (stack, provider) => {
	const pids = { ...partsOf(stack), provider: provider.pid };
	const before = readCpu(pids);
	await pause(IDLE_MS);
	return round(cpuBetween(before, readCpu(pids)).stack / IDLE_MS, 3);
};

const measureTurns = (embed, rows) =>
	withStack(DELAYS, embed, {}, async (stack, provider) => {
		await warmUp(stack);
		const idle = await idleCores(stack, provider);
		for (const audio of AUDIO)
			for (const rate of RATES) {
				if (embed === 'local' && rate > LOCAL_RATE_MAX) continue;
				if (!audio && AUDIO.length > 1 && rate !== RATE_WITHOUT_AUDIO) continue;
				const wanted = { embed, rate, audio, seconds: SECONDS };
				const row = await measureRate(stack, provider, wanted);
				console.error(`${embed}, ${rate}/s: ${row.cpu_ms} ms a turn, ${row.over_p50} over`);
				rows.push({ ...row, idle_cores: idle });
			}
	});

/* ---- turns that are streamed ---- */

/* Two sentences of twelve words; a voice ten times as quick as it lasts. */
const SPOKEN = { ...DELAYS, tokens: 24, speech_speed: number('SPEECH_SPEED', 10) };
const SAID = 'Tell me more about that plan of yours and who might help. '.repeat(2);

const measureStream = async (stack, rate) => {
	const count = Math.round(rate * SECONDS);
	const { first_ms, tokens, tokens_per_s, speech_ms, embed_ms } = SPOKEN;
	const session = async () => ({
		lanes: await openSessions(stack, count),
		in_use: Math.ceil(count / TURNS_OF_A_SESSION),
	});
	const at = async (path, messages, more = {}) =>
		loadOf(stack, `/functions/v1/${path}`, {
			...{ rate, seconds: SECONDS, messages },
			...(await session()),
			...more,
		});
	const streamed = await at('agent_reply', messagesOf(count, true), {
		accept: 'text/event-stream',
		marks: [TEXT, VOICE, DONE, DEGRADED],
	});
	const whole = await at('agent_reply', messagesOf(count, true));
	const thought = await at('agent_reply', messagesOf(count, false));
	const spoken = await at(
		'text_to_speech',
		Array.from({ length: count }, (_, i) => `"text":"${i}. ${SAID}"`),
	);
	await drained(stack);
	const begun_ms = embed_ms + first_ms;
	const settled_ms = begun_ms + (tokens / 2 / tokens_per_s) * 1000;
	const [text, audio] = [TEXT, VOICE].map((mark) => streamed.marks_ms[mark]);
	const then = thought.p50_ms + spoken.p50_ms;
	return {
		...{ rate, sent: streamed.sent, done: streamed.marked[DONE] },
		degraded: streamed.marked[DEGRADED],
		text_over_p50: round(text.p50 - begun_ms),
		text_over_p95: round(text.p95 - begun_ms),
		audio_p50: round(audio.p50),
		audio_over_p50: round(audio.p50 - settled_ms - speech_ms),
		audio_over_p95: round(audio.p95 - settled_ms - speech_ms),
		...{ then_p50: round(then), share: round(audio.p50 / then, 2) },
		...{ json_p50: round(whole.p50_ms), json_share: round(whole.p50_ms / then, 2) },
	};
};

const measureStreams = (rows) =>
	withStack(SPOKEN, 'remote', {}, async (stack) => {
		await warmUp(stack);
		for (const rate of STREAM_RATES) {
			rows.push(await measureStream(stack, rate));
			console.error(`streams, ${rate}/s: ${JSON.stringify(rows.at(-1))}`);
		}
	});

/* ---- turns that wait ---- */

const SLOW = { ...DELAYS, first_ms: 20000 };
const PATIENT = {
	LLM_FIRST_TOKEN_MS: '25000',
	LLM_TOTAL_MS: '28000',
	SCRIBE_THREADS: '2100',
};

/* While they wait: what that costs, and whether others are served. */
const whileWaiting = async (stack, provider, count) => {
	const arrived = (count / WAITING_RATE) * 1000;
	const state = await poll(
		async () => {
			const stats = await provider.stats();
			return stats.waiting >= count && stats;
		},
		{ deadlineMs: arrived + 1500, everyMs: 100 },
	).catch(() => provider.stats());
	const pids = partsOf(stack);
	const before = readCpu({ ...pids, provider: provider.pid });
	const load = await runLoad({
		port: new URL(stack.baseUrl).port,
		path: '/functions/v1/create_session',
		...{ rate: 20, seconds: 2, messages: ['"consent":false'] },
	});
	const cpu = cpuBetween(before, readCpu({ ...pids, provider: provider.pid }));
	const wall = performance.now() - before.at;
	return {
		waiting: state.waiting,
		provider_connections: state.connections_max,
		agent_reply_cores: round(cpu.parts.agent_reply / wall, 3),
		create_session_p99: round(load.p99_ms),
		strangers: round(cpu.strangers, 2),
		create_session_failed: load.sent - (load.answers[200] ?? 0),
	};
};

const measureWaiting = (count, rows) =>
	withStack(SLOW, 'remote', PATIENT, async (stack, provider) => {
		await warmUpSlow(stack);
		const lanes = await openSessions(stack, count);
		const pids = partsOf(stack);
		const wanted = { embed: 'remote', audio: true };
		const critical = criticalMs(SLOW, wanted);
		const sizes = watchSizes(pids);
		const turns = sendTurns(stack, { rate: WAITING_RATE, count, audio: true, lanes });
		const meanwhile = await whileWaiting(stack, provider, count);
		const load = await turns;
		const largest = sizes.stop();
		const seconds = count / WAITING_RATE;
		rows.push({
			turns: count,
			...meanwhile,
			...outcomeOf(load, { rate: WAITING_RATE, seconds, critical }),
			full: undefined, // piling up is what they are for
			by_that_model: load.marked[FROM_MODEL],
			...largest.agent_reply,
			answers: load.answers,
			sizes: largest,
		});
		await drained(stack);
		console.error(`${count} turns: ${meanwhile.waiting} waited at once`);
	});

/* One turn, so that all is loaded. */
const warmUpSlow = async (stack) => {
	const lanes = await openSessions(stack, 1);
	await sendTurns(stack, { rate: 1, count: 1, audio: true, lanes });
};

/* ---- the provider alone ---- */

const ALONE = [
	['reply', '/openai/v1/chat/completions', '"stream":true', [100, 1000]],
	['speech', '/v1/text-to-speech/voice', `"text":"${'Tell me more. '.repeat(8)}"`, [100, 500]],
	['embed', '/v1/embeddings', '"input":["We plan the bakery again before noon"]', [100, 1000]],
];
const DUE = {
	reply: criticalMs(DELAYS, { embed: 'local', audio: false }),
	speech: DELAYS.speech_ms,
	embed: DELAYS.embed_ms,
};

const measureProvider = async (rows) => {
	const provider = await startProvider(DELAYS);
	for (const [what, path, message, rates] of ALONE)
		for (const rate of rates) {
			const before = readCpu({ provider: provider.pid });
			const load = await runLoad({
				...{ port: provider.port, path, rate, seconds: 5, messages: [message] },
			});
			const cpu = cpuBetween(before, readCpu({ provider: provider.pid }));
			const late = (ms) => round(ms - DUE[what], 2);
			rows.push({
				...{ what, rate, failed: load.sent - (load.answers[200] ?? 0) },
				late_p50: late(load.p50_ms),
				late_p99: late(load.p99_ms),
				cpu_ms: round(cpu.provider / load.sent, 3),
				strangers: round(cpu.strangers, 2),
			});
		}
	await provider.stop();
};

/* ---- the report ---- */

const columns = (rows, names) =>
	rows.length &&
	console.table(rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]]))));

const printRates = (rows) => {
	columns(rows, [
		...['embed', 'rate', 'audio', 'full', 'sent', 'failed', 'degraded', 'not_recalled'],
		...['over_p50', 'over_p95', 'over_p99', 'strangers'],
	]);
	columns(rows, [
		...['embed', 'rate', 'audio', 'cpu_ms', 'agent_reply', 'save_memory', 'nginx'],
		...['postgresql', 'others', 'provider', 'behind', 'left'],
	]);
	columns(rows, [
		...['embed', 'rate', 'audio', 'in_flight', 'threads', 'descriptors', 'rss_mb', 'backends'],
	]);
};

const printWaiting = (rows) => {
	columns(rows, [
		...['turns', 'waiting', 'failed', 'by_that_model', 'over_p50', 'over_p99'],
		...['agent_reply_cores', 'create_session_p99', 'strangers'],
	]);
	columns(rows, ['turns', 'threads', 'descriptors', 'rss_mb', 'provider_connections']);
};

const main = async () => {
	const report = { cores: cpus().length, delays: DELAYS };
	if (PARTS.includes('provider')) {
		await measureProvider((report.provider = []));
		console.table(report.provider);
	}
	if (PARTS.includes('sessions')) {
		report.sessions = await withStack(DELAYS, 'local', {}, (stack) =>
			compareSessions(stack, SESSION_SECONDS),
		);
		columns([report.sessions], ['clients', 'create_session', 'pgbench', 'ratio']);
	}
	if (PARTS.includes('turns')) {
		report.turns = [];
		for (const embed of EMBED) await measureTurns(embed, report.turns);
		printRates(report.turns);
	}
	if (PARTS.includes('streams')) {
		await measureStreams((report.streams = []));
		console.table(report.streams);
	}
	if (PARTS.includes('waiting')) {
		report.waiting = [];
		for (const count of WAITING) await measureWaiting(count, report.waiting);
		printWaiting(report.waiting);
	}
	mkdirSync(join(root, 'var/bench'), { recursive: true });
	writeFileSync(join(root, 'var/bench/turns.json'), `${JSON.stringify(report, null, '\t')}\n`);
};

await main();
