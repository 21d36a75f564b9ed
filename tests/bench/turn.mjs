/* How long each step of a spoken turn takes, offline and through nginx, and what the programs
 * weigh:
 *
 *   node tests/bench/turn.mjs        (make bench; TURNS=50 for more)
 *
 * A recording of eleven seconds is heard, answered and the answer spoken, TURNS times, each in a
 * new session. Weights are resident kilobytes, before the first request and
 * after the last. Prints two tables and writes var/bench/turn.json. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, startStack } from '../integration/env/stack.mjs';
import { percentile, poster } from './measure.mjs';

const TURNS = Number(process.env.TURNS ?? 20);
const RECORDING = 'tests/data/audio/speech/jfk.wav';

const residentKb = (pid) =>
	Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

const weights = (stack) =>
	Object.fromEntries(
		Object.entries(stack.pids()).map(([name, pid]) => [name, residentKb(pid)]),
	);

/* The last part of a turn is the answer's own account of its time. */
const turn = async (post, pair, audio_base64, n) => {
	const took = {};
	const step = async (name, body) => {
		const began = performance.now();
		const answer = await post(name, { ...pair, ...body });
		took[name] = performance.now() - began;
		return answer;
	};
	const heard = await step('speech_to_text', { audio_base64 });
	const answer = await step('agent_reply', { user_message: `${heard.text} (${n})` });
	took['whole turn'] = took.speech_to_text + took.agent_reply;
	for (const [name, ms] of Object.entries(answer.timings)) took[`agent_reply ${name}`] = ms;
	return took;
};

const measure = async (stack) => {
	const post = poster(stack);
	const idle = weights(stack);
	const audio = readFileSync(join(root, RECORDING)).toString('base64');
	const turns = [];
	for (let n = 0; n <= TURNS; n++) {
		const { session_id, session_secret } = await post('create_session', {});
		turns.push(await turn(post, { session_id, session_secret }, audio, n));
	}
	turns.shift(); // loads the models
	return { turns, idle, used: weights(stack) };
};

const stack = await startStack({
	flavour: process.env.FLAVOUR ?? 'release',
	name: 'bench',
	env: { SESSION_RATE_PER_MINUTE: '0' },
});
try {
	const { turns, idle, used } = await measure(stack);
	const rounded = (name, p) => Math.round(percentile(
			turns.map((t) => t[name] ?? 0),
			p,
		) * 10) / 10;
	const steps = Object.keys(turns[0]).map((name) => ({
		step: name,
		p50_ms: rounded(name, 50),
		p95_ms: rounded(name, 95),
	}));
	const programs = Object.keys(idle).map((name) => ({
		program: name,
		idle_kb: idle[name],
		used_kb: used[name],
	}));
	console.table(steps);
	console.table(programs);
	mkdirSync(join(root, 'var/bench'), { recursive: true });
	writeFileSync(
		join(root, 'var/bench/turn.json'),
		`${JSON.stringify({ turns: TURNS, recording: RECORDING, steps, programs }, null, '\t')}\n`,
	);
} finally {
	await stack.stop();
}
