/* console_log.js -- who saw or changed what of visitors: the audit log. */
import { element } from './dom.js';
import { button, faint, showProblem, table, title } from './console_view.js';
import { label, spaced, when } from './console_words.js';

const SIZE = 50;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/* "person:<id>", "operator:<name>", "link", a program. */
const whoOf = ({ actor, name, email }) => {
	const person = name && email ? `${name} (${email})` : name ?? email;
	const [kind, id = ''] = actor.split(':');
	if (kind === 'person') return person ?? `Account ${id.slice(0, 8)}, which is gone`;
	if (kind === 'operator') return `${id}, at a terminal`;
	if (kind === 'link') return person ? `Whoever had a link of ${person}` : 'Whoever had a link';
	return kind === 'service_role' ? 'Service key' : actor;
};

const whatOf = ({ subject, rows, asked }) => {
	const count = rows > 1 ? `${rows} ` : '';
	return element('span', {}, [
		`${count}${spaced(subject)}`,
		...(asked ? [element('span', { className: 'faint-text', text: ` ${asked}` })] : []),
	]);
};

const sessionOf = ({ session_id }) => (session_id
	? element('a', { href: `#/session/${session_id}`, text: session_id.slice(0, 8) }) : '–');

const columns = [
	{ title: 'When', cell: (row) => when(row.at) },
	{ title: 'Who', cell: whoOf },
	{ title: 'Did', cell: (row) => label(row.action) },
	{ title: 'What', cell: whatOf },
	{ title: 'Session', cell: sessionOf },
];

const filterBar = (id, look) => {
	const input = element('input', {
		type: 'search', value: id, autocomplete: 'off', spellcheck: false, maxLength: 36,
	});
	input.onchange = () => look(input.value.trim());
	return element('div', { className: 'bar' }, [
		element('label', { className: 'field' }, [
			element('span', { text: 'About the session with this id' }), input,
		]),
		button('Look again', () => look(input.value.trim())),
	]);
};

/** `id`: of a session, of which it shows what names it; else all. */
export const showLog = async (main, { client, signal, guard, id = '' }) => {
	const list = element('div');
	const note = element('p', { className: 'faint', role: 'status' });
	let session = id;
	let before = null;
	const read = () => client.oversight({
		of: 'log', limit: SIZE, ...(session && { session }), ...(before && { before }),
	}, { signal });
	const older = button('Show older ones', async () => {
		const shown = list.firstChild; /* goes where others are looked at meanwhile */
		older.disabled = true;
		try {
			const told = await read();
			if (list.firstChild === shown) append(told);
		} catch (error) {
			if (!signal.aborted) showProblem(error);
		}
		older.disabled = false;
	});
	const append = (told) => {
		const more = table('', columns, told.entries).querySelectorAll('tbody tr');
		list.querySelector('tbody').append(...more);
		note.textContent = `${more.length} older ones are shown.`;
		({ before } = told);
		older.hidden = before === null;
	};
	const again = guard(async () => {
		const isId = session === '' || ID.test(session);
		note.textContent = isId ? '' : 'This is no id of a session.';
		list.replaceChildren();
		older.hidden = true;
		before = null;
		if (!isId) return;
		const told = await read();
		list.replaceChildren(told.entries.length
			? table('Who saw or changed what', columns, told.entries) : faint('There is nothing.'));
		({ before } = told);
		older.hidden = before === null;
	});
	main.replaceChildren(
		title('Log'),
		faint('Who saw or changed contact data, or opened a recording. Looking here is in it, too.'),
		filterBar(session, (value) => {
			session = value;
			again();
		}),
		note, list, older,
	);
	await again();
	return { changed: () => undefined };
};
