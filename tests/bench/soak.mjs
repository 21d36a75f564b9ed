/* Rounds of conversation, and whether anything grows.
 *
 * A round is streamed turns at `rate` a second for `round_s` seconds, of new sessions, with
 * providers at full speed; after each, when its jobs are done, memory, descriptors and threads of
 * every program and of nginx are read. Caches fill at first: the first third of the rounds does not
 * count. What is larger in the last third than in the second by more than a twentieth (and 4 MB, or
 * 4 descriptors or threads) grows. */
import { sizeOf } from './processes.mjs';
import {
	DELAYS, drained, loadOf, messagesOf, openSessions, partsOf, sum, withStack,
} from './stage.mjs';

const TURNS_OF_A_SESSION = 4;
const TURN_S = 3; /* a session takes its next turn behind that */
const SLACK = { rss_mb: 4, descriptors: 4, threads: 4 };
const SHARE = 0.05;

const DONE = 'event: done';
const QUICK = { ...DELAYS, tokens: 36, sentences: 3, speech_speed: 10 };

/* Of PostgreSQL each connection is a process of its own, whose memory is mostly shared. */
const grows = (name) => name !== 'postgresql';

const playRound = async (stack, { rate, round_s }) => {
	const count = rate * round_s;
	const sessions = Math.max(Math.ceil(count / TURNS_OF_A_SESSION), 2 * rate * TURN_S);
	const load = await loadOf(stack, '/functions/v1/agent_reply', {
		...{ rate, seconds: round_s },
		lanes: await openSessions(stack, sessions),
		messages: messagesOf(count, true).map((inside) => `${inside},"is_performer_mode":true`),
		in_use: sessions / 2,
		accept: 'text/event-stream',
		ordered: 1,
		marks: [DONE],
	});
	const left = await drained(stack);
	const pids = Object.entries(partsOf(stack)).filter(([, pid]) => pid);
	const sizes = Object.fromEntries(pids.map(([name, pid]) => [name, { pid, ...sizeOf(pid) }]));
	return { sent: load.sent, failed: load.sent - load.marked[DONE], left, sizes };
};

const largest = (rounds, name, fact) =>
	Math.max(...rounds.map(({ sizes }) => sizes[name]?.[fact] ?? 0));

const compare = (rounds, slack) => {
	const third = Math.floor(rounds.length / 3);
	const [middle, last] = [rounds.slice(third, 2 * third), rounds.slice(2 * third)];
	return Object.fromEntries(Object.keys(rounds[0].sizes).map((name) => {
		const row = { restarted: new Set(rounds.map(({ sizes }) => sizes[name]?.pid)).size > 1 };
		row.growing = [];
		for (const fact of Object.keys(slack)) {
			const [before, after] = [middle, last].map((some) => largest(some, name, fact));
			row[fact] = `${before} -> ${after}`;
			const isMore = after > before * (1 + SHARE) && after > before + slack[fact];
			if (grows(name) && isMore) row.growing.push(fact);
		}
		row.growing = row.growing.join();
		return [name, row];
	}));
};

/** {sent, failed, left, table, problems, rounds}: as many rounds as begin within `minutes`, three
 * at least, of a stack with such settings; `onRound` is told of each. No problem: nothing failed,
 * grew or was restarted. */
export const soak = (options, onRound = () => {}) =>
	withStack(QUICK, 'remote', options.env ?? {}, async (stack) => {
		const rounds = [];
		const end = performance.now() + options.minutes * 60_000;
		while (performance.now() < end || rounds.length < 3) {
			rounds.push(await playRound(stack, options));
			onRound(rounds.at(-1));
		}
		const table = compare(rounds, options.slack ?? SLACK);
		const [sent, failed, left] = ['sent', 'failed', 'left']
			.map((name) => sum(rounds.map((one) => one[name])));
		const problems = Object.entries(table)
			.filter(([, { growing, restarted }]) => growing || restarted)
			.map(([name, { growing, restarted }]) =>
				`${name} ${restarted ? 'was restarted' : `grows: ${growing}`}`);
		if (failed) problems.push(`${failed} turns failed`);
		if (left) problems.push(`${left} jobs were left`);
		return { sent, failed, left, table, problems, rounds };
	});
