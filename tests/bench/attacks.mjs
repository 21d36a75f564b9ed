/* What a visitor notices of others who want to take the service away:
 *
 *   node tests/bench/attacks.mjs     (make bench-attacks; KINDS=flac,long SECONDS=20: a part of it;
 *                                     NICE=0: only beside attackers of that niceness)
 *
 * A stack of its own at the settings that it has without any, rates and budgets included, and
 * without keys, so that all the work is done here. One visitor talks from 127.0.0.1: a session,
 * then turns, each a short recording that is heard and an answer that is spoken; a turn begins
 * every PACE seconds at the earliest. For each attack (attackers.mjs) he is alone first, for
 * ALONE_SECONDS and once nothing is left of the one before, then beside it for SECONDS. It comes
 * from 127.0.0.2 to 127.0.0.20.
 *
 * A turn fails that is answered with anything but 200 and the words that were said. `ratio` is the
 * slowest turn beside the attack to the usual one, the median of those alone just before: a machine
 * has good and bad hours. `attackers` is what these used of it themselves, in cores: it is shared
 * with them here, and would not be elsewhere; `busy` is all that it did. So each attack runs twice:
 * with attackers that have as good a claim to a processor as the service has (`nice` 0), and with
 * such as get what it leaves (19). `answers_s`, how many they had a second, and `sent_mb_s`, what
 * nginx has read of them, tell whether the second is still that attack: of one that is, its ratio
 * is what a visitor would notice of others elsewhere; where it is starved, the first's is.
 * Prints a table and writes var/bench/attacks.json. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pairOf, postFrom } from '../integration/env/client.mjs';
import { audio } from '../integration/env/recordings.mjs';
import { functionNames, root, startStack } from '../integration/env/stack.mjs';
import { KINDS } from './attackers.mjs';
import { percentile } from './measure.mjs';
import { cpuMs, machineMs } from './processes.mjs';

const ASKED = (process.env.KINDS ?? Object.keys(KINDS).join(',')).split(',').filter(Boolean);
const SECONDS = Number(process.env.SECONDS || 60);
const ALONE_SECONDS = Number(process.env.ALONE_SECONDS || Math.min(SECONDS, 30));
const PACE_MS = Number(process.env.PACE || 3) * 1000;
const NICES = (process.env.NICE ?? '0,19').split(','); /* of attackers */
const FIRST_MS = 1000; /* by then an attack is under way */
const SETTLED_TURNS = 2;
const SETTLED = 1.3; /* times the usual */
const SETTLE_MS = 90000;
const PAIRS = 76;
const KEYS = 64;
const VISITOR = '127.0.0.1';
const CLIP = audio('speech/spk1_snt3.wav').toString('base64');
const SAID = /air is pure/i;

/* Of all tests' stacks, rates are off and patience is long; '' is what a stack has by itself. */
const DEFAULTS = Object.fromEntries(
	[
		...functionNames().map((name) => `RATE_${name.toUpperCase()}`),
		...['STT_SECONDS_PER_MINUTE', 'DB_CONNECT_MS', 'MEMORY_EMBED_MS', 'RECALL_EMBED_MS'],
		...['OPENAI_EMBED_MS', 'LLM_CONNECT_MS', 'LLM_FIRST_TOKEN_MS', 'ELEVENLABS_FIRST_MS'],
		...['ELEVENLABS_MS', 'MEMORY_KEEP_MS'],
	].map((name) => [name, '']),
);

const newKeys = () => Array.from({ length: KEYS }, () => randomUUID());

/* ---- the visitor ---- */

const step = async (stack, took, name, body, headers) => {
	const began = performance.now();
	const answer = await postFrom(stack, VISITOR, name, body, headers).catch((error) => ({
		...{ status: error.code, text: error.message },
	}));
	took[name] = performance.now() - began;
	if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${answer.text}`);
	return answer.json;
};

const turn = async (stack, visit) => {
	const took = {};
	const headers = { 'idempotency-key': visit.keys[visit.turns++ % visit.keys.length] };
	try {
		visit.pair ??= pairOf(await step(stack, took, 'create_session', {}));
		const heard = await step(stack, took, 'speech_to_text', {
			...{ ...visit.pair, audio_base64: CLIP },
		});
		if (!SAID.test(heard.text)) throw new Error(`heard "${heard.text}"`);
		const message = { user_message: `${heard.text} (${visit.turns})`, audio: true };
		const said = await step(stack, took, 'agent_reply', { ...visit.pair, ...message }, headers);
		if (!said.audio_base64) throw new Error('agent_reply: nothing to hear');
	} catch (error) {
		return { failed: error.message, took };
	}
	return { took, ms: took.speech_to_text + took.agent_reply };
};

/* A turn every PACE until the time is over, of one session. */
const talk = async (stack, keys, ms) => {
	const visit = { keys, turns: 0 };
	const turns = [];
	for (const end = performance.now() + ms; performance.now() < end; ) {
		const began = performance.now();
		turns.push(await turn(stack, visit));
		await pause(Math.max(0, began + PACE_MS - performance.now()));
	}
	return turns;
};

const whole = (ms) => Math.round(ms);
const summary = (turns) => {
	const good = turns.filter(({ failed }) => !failed);
	const list = good.map(({ ms }) => ms);
	const part = (name) => good.map(({ took }) => took[name]);
	return {
		turns: turns.length,
		failed: turns.length - good.length,
		p50_ms: whole(percentile(list, 50)),
		max_ms: whole(percentile(list, 100)),
		stt_max_ms: whole(percentile(part('speech_to_text'), 100)),
		reply_max_ms: whole(percentile(part('agent_reply'), 100)),
		session_ms: whole(turns[0]?.took.create_session ?? 0),
		why: [...new Set(turns.map(({ failed }) => failed).filter(Boolean))].slice(0, 5),
	};
};

/* ---- an attack ---- */

/* Where each session of processes has a share of the processor of its own, theirs counts. */
const weighGroup = (pid, nice) => {
	const file = `/proc/${pid}/autogroup`;
	if (existsSync(file)) writeFileSync(file, nice);
};

const startAttack = (kind, nice, stack, know) => {
	const program = fileURLToPath(new URL('attackers.mjs', import.meta.url));
	const child = spawn('nice', ['-n', nice, process.execPath, program, kind, stack.baseUrl], {
		stdio: ['pipe', 'pipe', 'inherit'],
		detached: true,
	});
	weighGroup(child.pid, nice);
	child.stdin.write(`${JSON.stringify(know)}\n`);
	return child;
};

const endAttack = async (child) => {
	const used = cpuMs(child.pid);
	child.stdin.end();
	const [text] = await Promise.all([
		child.stdout.setEncoding('utf8').reduce((all, piece) => all + piece, ''),
		once(child, 'exit'),
	]);
	return { ...JSON.parse(text), used };
};

const rounded = (x) => Math.round(x * 100) / 100;

/* Of all requests that have ended, as nginx tells. */
const bytesRead = (stack) =>
	[...readFileSync(join(stack.dir, 'log/access.log'), 'utf8').matchAll(/"request_bytes":(\d+)/g)]
		.reduce((all, [, bytes]) => all + Number(bytes), 0);

const beside = async (stack, kind, nice, know) => {
	const before = machineMs();
	const read = bytesRead(stack);
	const began = performance.now();
	const child = startAttack(kind, nice, stack, know);
	await pause(FIRST_MS);
	const turns = await talk(stack, know.keys, SECONDS * 1000);
	const { answers, used } = await endAttack(child);
	const took = performance.now() - began;
	const busy = machineMs().busy - before.busy;
	const cores = { attackers: rounded(used / took), busy: rounded(busy / took) };
	const n = Object.values(answers).reduce((all, one) => all + one, 0);
	const answers_s = rounded((n / took) * 1000);
	const sent_mb_s = rounded((bytesRead(stack) - read) / took / 1000);
	return { ...summary(turns), ...cores, answers_s, sent_mb_s, answers };
};

/* What an attack has left is worked off, and the visitor's own rates are whole again. */
const settle = async (stack, usual_ms) => {
	const visit = { keys: newKeys(), turns: 0 };
	const end = performance.now() + SETTLE_MS;
	for (let quick = 0; quick < SETTLED_TURNS && performance.now() < end; ) {
		const { ms } = await turn(stack, visit);
		quick = ms < usual_ms * SETTLED ? quick + 1 : 0;
		await pause(PACE_MS);
	}
};

/* ---- all of it ---- */

const openPairs = async (stack) => {
	const pairs = [];
	for (let i = 0; i < PAIRS; i++) {
		const answer = await postFrom(stack, `127.0.1.${i + 1}`, 'create_session', {});
		if (answer.status !== 200) throw new Error(answer.text);
		pairs.push(pairOf(answer.json));
	}
	return pairs;
};

const measure = async (stack) => {
	const pairs = await openPairs(stack);
	const report = [];
	await turn(stack, { keys: newKeys(), turns: 0 }); // loads the models
	for (const [kind, nice] of ASKED.flatMap((kind) => NICES.map((nice) => [kind, nice]))) {
		const last = report.at(-1);
		if (last) await settle(stack, last.usual_ms);
		const alone = summary(await talk(stack, newKeys(), ALONE_SECONDS * 1000));
		const know = { pairs, keys: newKeys(), anonKey: stack.anonKey };
		const seen = await beside(stack, kind, nice, know);
		const usual = { usual_ms: alone.p50_ms, usual_max_ms: alone.max_ms };
		const ratio = rounded(seen.max_ms / alone.p50_ms);
		report.push({ attack: kind, nice: Number(nice), ...usual, ratio, ...seen });
		console.error(JSON.stringify(report.at(-1)));
	}
	return report;
};

const stack = await startStack({
	flavour: process.env.FLAVOUR ?? 'release',
	name: 'attacks',
	env: DEFAULTS,
});
try {
	const report = await measure(stack);
	console.table(report.map(({ why: _why, answers: _answers, ...row }) => row));
	mkdirSync(join(root, 'var/bench'), { recursive: true });
	writeFileSync(
		join(root, 'var/bench/attacks.json'),
		`${JSON.stringify({ seconds: SECONDS, report }, null, '\t')}\n`,
	);
} finally {
	await stack.stop();
}
