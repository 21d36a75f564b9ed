/* console_jobs.js -- what waits to be done, and what has failed for good: what scripts/jobs shows. */
import { element } from './dom.js';
import { button, facts, faint, section, table, title } from './console_view.js';
import { ageOf, label, when } from './console_words.js';

const ROWS_MAX = 200;
const LOOK_MS = 10_000; /* nobody is told live of a job */
const STATES = { dead: 'Dead', running: 'Running', ready: 'Waiting', done: 'Done' };

const total = (counts, state) =>
	counts.filter((row) => row.state === state).reduce((sum, { jobs }) => sum + jobs, 0);

const columns = [
	{
		title: 'State',
		cell: ({ state }) => (state === 'dead'
			? element('strong', { text: STATES.dead }) : STATES[state]),
	},
	{ title: 'Kind', cell: (row) => label(row.kind) },
	{ title: 'Job', cell: (row) => String(row.id) },
	{ title: 'Attempts', cell: (row) => `${row.attempts} of ${row.max_attempts}` },
	{ title: 'Age', cell: (row) => ageOf(row.created_at) },
	{ title: 'Due', cell: (row) => (row.state === 'ready' ? when(row.run_at) : '–') },
	{ title: 'Last error', cell: (row) => label(row.error) || '–' },
];

const kinds = [
	{ title: 'Kind', cell: (row) => label(row.kind) },
	{ title: 'State', cell: (row) => STATES[row.state] },
	{ title: 'Jobs', cell: (row) => String(row.jobs) },
	{ title: 'Oldest', cell: (row) => ageOf(row.oldest_at) },
	{ title: 'Most attempts', cell: (row) => String(row.most_attempts) },
];

const parts = ({ counts, jobs }) => [
	facts(Object.entries(STATES).map(([state, text]) => [text, String(total(counts, state))])),
	section('Not done', [
		faint(jobs.length < ROWS_MAX ? 'The dead ones wait for a person: scripts/jobs retry ID'
			: `The first ${ROWS_MAX} of them. The dead ones wait for a person: scripts/jobs retry ID`),
		jobs.length ? table('Jobs that are not done', columns, jobs) : faint('There are none.'),
	]),
	section('By kind', [
		counts.length ? table('Jobs by kind and state', kinds, counts) : faint('There are none.'),
	]),
];

/* What is there already is left alone while it says the same: somebody may be reading in it. */
const show = (place, nodes) => {
	const fresh = element('div', {}, nodes);
	if (place.textContent !== fresh.textContent) place.replaceChildren(...fresh.childNodes);
};

const verdict = (counts) => {
	const dead = total(counts, 'dead');
	return dead ? `${dead} ${dead === 1 ? 'job has' : 'jobs have'} failed for good.`
		: 'No job has failed for good.';
};

export const showJobs = async (main, { client, signal, guard }) => {
	const place = element('div', { ariaBusy: 'true' });
	const note = element('p', { className: 'faint', role: 'status' });
	const again = guard(async () => {
		const told = await client.oversight({ of: 'jobs', limit: ROWS_MAX }, { signal });
		const words = verdict(told.counts);
		if (note.textContent !== words) note.textContent = words;
		show(place, parts(told));
		place.ariaBusy = 'false';
	});
	const looking = setInterval(() => again(false), LOOK_MS);
	signal.addEventListener('abort', () => clearInterval(looking));
	main.replaceChildren(
		title('Jobs'),
		element('div', { className: 'bar' }, [button('Look again', () => again())]),
		note, place,
	);
	await again();
	return { changed: () => undefined };
};
