/* timings.js -- what this browser saw of its conversation: told as the page is left or hidden, once,
 * in numbers alone, and of nobody who asks not to be tracked. */
import { readConfig } from './api.js';

/* What functions/browser_timings takes. */
const TURNS_MAX = 50;
const WAIT_MAX_MS = 120_000;
const EVENTS_MAX = 1000;

const SAME = ['network', 'silence', 'broken_off'];
const NONE = ['left', 'superseded']; /* somebody wanted something else */

const nothing = () => ({ first_audio_ms: [], stalls: 0, stalled_ms: 0, errors: {} });
let seen = nothing();
let address = null; /* known before it is needed: who leaves waits for nothing */

const learnAddress = async () => {
	if (address) return;
	try {
		const { url } = await readConfig();
		address = new URL('functions/v1/browser_timings', new URL(url, location.origin));
	} catch {
		/* where nobody answers nobody is told */
	}
};

const bounded = (ms) => Math.min(Math.max(Math.round(ms), 0), WAIT_MAX_MS);

/** From the end of a message until the first sound of its answer was heard. */
export const noteFirstAudio = (ms) => {
	if (seen.first_audio_ms.length < TURNS_MAX) seen.first_audio_ms.push(bounded(ms));
	learnAddress();
};

/** A reply fell silent for so long, because its next piece was not there. */
export const noteStall = (ms) => {
	if (seen.stalls === EVENTS_MAX) return;
	seen.stalls++;
	seen.stalled_ms += bounded(ms);
	learnAddress();
};

const kindOf = ({ code = '', status = 0 }) => {
	if (SAME.includes(code)) return code;
	if (code.includes('microphone')) return 'microphone';
	return status >= 400 && status < 500 ? 'refused' : 'failed';
};

const noteKind = (kind) => {
	seen.errors[kind] = Math.min((seen.errors[kind] ?? 0) + 1, EVENTS_MAX);
	learnAddress();
};

/** A turn that failed, or a microphone, by its error. */
export const noteError = (error) => {
	if (!NONE.includes(error.code)) noteKind(kindOf(error));
};

/** A piece of sound that could not be played. */
export const noteUnplayable = () => noteKind('playback');

const wantsNone = () => navigator.globalPrivacyControl === true || navigator.doNotTrack === '1';
const hasAny = () =>
	seen.first_audio_ms.length > 0 || seen.stalls > 0 || Object.keys(seen.errors).length > 0;

/* As text: that needs no preflight, which a page that is leaving could not wait for. */
const tell = () => {
	if (!address || !hasAny() || wantsNone()) return;
	if (navigator.sendBeacon(address, JSON.stringify(seen))) seen = nothing();
};

document.addEventListener('visibilitychange', () => {
	if (document.visibilityState === 'hidden') tell();
});
window.addEventListener('pagehide', tell);
