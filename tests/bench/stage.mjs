/* What the benchmarks of turns share: a stack whose providers are played, what is said to it, and
 * what its processes use. */
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from '../integration/env/client.mjs';
import { startStack } from '../integration/env/stack.mjs';
import { runLoad, startProvider } from './drive.mjs';
import { poster } from './measure.mjs';
import { cpuMs, machineMs } from './processes.mjs';

/** What the environment asks for. */
export const list = (name, fallback) => (process.env[name] ?? fallback).split(',').filter(Boolean);
export const number = (name, fallback) => Number(process.env[name] || fallback);

const CONNECTIONS = 32;
const DRAIN_MS = 120000;

/** How long providers take. */
export const DELAYS = {
	first_ms: number('FIRST_MS', 200),
	tokens_per_s: number('TOKENS_PER_S', 80),
	tokens: number('TOKENS', 20),
	extract_ms: number('EXTRACT_CALL_MS', 400),
	speech_ms: number('SPEECH_MS', 150),
	embed_ms: number('EMBED_CALL_MS', 20),
};

export const round = (x, digits = 1) => Math.round(x * 10 ** digits) / 10 ** digits;
export const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

/* ---- what is sent ---- */

const NOUNS = `bakery harvest library garden boat kitchen school theatre workshop bridge museum
	river market station studio village orchard printer archive choir hotel clinic factory
	farm office camera engine letter recipe window map song lamp roof table train forest`;
const VERBS = `repair open plan paint measure move build close describe compare teach collect sell
	print clean rent visit design sort record explain heat cool store deliver count share`;
const MORE = `slowly every winter since spring near the coast with our neighbours before noon after
	the storm without a car for the children again next to the old mill in the evening`;

const pick = (text) => {
	const all = text.split(/\s+/);
	return all[Math.floor(Math.random() * all.length)];
};
export const sentence = () =>
	`We ${pick(VERBS)} the ${pick(NOUNS)} ${pick(MORE)} and ${pick(VERBS)} a ${pick(NOUNS)} ` +
	`${pick(MORE)}; how should the ${pick(NOUNS)} and the ${pick(NOUNS)} ${pick(VERBS)}?`;

/** The insides of so many requests, each with its own words. */
export const messagesOf = (count, audio) =>
	Array.from(
		{ length: count },
		() => `"user_message":${JSON.stringify(sentence())},"audio":${audio}`,
	);

/** Sessions, as the beginnings of requests. */
export const openSessions = async (stack, count) => {
	const post = poster(stack);
	const lanes = [];
	let started = 0;
	const one = async () => {
		while (started++ < count) {
			const { session_id, session_secret } = await post('create_session', {});
			lanes.push(JSON.stringify({ session_id, session_secret }).slice(1, -1));
		}
	};
	await Promise.all(Array.from({ length: CONNECTIONS }, one));
	return lanes;
};

/* ---- what it costs ---- */

export const partsOf = (stack) => ({
	...stack.pids(),
	nginx: stack.pidOf('nginx'),
	postgresql: stack.pidOf('postgresql'),
});

export const readCpu = ({ provider, ...pids }) => ({
	at: performance.now(),
	parts: Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuMs(pid)])),
	provider: cpuMs(provider),
	/* The provider and the load are children of ours. */
	own: cpuMs(process.pid),
	...machineMs(),
});

export const cpuBetween = (before, after) => {
	const parts = Object.fromEntries(
		Object.entries(after.parts).map(([name, ms]) => [name, ms - before.parts[name]]),
	);
	const wall = after.at - before.at;
	const stack = sum(Object.values(parts));
	const ours = stack + after.own - before.own;
	return {
		...{ parts, stack, provider: after.provider - before.provider },
		strangers: Math.max(0, after.busy - before.busy - ours) / wall,
		stolen: (after.stolen - before.stolen) / wall,
	};
};

/* What waits for a key that is not there (mail, Slack) is not due; `more`: what else of the
   waiting is counted, in SQL. */
export const dueJobs = async (stack, more = 'false') => {
	const [[n]] = await sql(
		stack,
		`select count(*) from jobs where state = 'running' or (state = 'ready'
		  and (run_at <= now() and kind !~ 'slack|mail' or ${more}))`,
	);
	return Number(n);
};

/* Due, or what turns have put off. */
const leftJobs = (stack) => dueJobs(stack, `kind = 'keep_utterances'`);

/** Waits until no job of a turn is left; how many still were when patience ended. */
export const drained = async (stack) => {
	const end = performance.now() + DRAIN_MS;
	let left = await leftJobs(stack);
	for (; left > 0 && performance.now() < end; left = await leftJobs(stack)) await pause(250);
	return left;
};

/* ---- the stack ---- */

const settingsFor = (provider, embed, more = {}) => ({
	SESSION_RATE_PER_MINUTE: '0',
	MEMORY_KEEP_MS: '', /* as a stack has it by itself */
	/* Counted as ever, and never used up. */
	...Object.fromEntries(
		['CALLER_DAILY_TOKENS', 'CALLER_DAILY_CHARACTERS', 'CALLER_DAILY_REQUESTS']
			.concat('GROQ_DAILY_TOKENS', 'OPENAI_DAILY_TOKENS', 'ELEVENLABS_DAILY_CHARACTERS')
			.map((name) => [name, '2000000000']),
	),
	LLM_PROVIDERS: 'groq,builtin',
	GROQ_BASE_URL: provider.url,
	TTS_PROVIDERS: 'elevenlabs,local',
	ELEVENLABS_BASE_URL: provider.url,
	EMBED_PROVIDERS: embed === 'remote' ? 'openai,local' : 'local',
	OPENAI_BASE_URL: `${provider.url}/v1`,
	...more,
});

/** Runs fn(stack, provider) with both started, and stops them. */
export const withStack = async (delays, embed, more, fn) => {
	const provider = await startProvider(delays);
	try {
		const stack = await startStack({
			flavour: process.env.FLAVOUR ?? 'release',
			name: 'bench',
			env: settingsFor(provider, embed, more),
		});
		try {
			return await fn(stack, provider);
		} finally {
			await stack.stop();
		}
	} finally {
		await provider.stop();
	}
};

/** Sends these at that rate, for `seconds`. */
export const loadOf = (stack, path, { rate, seconds, messages, ...more }) =>
	runLoad({
		port: new URL(stack.baseUrl).port,
		...{ path, rate, messages, seconds, ...more },
	});
