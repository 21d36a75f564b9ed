/* console_words.js -- how the console says times, scores and errors. */
import { adviceFor } from './words.js';

export const INTENTS = [
	'consulting_inquiry', 'collaboration', 'media_request', 'speaking_request', 'job_opportunity',
	'product_feedback', 'partnership_vendor', 'advice_request', 'supporter_fan',
];

export const spaced = (word) => (word ? word.replaceAll('_', ' ') : '');
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
export const label = (word) => capital(spaced(word));

const stamp = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

/* The database knows times that a Date does not, "infinity" for one: they are shown as they are. */
export const when = (time) => {
	const date = new Date(time);
	return time && !Number.isNaN(date.getTime()) ? stamp.format(date) : time ?? '';
};
export const timeOf = (time) => (time ? clock.format(new Date(time)) : '');
export const dayOf = (time) => day.format(new Date(time));

const UNITS = [[86_400, 'day'], [3600, 'hour'], [60, 'minute'], [0, 'second']];

/** How long ago, in the largest unit there is one of. */
export const ageOf = (time) => {
	const seconds = Math.max(0, (Date.now() - new Date(time)) / 1000 || 0);
	const [size, name] = UNITS.find(([size]) => seconds >= size);
	const n = Math.floor(seconds / (size || 1));
	return `${n} ${name}${n === 1 ? '' : 's'}`;
};

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/* What the server says of a wrong password is as good as anything we could. */
const OURS = {
	invalid_credentials: 'E-mail address or password are not right.',
	over_request_rate_limit: 'Too many attempts. Wait a minute, then try again.',
	forbidden: 'Your account may not see this. Ask an owner of the server.',
	signed_out: 'You are signed out. Sign in again.',
};

export const adviceOf = (error) => OURS[error.code] ?? adviceFor(error);

export const nameOf = (session) =>
	session.contact_name || session.email || `Visitor ${session.id.slice(0, 8)}`;

const ACTIVE_MS = 5 * 60_000;

/** Does somebody talk in it now? */
export const isLive = ({ ended_at, last_active_at, updated_at }) =>
	!ended_at && Date.now() - new Date(last_active_at ?? updated_at) < ACTIVE_MS;
