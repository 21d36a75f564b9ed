/* console_numbers.js -- how many came, what became of them, and how long they waited. */
import { element } from './dom.js';
import { chart } from './console_charts.js';
import { choice, facts, faint, title } from './console_view.js';
import { dayOf, label, seconds } from './console_words.js';

const DAY_MS = 86_400_000;
const PAGE = 1000;
const PAGES_MAX = 20;
const WAIT_MAX_MS = 120_000; /* a reply that came later is to something else */
const LEAD = 70;

let days = '7';

/* All rows of a query, as many as can be shown with sense. */
const allOf = async (client, name, params, signal) => {
	const rows = [];
	for (let i = 0; i < PAGES_MAX; i++) {
		const some = await client.rows(
			name, [...params, ['limit', PAGE], ['offset', i * PAGE]], { signal },
		);
		rows.push(...some);
		if (some.length < PAGE) return { rows, isCut: false };
	}
	return { rows, isCut: true };
};

const startOfDay = (time) => new Date(time).setHours(0, 0, 0, 0);

/* The days from then to today. */
const daysSince = (since) => {
	const all = [];
	for (const day = new Date(since); day <= Date.now(); day.setDate(day.getDate() + 1))
		all.push(day.getTime());
	return all;
};

const grouped = (rows, keyOf) => {
	const groups = new Map();
	for (const row of rows) {
		const key = keyOf(row);
		groups.set(key, [...(groups.get(key) ?? []), row]);
	}
	return groups;
};

/** The part of sorted numbers below which `part` of them are; null of none. */
export const quantile = (sorted, part) =>
	sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] : null;

/** How long each reply took: from a visitor's words to the reply behind them, of one session. */
export const waitsOf = (utterances) => {
	const waits = [];
	for (const said of grouped(utterances, (row) => row.session_id).values())
		for (let i = 1; i < said.length; i++) {
			const ms = new Date(said[i].ts) - new Date(said[i - 1].ts);
			const isReply = said[i - 1].speaker === 'visitor' && said[i].speaker === 'agent';
			if (isReply && ms >= 0 && ms < WAIT_MAX_MS) waits.push({ ts: said[i].ts, ms });
		}
	return waits;
};

const share = (some, all) => (all ? (100 * some) / all : null);

const figures = (sessions, utterances, since) => {
	const all = daysSince(since);
	const names = all.map(dayOf);
	const ofDay = grouped(sessions, (row) => startOfDay(row.created_at));
	const perDay = all.map((day) => ofDay.get(day) ?? []);
	const leads = perDay.map((some) => some.filter((row) => row.lead_score >= LEAD).length);
	const waits = waitsOf(utterances);
	const waitsOfDay = grouped(waits, (row) => startOfDay(row.ts));
	const sorted = all.map((day) =>
		(waitsOfDay.get(day) ?? []).map(({ ms }) => ms / 1000).sort((a, b) => a - b));
	const tens = Array.from({ length: 10 }, (_, i) => i * 10);
	const inTen = tens.map((from) => sessions.filter((row) =>
		Math.min(99, row.lead_score ?? 0) >= from && Math.min(99, row.lead_score ?? 0) < from + 10).length);
	const intents = [...grouped(sessions.filter((row) => row.final_intent), (row) => row.final_intent)]
		.map(([name, rows]) => [label(name), rows.length]).sort((a, b) => b[1] - a[1]);
	const made = [
		chart({
			heading: 'Sessions', told: `${sessions.length} in all, by the day they began`, names,
			series: [{ name: 'Sessions', values: perDay.map((some) => some.length), kind: 'bar' }],
		}),
		chart({
			heading: 'Conversion', told: `of a day's sessions, those that scored ${LEAD} or more`,
			names, unit: '%', most: 100,
			series: [{
				name: 'Leads', values: perDay.map((some, i) => share(leads[i], some.length)), kind: 'line',
			}],
		}),
		chart({
			heading: 'Scores', told: 'sessions by their lead score',
			names: tens.map((from) => `${from}+`),
			series: [{ name: 'Sessions', values: inTen, kind: 'bar' }],
		}),
		chart({
			heading: 'Time to reply', told: `from the visitor's words to the stored reply, ${waits.length} turns`,
			names, unit: ' s',
			series: [
				{ name: 'Half of them within', values: sorted.map((s) => quantile(s, 0.5)), kind: 'line' },
				{ name: '95 % within', values: sorted.map((s) => quantile(s, 0.95)), kind: 'line' },
			],
		}),
	];
	if (intents.length) made.push(chart({
		heading: 'What they want', told: 'sessions by intent',
		names: intents.map(([name]) => name),
		series: [{ name: 'Sessions', values: intents.map(([, n]) => n), kind: 'bar' }],
	}));
	return { made, waits: waits.map(({ ms }) => ms).sort((a, b) => a - b) };
};

const headline = (sessions, waits) => {
	const leads = sessions.filter((row) => row.lead_score >= LEAD).length;
	const middle = quantile(waits, 0.5);
	return facts([
		['Sessions', String(sessions.length)],
		['Leads', `${leads} (${(share(leads, sessions.length) ?? 0).toFixed(0)} %)`],
		['Half of the replies within', middle === null ? '–' : seconds(middle)],
	]);
};

export const showNumbers = async (main, { client, signal, guard }) => {
	const place = element('div', { className: 'figures' });
	const top = element('div');
	const note = element('p', { className: 'faint', role: 'status' });
	const again = guard(async () => {
		const since = startOfDay(Date.now() - (Number(days) - 1) * DAY_MS);
		const from = `gte.${new Date(since).toISOString()}`;
		const [sessions, said] = await Promise.all([
			allOf(client, 'sessions', [
				['select', 'id,created_at,lead_score,final_intent'],
				['created_at', from],
				['order', 'created_at.asc,id.asc'],
			], signal),
			allOf(client, 'utterances', [
				['select', 'session_id,speaker,ts'],
				['ts', from],
				['order', 'session_id.asc,ts.asc,id.asc'],
			], signal),
		]);
		const { made, waits } = figures(sessions.rows, said.rows, since);
		top.replaceChildren(headline(sessions.rows, waits));
		place.replaceChildren(...made);
		note.textContent = sessions.isCut || said.isCut
			? `These are of the first ${PAGE * PAGES_MAX} rows; take fewer days.` : '';
	});
	main.replaceChildren(
		title('Numbers'),
		element('div', { className: 'bar' }, [
			choice('Since', [['7', '7 days'], ['30', '30 days'], ['90', '90 days']], days, (value) => {
				days = value;
				again();
			}),
		]),
		top, note, place,
		faint('Jobs and the log of who saw what are read on the server: scripts/jobs, table audit_log.'),
	);
	await again();
	return { changed: () => undefined };
};
