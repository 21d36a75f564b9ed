/* view.js -- the only one that touches the document. Everything said is text, never markup. */
import { at, element } from './dom.js';
import { degradedWords, factsOf } from './words.js';

export const parts = {
	mode: at('mode'),
	anew: at('anew'),
	form: at('form'),
	text: at('text'),
	hold: at('hold'),
	stop: at('stop'),
	aloud: at('aloud'),
	barge: at('barge'),
	remember: at('remember'),
};

const box = at('scroll');
let isFollowing = true; /* somebody who reads further up is left there */
let lastTop = 0;

const toEnd = () => {
	box.scrollTop = box.scrollHeight;
	lastTop = box.scrollTop;
	isFollowing = true;
};

const following = (change) => {
	change();
	if (isFollowing) toEnd();
};

/* What takes room beside it, a problem or a banner, moves nobody up. */
box.addEventListener('scroll', () => {
	if (box.scrollHeight - box.scrollTop - box.clientHeight < 60) isFollowing = true;
	else if (box.scrollTop < lastTop) isFollowing = false;
	lastTop = box.scrollTop;
});
new ResizeObserver(() => isFollowing && toEnd()).observe(box);

/** To choose from: [{name, title, manner}]. */
export const showModes = (modes, chosen) => {
	parts.mode.replaceChildren(
		...modes.map(({ name, title }) => element('option', { value: name, text: title })),
	);
	parts.mode.value = chosen;
	const tell = () => {
		const { manner = '' } = modes.find(({ name }) => name === parts.mode.value) ?? {};
		at('manner').textContent = manner;
	};
	parts.mode.onchange = tell;
	tell();
	parts.mode.disabled = false;
};

let isPanelShown = false;

/** Not every server shows visitors what it learned of them. */
export const showPanel = (is) => {
	isPanelShown = is;
	at('learned-panel').hidden = !is;
	at('beside').hidden = !is;
};

/* One thing that was said; `who` is heard by those who do not see the side it stands on. */
const line = (className, who) => {
	const words = element('span', { className: 'words' });
	const note = element('span', { className: 'note' });
	const item = element('li', { className }, [
		element('span', { className: 'unseen', text: `${who}: ` }),
		words,
		note,
	]);
	at('welcome').hidden = true;
	at('said').append(item);
	toEnd();
	return {
		item,
		say: (text) => following(() => (words.textContent = text)),
		note: (text) => following(() => note.replaceChildren(text)),
		busy: (is) => item.setAttribute('aria-busy', String(is)),
		remove: () => item.remove(),
	};
};

export const showVisitor = (text) => {
	const shown = line('mine', 'You');
	shown.say(text);
	const again = (retry) => {
		shown.item.classList.toggle('failed', Boolean(retry));
		if (!retry) return shown.note('');
		const button = element('button', { type: 'button', className: 'plain', text: 'Try again' });
		button.onclick = retry;
		return following(() =>
			shown.item.lastChild.replaceChildren('Not answered. ', button),
		);
	};
	return { ...shown, again };
};

export const showReply = () => {
	const shown = line('theirs', 'scribe');
	shown.busy(true);
	return shown;
};

export const showNote = (text) => {
	line('between', 'Note').say(text);
};

export const showStatus = (text) => {
	if (at('status').textContent !== text) at('status').textContent = text;
};

export const showRunning = (is) => {
	parts.stop.hidden = !is;
};

export const showRecording = (is) => {
	parts.hold.setAttribute('aria-pressed', String(is));
};

/** Says what is wrong, until the next message or until it is put away. */
export const showProblem = (text, requestId = '') => {
	const problem = at('problem');
	if (!text) return problem.replaceChildren();
	const told = element('p', { text });
	if (requestId) told.append(element('small', { text: `Request ${requestId}` }));
	const away = element('button', { type: 'button', className: 'plain', text: 'Put away' });
	away.onclick = () => {
		problem.replaceChildren();
		parts.text.focus();
	};
	return problem.replaceChildren(told, away);
};

export const showOffline = (is) => {
	const banner = at('offline');
	banner.hidden = !is;
	banner.textContent = is
		? 'You are offline. What you write stays here; send it when you are back.'
		: '';
};

export const showLearned = (extract) => {
	if (!isPanelShown) return;
	const facts = extract ? factsOf(extract) : [];
	at('nothing-learned').hidden = facts.length > 0;
	at('learned').replaceChildren(
		...facts.flatMap(([title, text]) => [
			element('dt', { text: title }),
			element('dd', { text }),
		]),
	);
};

export const showDegraded = (names) => {
	at('degraded-title').hidden = names.length === 0;
	at('beside').hidden = !isPanelShown && names.length === 0;
	at('degraded').replaceChildren(
		...names.map((name) => element('li', { text: degradedWords(name) })),
	);
};

export const clearSaid = () => {
	at('said').replaceChildren();
	at('welcome').hidden = false;
};
