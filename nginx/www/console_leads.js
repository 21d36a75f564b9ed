/* console_leads.js -- who is worth a call, and the list to take along. */
import { element } from './dom.js';
import { button, choice, faint, renew, score, showProblem, table, title } from './console_view.js';
import { label, nameOf, when } from './console_words.js';
import { FACTS } from './words.js';

const ROWS_MAX = 200;
const LEADS_MS = 5000; /* they are read at most so often */
const IDS_AT_ONCE = 50; /* an id takes 37 characters of the request's line */
const ENTITIES = ['org_name', 'role', 'budget_range', 'timeline'];

let least = '70';

/* The newest extract of each session. */
const extractsOf = async (client, ids, signal) => {
	const found = new Map();
	for (let i = 0; i < ids.length; i += IDS_AT_ONCE) {
		const some = ids.slice(i, i + IDS_AT_ONCE);
		const rows = await client.rows('extracts', [
			['select', 'session_id,entities,created_at'],
			['session_id', `in.(${some.join(',')})`],
			['order', 'created_at.desc'],
		], { signal });
		for (const row of rows)
			if (!found.has(row.session_id)) found.set(row.session_id, row.entities ?? {});
	}
	return found;
};

const readLeads = async (client, signal) => {
	const sessions = await client.rows('sessions', [
		['select', '*'],
		['lead_score', `gte.${least}`],
		['order', 'lead_score.desc,created_at.desc'],
		['limit', ROWS_MAX],
	], { signal });
	const entities = await extractsOf(client, sessions.map(({ id }) => id), signal);
	return sessions.map((session) => ({ ...session, ...entities.get(session.id), id: session.id }));
};

const columns = [
	{ title: 'Score', cell: (row) => score(row.lead_score) },
	{
		title: 'Who',
		cell: (row) => element('a', { href: `#/session/${row.id}`, text: nameOf(row) }),
	},
	{ title: 'E-mail', cell: (row) => row.email ?? row.contact_email ?? '–' },
	...ENTITIES.map((name) => ({
		title: FACTS[name],
		cell: (row) => row[name] ?? '–',
	})),
	{ title: 'Wants', cell: (row) => label(row.final_intent) || '–' },
	{ title: 'Talked', cell: (row) => when(row.created_at) },
];

/* ---- the list as a file ---- */

const LOOK_MS = 1000;
const LOOKS_MAX = 90;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* A job makes it; then it is in its bucket. */
const made = async (client, path, signal) => {
	for (let i = 0; i < LOOKS_MAX && !signal.aborted; i++) {
		try {
			return await client.fileUrl('exports', path);
		} catch (error) {
			if (error.status !== 404 && error.status !== 400) throw error;
		}
		await pause(LOOK_MS);
	}
	throw new Error('The list is not ready yet. Look again later, or see whether jobs run.');
};

const exporter = (client, signal) => {
	const told = element('span', { role: 'status' });
	const order = (kind, format) => async (event) => {
		const { currentTarget: pressed } = event;
		pressed.disabled = true;
		told.textContent = 'It is being made…';
		try {
			const { path } = await client.order({ kind, format });
			const href = await made(client, path, signal);
			const link = element('a', {
				href, download: path.split('/').at(-1), text: `Download ${path.split('/').at(-1)}`,
			});
			told.replaceChildren(link);
			link.focus();
		} catch (error) {
			told.textContent = '';
			if (!signal.aborted) showProblem(error);
		}
		pressed.disabled = false;
	};
	return element('div', { className: 'bar' }, [
		button('Export leads as CSV', order('leads', 'csv')),
		button('Export leads as JSON', order('leads', 'json')),
		button('Export sessions as CSV', order('sessions', 'csv')),
		told,
	]);
};

export const showLeads = async (main, { client, signal, guard }) => {
	const list = element('div');
	const count = element('p', { className: 'faint', role: 'status' });
	const again = guard(async () => {
		const rows = await readLeads(client, signal);
		count.textContent = `${rows.length} ${rows.length === 1 ? 'lead' : 'leads'}`
			+ (rows.length === ROWS_MAX ? ', the best ones' : '');
		renew(list, [rows.length ? table('Leads', columns, rows) : faint('There are none.')]);
	}, LEADS_MS);
	main.replaceChildren(
		title('Leads'),
		element('div', { className: 'bar' }, [
			choice('Score', [['40', '40 and more'], ['70', '70 and more']], least, (value) => {
				least = value;
				again();
			}),
		]),
		exporter(client, signal), count, list,
	);
	await again();
	const concerns = ({ table }) => !table || table === 'sessions' || table === 'extracts';
	return { changed: (change) => (concerns(change) ? again(false) : undefined) };
};
