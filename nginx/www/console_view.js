/* console_view.js -- pieces that the console's pages are made of. */
import { at, element } from './dom.js';
import { adviceOf } from './console_words.js';

export const clearProblem = () => at('toasts').replaceChildren();

/** Says what went wrong and what to do, until who reads it puts it away, or the caller does by what
 * this gives. */
export const showProblem = (error) => {
	const told = element('p', { text: typeof error === 'string' ? error : adviceOf(error) });
	if (error.requestId) told.append(element('small', { text: `Request ${error.requestId}` }));
	const away = element('button', { type: 'button', className: 'plain', text: 'Put away' });
	away.onclick = clearProblem;
	at('toasts').replaceChildren(told, away);
	return () => told.isConnected && clearProblem();
};

export const button = (text, onclick, className = 'plain') =>
	element('button', { type: 'button', className, text, onclick });

/** A select with [value, text] pairs under a visible name. */
export const choice = (name, pairs, value, onchange) => {
	const select = element(
		'select', {},
		pairs.map(([value, text]) => element('option', { value, text })),
	);
	select.value = value;
	select.onchange = () => onchange(select.value);
	return element('label', { className: 'field' }, [element('span', { text: name }), select]);
};

/** A table: columns are {title, cell(row)}, cells are text or nodes. On a phone each row is a card. */
export const table = (caption, columns, rows) => {
	const head = element('tr', {}, columns.map(({ title }) =>
		element('th', { scope: 'col', text: title })));
	const body = rows.map((row) =>
		element('tr', {}, columns.map(({ title, cell }) => {
			const made = element('td');
			made.dataset.title = title;
			made.append(cell(row) ?? '');
			return made;
		})));
	return element('table', {}, [
		element('caption', { className: 'unseen', text: caption }),
		element('thead', {}, [head]),
		element('tbody', {}, body),
	]);
};

/** A score with a bar that shows it. */
export const score = (value) => {
	const n = value ?? 0;
	const kind = n >= 70 ? 'high' : n >= 40 ? 'medium' : 'low';
	return element('span', { className: `score ${kind}`, text: String(n) });
};

/** Pairs of a heading and a text; those without are left out. */
export const facts = (pairs) =>
	element('dl', { className: 'facts' }, pairs
		.filter(([, text]) => text !== null && text !== undefined && text !== '')
		.map(([title, text]) => {
			const dd = element('dd');
			dd.append(text);
			return element('div', {}, [element('dt', { text: title }), dd]);
		}));

export const section = (title, children, className = '') =>
	element('section', { className: `card ${className}` }, [
		element('h3', { text: title }), ...children,
	]);

export const faint = (text) => element('p', { className: 'faint', text });

export const title = (text) => element('h2', { text, tabIndex: -1 });

const nameOf = (control) => control.hash || control.textContent;

/** Puts `children` in the place of what is there. Who was on a link or a button is on the same one. */
export const renew = (place, children) => {
	const { activeElement } = document;
	const name = place.contains(activeElement) ? nameOf(activeElement) : null;
	place.replaceChildren(...children);
	[...place.querySelectorAll('a, button')]
		.find((control) => nameOf(control) === name)?.focus({ preventScroll: true });
};
