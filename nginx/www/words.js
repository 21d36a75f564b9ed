/* words.js -- what the page says in words: of errors what to do, of codes what they mean. */

const wait = (error) =>
	error.retryAfter ? `in ${error.retryAfter} seconds` : 'in a moment';

const ADVICE = {
	network: () =>
		navigator.onLine
			? 'The server does not answer. See whether it still runs, then try again.'
			: 'You are offline. Connect, then try again.',
	silence: () => 'The server took too long. Try again.',
	broken_off: () => 'The answer broke off. Try again.',
	invalid_request: (e) =>
		`The server did not take this: ${e.message} Change it and send it anew.`,
	invalid_audio: () => 'The recording could not be read. Speak once more, or write.',
	unauthorized: () => 'The key of this page is not accepted any more. Reload the page.',
	invalid_session: () => 'This conversation has ended. Begin a new one.',
	session_expired: () => 'This conversation has expired. Begin a new one.',
	origin_not_allowed: () =>
		`${location.origin} is not listed at the server. Open the address it printed, ` +
		'or add this one to SCRIBE_ALLOWED_ORIGINS.',
	not_found: () =>
		'The server does not know this function. It may be newer than the page: reload it.',
	method_not_allowed: () => 'Page and server differ. Reload the page.',
	request_timeout: () =>
		'Sending took too long. See whether your connection is slow, and try again.',
	conflict: () => 'The same message is still being answered. Wait a moment, then try again.',
	superseded: () => 'A newer message took its place, perhaps from another tab.',
	payload_too_large: () =>
		'This is too long. Make it shorter; of speech, two minutes are taken at most.',
	idempotency_mismatch: () => 'Page and server differ about this message. Send it anew.',
	rate_limited: (e) => `Too many messages. Try again ${wait(e)}.`,
	internal: () =>
		'Something went wrong at the server. Try again; if it stays so, its log knows more.',
	upstream_failed: () => 'A service that the server needs has failed. Try again in a moment.',
	upstream_timeout: () => 'A service that the server needs took too long. Try again.',
	unavailable: (e) => `The server is too busy, or its database is away. Try again ${wait(e)}.`,
	no_microphone: () =>
		'There is no microphone, or another program has it. Connect one, or write.',
	microphone_refused: () =>
		'The microphone is not allowed. Allow it for this page, beside its address in the ' +
		'browser, or write.',
	microphone_insecure: () =>
		'Browsers give a microphone to secure pages only. Open this one as http://localhost ' +
		'or over https, or write.',
};

/** One sentence or two: what is wrong, and what to do. */
export const adviceFor = (error) =>
	ADVICE[error.code]?.(error) ?? `${error.message || 'Something went wrong.'} Try again.`;

export const hasAdvice = (code) => code in ADVICE;

export const DEGRADED = {
	llm: 'No language model answers: a simple responder on this machine does, which knows little.',
	tts: 'The better voice fails: a simple one speaks, or there is only text.',
	stt: 'The better recogniser fails: a small one hears, which gets names wrong.',
	embedding: 'Memories are found by their words only.',
	memory: 'What was said before is not remembered in this conversation.',
	extract: 'What is learned of you comes from simple rules.',
};

const spaced = (word) => word.replaceAll('_', ' ');
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export const DEFAULT_MODE = { name: 'professional', title: 'Professional', manner: '' };

export const degradedWords = (name) => DEGRADED[name] ?? `Works less well: ${spaced(name)}.`;

/** What is known of somebody, by the names of an extract's entities. */
export const FACTS = {
	person_name: 'Name',
	org_name: 'Company',
	role: 'Role',
	contact_email: 'E-mail',
	budget_range: 'Budget',
	timeline: 'When',
	use_case: 'What for',
	channel: 'Channel',
	geo: 'Where',
};

/** Pairs of a heading and a text, of what is known. */
export const factsOf = (extract) => {
	const facts = Object.entries(FACTS)
		.filter(([name]) => extract.entities?.[name])
		.map(([name, title]) => [title, extract.entities[name]]);
	if (extract.intent) facts.unshift(['You seem to want', capital(spaced(extract.intent))]);
	for (const action of extract.followup_actions ?? [])
		facts.push(['Next', capital(spaced(action))]);
	const reasons = (extract.scoring_reasons ?? []).map(spaced).join(', ');
	const score = `${extract.lead_score} of 100, ${extract.priority}`;
	facts.push(['Importance as a lead', reasons ? `${score} (${reasons})` : score]);
	return facts;
};
