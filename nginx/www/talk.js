/* talk.js -- the talk page: messages go out, replies are shown and heard, and may be interrupted.
 *
 * One turn is the current one. A typed message ends it at once. While somebody speaks into it,
 * its voice only pauses: if words were heard it ends there, and the transcript keeps what was heard
 * of it; if none were, or only those of somebody who listens ("mm-hm"), it goes on where it fell
 * silent. */
import { ask, readConfig } from './api.js';
import { Conversation, visitor } from './conversation.js';
import { heardPart } from './heard.js';
import { Microphone } from './microphone.js';
import { Player } from './player.js';
import * as timings from './timings.js';
import { adviceFor, DEFAULT_MODE } from './words.js';
import * as view from './view.js';

const { parts } = view;
const TAP_MS = 350; /* a shorter press begins a recording that another one ends */
const CUT_MS = 500;
const LEAST_MS = 300; /* nobody says anything in less */
const LAST_WORDS_MS = 1000; /* what is said into the last of a reply answers it */
const DRAFT = 'scribe.draft';
const UNSENT = 'scribe.unsent';
const CHANGE = ['invalid_request', 'payload_too_large'];

export const player = new Player();
export const microphone = new Microphone();
const conversation = new Conversation();

let current = null; /* {message, askedAt, reply, text, turnId, leave, isOver} */
const hearing = new Set(); /* spoken ones whose words are not known yet */

const isRunning = () => Boolean(hearing.size || (current && !current.isOver)) || player.isPlaying;

/* What depends on where things stand, all in one place. */
const refresh = () => {
	view.showRunning(isRunning());
	view.showRecording(microphone.isRecording);
	microphone.listen(parts.barge.checked && isRunning());
	if (microphone.isRecording) view.showStatus('Listening…');
	else if (hearing.size) view.showStatus('Hearing what you said…');
	else if (player.isPlaying && !player.isPaused) view.showStatus('Speaking…');
	else if (current && !current.isOver)
		view.showStatus(current.text ? 'Answering…' : 'Thinking…');
	else if (!player.isPaused) view.showStatus('');
};

/* What was heard of it: null where that is all of it. What is not aloud is read. */
const heardOf = (turn, heard) => {
	if (!turn.isAloud || (turn.isOver && !turn.hasSound)) return turn.text;
	const text = heardPart(turn.text, heard, turn.isOver);
	return turn.isOver && text === turn.text.trimEnd() ? null : text;
};

/* Ends the current reply; the transcript shows what was heard of it. */
const interrupt = () => {
	const turn = current;
	const wasPlaying = player.isPlaying;
	const heard = player.stop();
	current = null;
	if (!turn || (turn.isOver && !wasPlaying)) return null;
	const text = heardOf(turn, heard);
	if (text === null) {
		refresh();
		return null;
	}
	turn.text = text;
	turn.reply?.say(turn.text ? `${turn.text} …` : '…');
	turn.reply?.note('interrupted');
	turn.reply?.busy(false);
	refresh();
	const heardMs = turn.isAloud ? heard.ms : undefined; /* what is read is not timed */
	return conversation.cancel(turn.turnId, heardMs).finally(() => turn.leave.abort());
};

/* Somebody wants something else than what they have just said. */
const drop = () => {
	for (const turn of hearing) turn.leave.abort();
	hearing.clear();
	return interrupt();
};

const replyOf = (turn) => (turn.reply ??= view.showReply());

const handlers = {
	meta: (turn, { turn_id, current_mode }) => {
		turn.turnId = turn_id;
		if (current_mode) turn.mode = current_mode;
	},
	text: (turn, { delta }) => {
		turn.text += delta;
		if (turn.text !== '\u200b') replyOf(turn).say(turn.text);
	},
	audio: (turn, data) => {
		if (!turn.isAloud) return;
		turn.hasSound = true;
		player.add(data).then(refresh);
	},
	extract: (turn, data) => view.showLearned(data),
	done: (turn, { text, degraded = [] }) => {
		turn.text = text ?? turn.text;
		if (turn.text.trim() && turn.text !== '\u200b') replyOf(turn).say(turn.text);
		view.showDegraded(degraded);
	},
};

/* Words were heard: they are the visitor's message, and end whatever was being said. */
const takeWords = (turn, { text }) => {
	hearing.delete(turn);
	interrupt();
	current = turn;
	turn.message.text = text;
	turn.message.shown ??= view.showVisitor(text);
	turn.message.shown.say(text);
};

const heardNothing = (turn) => {
	hearing.delete(turn);
	turn.message.shown?.remove();
	player.resume();
	refresh();
	if (!player.isPlaying && !turn.message.isBargeIn)
		view.showStatus('I heard no words. Hold the button while you speak.');
};

/* A written message that was not answered outlives the page. */
const keepUnsent = (text) => {
	try {
		if (text) sessionStorage.setItem(UNSENT, text);
		else sessionStorage.removeItem(UNSENT);
	} catch {
		/* then it ends with the page */
	}
};

/* What the server will never take as it is goes back to where it can be changed. */
const giveBack = ({ text }, { code }) => {
	if (!text || parts.text.value || !CHANGE.includes(code)) return;
	parts.text.value = text;
	keepDraft();
};

const fail = (turn, error) => {
	timings.noteError(error);
	giveBack(turn.message, error);
	player.resume();
	turn.reply?.note('broke off');
	turn.reply?.busy(false);
	if (!turn.message.recording && parts.text.value !== turn.message.text)
		keepUnsent(turn.message.text);
	turn.message.shown ??= view.showVisitor('(spoken)');
	turn.message.shown.again(() => submit(turn.message));
	if (error.code !== 'left') view.showProblem(adviceFor(error), error.requestId);
};

const run = async (turn) => {
	const options = { mode: parts.mode.value, audio: turn.isAloud, signal: turn.leave.signal };
	let wasHeard = turn.message.text !== undefined;
	for await (const { event, data } of conversation.ask(turn.message, options)) {
		if (event === 'heard' && !wasHeard && data.text.trim() && !data.is_backchannel) {
			takeWords(turn, data);
			wasHeard = true;
		}
		if (wasHeard && turn !== current) return;
		if (wasHeard || event === 'meta') handlers[event]?.(turn, data);
		refresh();
	}
	if (!wasHeard) heardNothing(turn);
};

/* Sends a message, {text} or {recording, isBargeIn?}, also once more. */
const submit = async (message) => {
	const turn = {
		message, askedAt: performance.now(), text: '', isAloud: parts.aloud.checked,
		leave: new AbortController(),
	};
	view.showProblem('');
	message.shown?.again(null);
	let cut = null;
	if (message.text !== undefined) {
		cut = drop();
		current = turn;
		message.shown ??= view.showVisitor(message.text);
	} else {
		hearing.add(turn);
	}
	refresh();
	try {
		if (turn.isAloud) player.wake();
		/* The answer should know how much of the one before was heard. */
		await Promise.race([cut, new Promise((resolve) => setTimeout(resolve, CUT_MS))]);
		await run(turn);
		keepUnsent('');
	} catch (error) {
		/* One that another took the place of is nobody's trouble any more. */
		if (error.code === undefined) console.error(error);
		if (turn === current || message.text === undefined) fail(turn, error);
	}
	turn.isOver = true;
	hearing.delete(turn);
	turn.reply?.busy(false);
	refresh();
};

/* ---- writing ---- */

const fit = () => {
	parts.text.style.height = 'auto';
	parts.text.style.height = `${parts.text.scrollHeight + 2}px`;
};

const keepDraft = () => {
	try {
		sessionStorage.setItem(DRAFT, parts.text.value);
	} catch {
		/* then it ends with the page */
	}
	fit();
};

parts.form.addEventListener('submit', (event) => {
	event.preventDefault();
	const text = parts.text.value.trim();
	if (!text) return parts.text.focus();
	parts.text.value = '';
	keepDraft();
	submit({ text });
	return parts.text.focus();
});
parts.text.addEventListener('input', keepDraft);
parts.text.addEventListener('keydown', (event) => {
	if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
	event.preventDefault();
	parts.form.requestSubmit();
});

/* ---- speaking ---- */

const microphoneError = ({ name }) => ({
	code: name === 'NotAllowedError' ? 'microphone_refused' : 'no_microphone',
});

const hasNoMicrophone = (error) => {
	timings.noteError(error);
	view.showProblem(adviceFor(error));
	return false;
};

const openMicrophone = async () => {
	if (!Microphone.isPossible) return hasNoMicrophone({ code: 'microphone_insecure' });
	try {
		await microphone.open();
		return true;
	} catch (error) {
		return hasNoMicrophone(microphoneError(error));
	}
};

const sendRecording = ({ ms, wav }, isBargeIn) => {
	if (ms >= LEAST_MS) return submit({ recording: wav, isBargeIn });
	player.resume();
	refresh();
	return view.showStatus('That was too short. Hold the button while you speak.');
};

const finish = async () => {
	if (!microphone.isRecording) return;
	const recording = await microphone.end();
	refresh();
	await sendRecording(recording);
};

let press = null; /* {at, isHeld} of the button */

const pressed = async () => {
	if (microphone.isRecording) {
		press = null;
		return finish();
	}
	const mine = { at: performance.now(), isHeld: true };
	press = mine;
	player.wake();
	const wasOpen = microphone.isOpen;
	if (!(await openMicrophone())) return null;
	/* Whoever was asked first let the button go to answer. */
	if (!wasOpen && !mine.isHeld)
		return view.showStatus('The microphone is ready: hold the button and speak.');
	player.pause();
	microphone.record();
	return refresh();
};

const released = () => {
	const isHeld = press?.isHeld && performance.now() - press.at >= TAP_MS;
	if (press) press.isHeld = false;
	return isHeld ? finish() : null;
};

parts.hold.addEventListener('pointerdown', (event) => {
	if (event.button !== 0) return;
	parts.hold.setPointerCapture(event.pointerId);
	pressed();
});
parts.hold.addEventListener('pointerup', released);
parts.hold.addEventListener('pointercancel', released);
parts.hold.addEventListener('contextmenu', (event) => event.preventDefault());
const isPressKey = ({ key }) => key === ' ' || key === 'Enter';
parts.hold.addEventListener('keydown', (event) => {
	if (!isPressKey(event)) return;
	event.preventDefault();
	if (!event.repeat) pressed();
});
parts.hold.addEventListener('keyup', (event) => {
	if (!isPressKey(event)) return;
	event.preventDefault();
	released();
});
/* A screen reader clicks, without pointer or key; so does a phone's voice control. */
parts.hold.addEventListener('click', (event) => {
	if (event.detail !== 0) return;
	pressed();
	released();
});

/* Is the reply at its end, so that a "yes" answers it? */
const isLastHeard = () => current?.isOver && player.leftMs < LAST_WORDS_MS;

let isBargeIn = false; /* what began to be recorded by itself */
microphone.onSpeech = () => {
	isBargeIn = !isLastHeard();
	player.pause();
	refresh();
};
microphone.onSpoken = (recording) => sendRecording(recording, isBargeIn);
microphone.onFull = finish;
player.onIdle = refresh;
player.observer = {
	onFirstHeard: (at) => current && timings.noteFirstAudio(at - current.askedAt),
	onStall: timings.noteStall,
	onUnplayable: timings.noteUnplayable,
};

/* ---- switches ---- */

parts.stop.addEventListener('click', () => {
	drop();
	parts.text.focus();
});
document.addEventListener('keydown', (event) => {
	if (event.key === 'Escape' && isRunning()) drop();
});
parts.barge.addEventListener('change', async () => {
	if (parts.barge.checked) await openMicrophone();
	refresh();
});
parts.aloud.addEventListener('change', () => {
	if (parts.aloud.checked) return;
	if (current) current.isAloud = false;
	player.stop();
	refresh();
});
parts.anew.addEventListener('click', () => {
	drop();
	conversation.forget();
	view.clearSaid();
	view.showLearned(null);
	view.showDegraded([]);
	view.showProblem('');
	parts.text.focus();
});
conversation.onNewSession = () =>
	view.showNote('The conversation before has ended at the server; this is a new one.');

parts.remember.addEventListener('change', () => {
	const is = parts.remember.checked;
	if (!visitor.agree(is)) {
		parts.remember.checked = false;
		return view.showProblem('This browser keeps nothing, so nobody can be remembered in it.');
	}
	if (conversation.hasBegun)
		return view.showStatus('That holds from the next conversation on; begin a new one.');
	return view.showStatus(is ? 'You will be known the next time.' : 'You will not be known.');
});

const showConnection = () => view.showOffline(!navigator.onLine);
window.addEventListener('offline', showConnection);
window.addEventListener('online', showConnection);
window.addEventListener('pagehide', () => microphone.close());

/* A page that can not learn this can still talk. */
const showModes = async () => {
	try {
		const { data } = await ask('functions/v1/modes');
		view.showModes(data.modes, data.default);
	} catch (error) {
		view.showModes([DEFAULT_MODE], DEFAULT_MODE.name);
		view.showProblem(adviceFor(error), error.requestId);
	}
};

const showSwitches = async () => {
	try {
		view.showPanel((await readConfig()).lead_panel !== false);
	} catch {
		view.showPanel(false); /* the next request tells what is wrong */
	}
};

try {
	parts.text.value = sessionStorage.getItem(DRAFT) || (sessionStorage.getItem(UNSENT) ?? '');
} catch {
	/* no storage: no draft */
}
parts.remember.checked = visitor.id !== null;
showConnection();
fit();
parts.text.focus();
showSwitches();
showModes();
