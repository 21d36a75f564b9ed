/* console_sessions.js -- the list of sessions, as it is now. */
import { element } from './dom.js';
import { button, choice, faint, renew, score, table, title } from './console_view.js';
import { INTENTS, isLive, label, nameOf, when } from './console_words.js';

const SIZE = 50;
const LOOK_MS = 1000; /* at most so often, while others talk */
const DAYS = [['1', 'Last 24 hours'], ['7', 'Last 7 days'], ['30', 'Last 30 days'], ['', 'All']];
const SCORES = [['', 'Any'], ['40', '40 and more'], ['70', '70 and more']];

/* Kept while one looks at a session and comes back. */
const filters = { days: '7', intent: '', score: '', email: '' };

const paramsOf = () => {
	const params = [['select', '*'], ['order', 'created_at.desc']];
	if (filters.days) {
		const since = new Date(Date.now() - Number(filters.days) * 86_400_000);
		params.push(['created_at', `gte.${since.toISOString()}`]);
	}
	if (filters.intent) params.push(['final_intent', `eq.${filters.intent}`]);
	if (filters.score) params.push(['lead_score', `gte.${filters.score}`]);
	if (filters.email) params.push(['email', `eq.${filters.email}`]);
	return params;
};

export const stateOf = (session) => {
	if (isLive(session)) return element('span', { className: 'now', text: 'Talking now' });
	return session.ended_at ? 'Ended' : 'Idle';
};

const columns = [
	{ title: 'Started', cell: (row) => when(row.started_at ?? row.created_at) },
	{
		title: 'Visitor',
		cell: (row) => element('a', { href: `#/session/${row.id}`, text: nameOf(row) }),
	},
	{ title: 'Wants', cell: (row) => label(row.final_intent) || '–' },
	{ title: 'Score', cell: (row) => score(row.lead_score) },
	{ title: 'Manner', cell: (row) => label(row.current_mode) },
	{ title: 'State', cell: stateOf },
];

const filterBar = (client, again) => {
	const set = (name) => (value) => {
		filters[name] = value;
		again();
	};
	const bar = element('div', { className: 'bar', role: 'group', ariaLabel: 'Filters' }, [
		choice('Since', DAYS, filters.days, set('days')),
		choice('Wants', [['', 'Anything'], ...INTENTS.map((name) => [name, label(name)])],
			filters.intent, set('intent')),
		choice('Score', SCORES, filters.score, set('score')),
	]);
	if (client.mayChange) {
		const input = element('input', { type: 'search', value: filters.email, autocomplete: 'off' });
		input.onchange = () => set('email')(input.value.trim());
		bar.append(element('label', { className: 'field' }, [
			element('span', { text: 'E-mail, exactly' }), input,
		]));
	}
	return bar;
};

/** Shows it in `main`; `again` reads it anew, and so does what changes meanwhile. */
export const showSessions = async (main, { client, signal, guard }) => {
	const list = element('div', { ariaBusy: 'true' });
	const count = element('p', { className: 'faint', role: 'status' });
	let shown = SIZE;
	const again = guard(async () => {
		const wanted = { from: 0, size: shown, signal };
		const { rows, total } = await client.page('sessions', paramsOf(), wanted);
		count.textContent = `${total} ${total === 1 ? 'session' : 'sessions'}`;
		const more = button('Show more', () => {
			shown += SIZE;
			again();
		});
		renew(list, [
			rows.length ? table('Sessions', columns, rows) : faint('There are none.'),
			...(rows.length < total ? [more] : []),
		]);
		list.ariaBusy = 'false';
	}, LOOK_MS);
	const restart = () => {
		shown = SIZE;
		return again();
	};
	main.replaceChildren(title('Sessions'), filterBar(client, restart), count, list);
	await again();
	return { changed: () => again(false) };
};
