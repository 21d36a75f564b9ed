/* console_reports.js -- what happened between two days, in numbers: what scripts/report shows. */
import { element } from './dom.js';
import { facts, faint, section, table, title } from './console_view.js';
import { capital, label, when } from './console_words.js';

const DAY_MS = 86_400_000;
const DAYS_MAX = 400; /* the server takes no more */

const dayIn = (time) => {
	const day = new Date(time);
	const two = (n) => String(n).padStart(2, '0');
	return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
};

/* Both days are in it; kept while one looks at another page. */
const wish = { from: dayIn(Date.now() - 6 * DAY_MS), to: dayIn(Date.now()) };

/* The moment a day begins here; `later` days after it. */
const startOf = (day, later = 0) => {
	const [year, month, date] = day.split('-').map(Number);
	return new Date(year, month - 1, date + later);
};

const faultOf = ({ from, to }) => {
	if (!from || !to) return 'Give both days.';
	if (from > to) return 'The first day is behind the last one.';
	if (startOf(to, 1) - startOf(from) > DAYS_MAX * DAY_MS) return `Take ${DAYS_MAX} days at most.`;
	return null;
};

const number = (value, digits = 0) => Number(value).toLocaleString(undefined, {
	minimumFractionDigits: digits, maximumFractionDigits: digits,
});

/* A column of numbers: the member of a row, and what it is called. */
const count = (name, text = capital(name), digits = 0) => ({
	title: text, cell: (row) => number(row[name], digits),
});

const TABLES = [
	['conversion', 'Conversion', 'of sessions that began, those that scored 70 or more', [
		{ title: 'Manner', cell: (row) => label(row.mode) },
		{ title: 'Wants', cell: (row) => label(row.intent) },
		count('sessions'), count('converted'), count('converted_percent', 'Converted, %', 1),
	]],
	['scores', 'Scores', 'sessions by their lead score', [
		{ title: 'Score', cell: (row) => `${row.from} to ${row.to}` }, count('sessions'),
	]],
	['waits', 'Waits', 'from a request to the first sentence of its reply, and to its first sound', [
		{ title: 'Until', cell: (row) => capital(row.what) }, count('turns'),
		count('p50_ms', 'Half within, ms'), count('p95_ms', '95 % within, ms'),
		count('p99_ms', '99 % within, ms'), count('most_ms', 'Longest, ms'),
	]],
	['services', 'Services', 'what was asked of them, by whole days of UTC; their cost is an estimate', [
		{ title: 'Service', cell: (row) => capital(row.service) },
		count('requests'), count('tokens'), count('characters'),
		count('minutes_heard', 'Minutes heard', 1), count('cost', 'Cost', 2),
	]],
	['degraded', 'Degraded', 'turns that were answered without a part, and in how many minutes', [
		{ title: 'Part', cell: (row) => row.part }, count('turns'), count('minutes'),
		{ title: 'First', cell: (row) => when(row.first_at) },
		{ title: 'Last', cell: (row) => when(row.last_at) },
	]],
];

const parts = (report) => [
	facts([
		['Sessions', number(report.sessions)],
		['Converted', number(report.converted)],
		['Turns', number(report.turns)],
		['Answered', number(report.answered)],
		['Minutes spoken', number(report.minutes, 1)],
	]),
	...TABLES.map(([name, heading, told, columns]) => section(heading, [
		element('p', { className: 'faint-text', text: told }),
		report[name].length ? table(heading, columns, report[name]) : faint('There is nothing.'),
	])),
];

const dayField = (name, member, again) => {
	const input = element('input', { type: 'date', value: wish[member], required: true });
	input.onchange = () => {
		wish[member] = input.value;
		again();
	};
	return element('label', { className: 'field' }, [element('span', { text: name }), input]);
};

export const showReports = async (main, { client, signal, guard }) => {
	const place = element('div');
	const note = element('p', { className: 'faint', role: 'status' });
	const again = guard(async () => {
		const fault = faultOf(wish);
		note.textContent = fault ?? '';
		place.replaceChildren();
		if (fault) return;
		place.replaceChildren(...parts(await client.report({
			from: startOf(wish.from).toISOString(), to: startOf(wish.to, 1).toISOString(),
		}, { signal })));
	});
	main.replaceChildren(
		title('Reports'),
		element('div', { className: 'bar' }, [
			dayField('From', 'from', again), dayField('To', 'to', again),
		]),
		note, place,
	);
	await again();
	return { changed: () => undefined };
};
