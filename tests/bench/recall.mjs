/* Recall measured on a LoCoMo file, through the real HTTP functions of a stack of its own:
 *
 *   node tests/bench/recall.mjs FILE      (make bench-recall FILE=...)
 *
 * One visitor per conversation, one session per LoCoMo session, its turns saved in order; then
 * every question that names its evidence is asked by that visitor, and by a stranger, who must
 * get nothing. Prints a table and writes var/bench/recall.json. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, startStack } from '../integration/env/stack.mjs';
import { evidenceOf, sessionsOf } from './locomo.mjs';
import { percentile, poster } from './measure.mjs';

const RESULTS = 20;
const DEPTHS = [1, 5, 10, 20];
const CATEGORIES = {
	1: 'multi_hop',
	2: 'temporal',
	3: 'open_domain',
	4: 'single_hop',
	5: 'adversarial',
};

const open = async (post, visitor) => {
	const { session_id, session_secret } = await post('create_session', {
		visitor_id: visitor,
		consent: true,
	});
	return { session_id, session_secret };
};

const contentOf = ({ speaker, text, blip_caption }) => ({
	speaker,
	text,
	...(blip_caption && { image: blip_caption }),
});

/** Saves a conversation; gives the visitor's last session, and the turns a duplicate stands for. */
const save = async (post, conversation, visitor) => {
	let pair;
	let turns = 0;
	for (const session of sessionsOf(conversation)) {
		pair = await open(post, visitor);
		for (const turn of session.turns) {
			await post('save_memory', {
				...pair,
				scope: 'episodic',
				content: contentOf(turn),
				occurred_at: session.at,
				source_id: turn.dia_id,
			});
			turns++;
		}
	}
	return { pair, turns };
};

const ask = async (post, pair, query) => {
	const began = performance.now();
	const { memories, provider } = await post('recall_memories', {
		...pair,
		query,
		limit: RESULTS,
	});
	return { ids: memories.map((m) => m.source_id), ms: performance.now() - began, provider };
};

/** What one question came to. */
const judge = (found, evidence) => {
	const ranks = evidence
		.map((id) => found.ids.indexOf(id))
		.map((i) => (i < 0 ? Infinity : i + 1));
	const covered = (k) => ranks.filter((rank) => rank <= k).length / ranks.length;
	return {
		coverage: Object.fromEntries(DEPTHS.map((k) => [k, covered(k)])),
		any: covered(10) > 0,
		all: covered(10) === 1,
		mrr: 1 / Math.min(...ranks),
		ms: found.ms,
	};
};

const mean = (values) => values.reduce((sum, x) => sum + Number(x), 0) / (values.length || 1);
const rounded = (x) => Math.round(x * 10000) / 10000;

const summary = (results, leaks) => ({
	questions: results.length,
	...Object.fromEntries(
		DEPTHS.map((k) => [
			`coverage@${k}`,
			rounded(mean(results.map((r) => r.coverage[k]))),
		]),
	),
	'any@10': rounded(mean(results.map((r) => r.any))),
	'all@10': rounded(mean(results.map((r) => r.all))),
	mrr: rounded(mean(results.map((r) => r.mrr))),
	p50_ms: rounded(percentile(results.map((r) => r.ms), 50)),
	p95_ms: rounded(percentile(results.map((r) => r.ms), 95)),
	leaks,
});

const print = ({ overall, categories }) => {
	const columns = Object.keys(overall);
	const line = (name, cells) =>
		console.log([name.padEnd(14), ...cells.map((c) => String(c).padStart(11))].join(' '));
	line('category', columns);
	for (const [name, row] of Object.entries({ overall, ...categories }))
		line(
			name,
			columns.map((c) => row[c]),
		);
};

const measure = async (post, sample, stranger, results) => {
	const { pair, turns } = await save(post, sample.conversation, randomUUID());
	const known = new Set(
		sessionsOf(sample.conversation).flatMap((s) => s.turns.map((t) => t.dia_id)),
	);
	for (const { question, evidence, category } of sample.qa) {
		const wanted = evidenceOf(evidence, known);
		if (!wanted.length) continue;
		const found = await ask(post, pair, question);
		const leaked = await ask(post, stranger, question);
		results.push({
			...judge(found, wanted),
			category,
			leaks: leaked.ids.length,
			provider: found.provider,
		});
	}
	console.error(`${sample.sample_id}: ${turns} turns saved`);
};

const report = (results, seconds) => {
	const sumLeaks = (list) => list.reduce((sum, r) => sum + r.leaks, 0);
	const categories = [...new Set(results.map((r) => r.category))].sort();
	return {
		overall: summary(results, sumLeaks(results)),
		categories: Object.fromEntries(
			categories.map((c) => {
				const own = results.filter((r) => r.category === c);
				const row = summary(own, sumLeaks(own));
				return [CATEGORIES[c] ?? String(c), { category: c, ...row }];
			}),
		),
		providers: [...new Set(results.map((r) => r.provider))],
		seconds: Math.round(seconds),
	};
};

const main = async (file) => {
	if (!file) throw new Error('which file? make bench-recall FILE=locomo.json');
	const samples = JSON.parse(readFileSync(file, 'utf8'));
	const stack = await startStack({
		flavour: process.env.FLAVOUR ?? 'release',
		name: 'bench',
		env: { SESSION_RATE_PER_MINUTE: '0' },
	});
	const began = performance.now();
	try {
		const post = poster(stack);
		const stranger = await open(post, randomUUID());
		const results = [];
		for (const sample of samples) await measure(post, sample, stranger, results);
		const all = report(results, (performance.now() - began) / 1000);
		print(all);
		mkdirSync(join(root, 'var/bench'), { recursive: true });
		writeFileSync(join(root, 'var/bench/recall.json'), `${JSON.stringify(all, null, '\t')}\n`);
	} finally {
		await stack.stop();
	}
};

await main(process.argv[2]);
