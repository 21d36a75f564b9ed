/* console_app.js -- sign-in, and which page is shown: the part of the address behind "#". */
import { at, element } from './dom.js';
import { Client } from './console_client.js';
import { showJobs } from './console_jobs.js';
import { showLeads } from './console_leads.js';
import { Live } from './console_live.js';
import { showLog } from './console_log.js';
import { showNumbers } from './console_numbers.js';
import { showReports } from './console_reports.js';
import { showSession } from './console_session.js';
import { showSessions } from './console_sessions.js';
import { clearProblem, faint, showProblem, title } from './console_view.js';

const SETTLE_MS = 150; /* a turn changes several tables at once */
const LOOK_MS = 10_000; /* where nothing is told live */
const main = at('main');
const client = new Client();

const pages = {
	sessions: showSessions,
	session: showSession,
	leads: showLeads,
	numbers: showNumbers,
	reports: showReports,
};
const pagesOfAdmins = { jobs: showJobs, log: showLog };

let shown = null; /* {leave, changed} */

/* Work that reads and shows: one at a time, and once more if it was asked for meanwhile. What is not
 * urgent waits until the last time is so long ago: each look at contact data is a row in the log.
 * What went wrong is told until it goes well again; what is shown stays. */
const guardFor = (signal) => (work, pauseMs = 0) => {
	let running = null;
	let isDue = false;
	let isHurried = false;
	let since = -Infinity;
	let hurry = () => {};
	let putAway = () => {};
	const rest = () =>
		new Promise((resolve) => {
			hurry = resolve;
			setTimeout(resolve, isHurried ? 0 : Math.max(0, since + pauseMs - performance.now()));
		});
	const look = async () => {
		try {
			await work();
			putAway();
		} catch (error) {
			if (signal.aborted || error.code === 'left') return;
			if (error.code === undefined) console.error(error);
			if (client.user) putAway = showProblem(error);
		}
	};
	const run = async () => {
		do {
			await rest();
			[isDue, isHurried, since] = [false, false, performance.now()];
			if (!signal.aborted) await look();
		} while (isDue && !signal.aborted);
	};
	return (isUrgent = true) => {
		isHurried ||= isUrgent;
		if (isUrgent) hurry();
		isDue = running !== null;
		running ??= run().finally(() => (running = null));
		return running;
	};
};

/* ---- what changes meanwhile ---- */

let settle = null;
let gathered = new Map();
let looking = null;

const tellPage = () => {
	settle = null;
	const changes = [...gathered.values()];
	gathered = new Map();
	for (const change of changes) shown?.changed?.(change);
};
const changed = (change) => {
	gathered.set(`${change.table}/${change.session_id}`, change);
	settle ??= setTimeout(tellPage, SETTLE_MS);
};

const STATES = { live: 'Live', connecting: 'Connecting…', refused: 'Looks every 10 s' };
const live = new Live(client, {
	on: changed,
	state: (name) => {
		at('live').textContent = STATES[name];
		at('live').className = `live is-${name}`;
		clearInterval(looking);
		looking = name === 'live' ? null : setInterval(() => changed({}), LOOK_MS);
	},
});
client.onToken = (token) => live.push(token);

/* ---- pages ---- */

const leavePage = () => {
	shown?.leave();
	shown = null;
};

const showPage = async () => {
	const [, name = 'sessions', id] = location.hash.split('/');
	const known = client.mayChange ? { ...pages, ...pagesOfAdmins } : pages;
	const show = Object.hasOwn(known, name) ? known[name] : undefined;
	leavePage();
	clearProblem();
	const control = new AbortController();
	shown = { leave: () => control.abort() };
	const mine = shown;
	for (const link of at('nav').children) {
		const isHere = link.hash === `#/${name}` || (name === 'session' && link.hash === '#/sessions');
		if (isHere) link.ariaCurrent = 'page';
		else link.removeAttribute('aria-current');
	}
	if (!show) {
		main.replaceChildren(title('There is no such page'), faint('Take one of those above.'));
		return;
	}
	const { signal } = control;
	const made = show(main, { client, signal, guard: guardFor(signal), id });
	main.querySelector('h2')?.focus();
	const { changed: told } = await made;
	mine.changed = told;
};

/* ---- who is signed in ---- */

const showSignIn = (why) => {
	leavePage();
	const email = element('input', { id: 'email', type: 'email', autocomplete: 'username', required: true });
	const password = element('input', {
		id: 'password', type: 'password', autocomplete: 'current-password', required: true,
	});
	const send = element('button', { type: 'submit', text: 'Sign in' });
	const form = element('form', { className: 'card sign-in' }, [
		title('Sign in'),
		...(why ? [element('p', { text: why })] : []),
		element('label', { htmlFor: 'email', text: 'E-mail address' }), email,
		element('label', { htmlFor: 'password', text: 'Password' }), password,
		send,
		element('p', { className: 'faint' }, [
			'Who runs this server makes accounts: scripts/admin add EMAIL ',
			element('span', { className: 'one-line', text: '--role viewer' }),
		]),
	]);
	form.onsubmit = async (event) => {
		event.preventDefault();
		send.disabled = true;
		clearProblem();
		try {
			await client.signIn(email.value.trim(), password.value);
			begin();
		} catch (error) {
			showProblem(error);
			password.select();
		}
		send.disabled = false;
	};
	main.replaceChildren(form);
	email.focus();
};

const begin = () => {
	at('nav').hidden = false;
	for (const link of at('nav').children)
		link.hidden = link.hash.slice(2) in pagesOfAdmins && !client.mayChange;
	at('who').hidden = false;
	at('who-name').textContent = `${client.user.email ?? ''} (${client.role})`;
	live.start();
	showPage();
};

const end = (why) => {
	at('nav').hidden = true;
	at('who').hidden = true;
	at('who-name').textContent = '';
	live.stop();
	clearInterval(looking);
	showSignIn(why);
};

client.onSignedOut = end;
at('leave').onclick = () => client.signOut();
window.addEventListener('hashchange', () => client.user && showPage());

const showConnection = () => {
	at('offline').hidden = navigator.onLine;
	at('offline').textContent = navigator.onLine
		? '' : 'You are offline. What is shown may be old; it is read again when you are back.';
	if (navigator.onLine && client.user) changed({});
};
window.addEventListener('offline', showConnection);
window.addEventListener('online', showConnection);

showConnection();
if (client.user) begin();
else end();
