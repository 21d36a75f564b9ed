/* Half an hour of conversation, and whether anything grows:
 *
 *   node tests/bench/soak.mjs        (make soak)
 *   MINUTES=5 RATE=20                a shorter one, or a busier
 *
 * Rounds of streamed turns at RATE a second, new sessions each round, with providers at full speed;
 * after each, when its jobs are done, memory, descriptors and threads of every program and of nginx
 * are read. Caches fill at first: the first third does not count. What is larger in the last third
 * than in the second by more than a twentieth (and 4 MB, or 4 descriptors) grows.
 *
 * Prints a table and writes var/bench/soak.json. Ends with 1 where something grows or failed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../integration/env/stack.mjs';
import { sizeOf } from './processes.mjs';
import {
	DELAYS, drained, loadOf, messagesOf, number, openSessions, partsOf, withStack,
} from './stage.mjs';

const MINUTES = number('MINUTES', 30);
const RATE = number('RATE', 10);
const ROUND_S = 30;
const TURNS_OF_A_SESSION = 4;
const SLACK = { rss_mb: 4, descriptors: 4, threads: 4 };
const SHARE = 0.05;

const DONE = 'event: done';
const QUICK = { ...DELAYS, tokens: 36, sentences: 3, speech_speed: 10 };

/* Of PostgreSQL each connection is a process of its own, whose memory is mostly shared. */
const grows = (name) => name !== 'postgresql';

const playRound = async (stack) => {
	const count = RATE * ROUND_S;
	const load = await loadOf(stack, '/functions/v1/agent_reply', {
		...{ rate: RATE, seconds: ROUND_S },
		lanes: await openSessions(stack, Math.ceil(count / TURNS_OF_A_SESSION)),
		messages: messagesOf(count, true).map((inside) => `${inside},"is_performer_mode":true`),
		in_use: Math.ceil(count / TURNS_OF_A_SESSION / 2),
		accept: 'text/event-stream',
		ordered: 1,
		marks: [DONE],
	});
	await drained(stack);
	const pids = Object.entries(partsOf(stack)).filter(([, pid]) => pid);
	const sizes = Object.fromEntries(pids.map(([name, pid]) => [name, { pid, ...sizeOf(pid) }]));
	const failed = load.sent - load.marked[DONE];
	console.error(JSON.stringify({ sent: load.sent, failed, agent_reply: sizes.agent_reply }));
	return { sent: load.sent, failed, sizes };
};

const largest = (rounds, name, fact) =>
	Math.max(...rounds.map(({ sizes }) => sizes[name]?.[fact] ?? 0));

const compare = (rounds) => {
	const third = Math.floor(rounds.length / 3);
	const [middle, last] = [rounds.slice(third, 2 * third), rounds.slice(2 * third)];
	return Object.fromEntries(Object.keys(rounds[0].sizes).map((name) => {
		const row = { restarted: new Set(rounds.map(({ sizes }) => sizes[name]?.pid)).size > 1 };
		row.growing = [];
		for (const fact of Object.keys(SLACK)) {
			const [before, after] = [middle, last].map((some) => largest(some, name, fact));
			row[fact] = `${before} -> ${after}`;
			const isMore = after > before * (1 + SHARE) && after > before + SLACK[fact];
			if (grows(name) && isMore) row.growing.push(fact);
		}
		row.growing = row.growing.join();
		return [name, row];
	}));
};

const rounds = await withStack(QUICK, 'remote', {}, async (stack) => {
	const all = [];
	const end = performance.now() + MINUTES * 60_000;
	while (performance.now() < end || all.length < 3) all.push(await playRound(stack));
	return all;
});
const table = compare(rounds);
const failed = rounds.reduce((n, round) => n + round.failed, 0);
const sent = rounds.reduce((n, round) => n + round.sent, 0);
console.table(table);
console.log(`${rounds.length} rounds, ${sent} turns, ${failed} failed`);
mkdirSync(join(root, 'var/bench'), { recursive: true });
const report = { minutes: MINUTES, rate: RATE, sent, failed, table, rounds };
writeFileSync(join(root, 'var/bench/soak.json'), `${JSON.stringify(report, null, '\t')}\n`);
const amiss = Object.entries(table).filter(([, { growing, restarted }]) => growing || restarted);
for (const [name, { growing, restarted }] of amiss)
	console.error(`${name}: ${restarted ? 'was restarted' : `grows: ${growing}`}`);
process.exitCode = amiss.length || failed ? 1 : 0;
