/* console_session.js -- one conversation with all that is known of it. */
import { element } from './dom.js';
import { button, facts, faint, score, section, showProblem, title } from './console_view.js';
import { label, nameOf, spaced, timeOf, when } from './console_words.js';
import { stateOf } from './console_sessions.js';
import { FACTS } from './words.js';

const EVENTS_MAX = 200;
const UTTERANCES_MAX = 500;
const LOOK_MS = 300; /* at most so often */
const STATES = { typing: 'scribe is thinking…', speaking: 'scribe is speaking…' };

const read = async (client, id, signal) => {
	const of = [['session_id', `eq.${id}`], ['select', '*']];
	const newest = [...of, ['order', 'ts.desc']];
	const [session, said, extracts, summary, events] = await Promise.all([
		client.row('sessions', [['select', '*'], ['id', `eq.${id}`]], { signal }),
		client.page('utterances', newest, { from: 0, size: UTTERANCES_MAX, signal }),
		client.rows('extracts', [...of, ['order', 'created_at.desc'], ['limit', 1]], { signal }),
		client.row('summaries', of, { signal }),
		client.rows('events', [...newest, ['limit', EVENTS_MAX]], { signal }),
	]);
	return {
		session, summary, extract: extracts[0], events: events.reverse(),
		said: said.rows.reverse(), total: said.total,
	};
};

/* "audio/session/turn.mp3" in its bucket, or what leads to it. */
const fileOf = (audio_url) => {
	const [, bucket, name] = /(?:^|\/)(audio)\/(.+)$/.exec(audio_url) ?? [null, 'audio', audio_url];
	return [bucket, name.split('?')[0]];
};

const listen = (client, { audio_url }) => {
	const place = element('span', { className: 'sound' });
	const play = button('Listen', async () => {
		try {
			const src = await client.fileUrl(...fileOf(audio_url));
			const player = element('audio', { controls: true, src });
			player.onerror = () => showProblem('The recording can not be played; it may be gone.');
			place.replaceChildren(player);
			await player.play();
		} catch (error) {
			showProblem(error);
		}
	});
	place.append(play);
	return place;
};

const noteOf = ({ ts, interrupted }) => timeOf(ts) + (interrupted ? ', interrupted' : '');

const utterance = (client, said) => {
	const isReply = said.speaker === 'agent';
	const words = element('span', { className: 'words' });
	const note = element('span', { className: 'note' });
	const item = element('li', { className: isReply ? 'theirs' : 'mine' }, [
		element('span', { className: 'unseen', text: isReply ? 'scribe: ' : 'Visitor: ' }),
		words, note,
	]);
	let hasSound = false;
	const update = (said) => {
		if (words.textContent !== said.text) words.textContent = said.text;
		note.textContent = noteOf(said);
		if (said.audio_url && !hasSound) item.append(listen(client, said));
		hasSound = Boolean(said.audio_url);
	};
	update(said);
	return { item, update };
};

/* Only what has changed is touched: somebody may read or listen. */
const transcript = (client) => {
	const list = element('ol', { className: 'said' });
	const box = element('div', {
		className: 'scroll-box', role: 'log', ariaLabel: 'What was said', tabIndex: 0,
	}, [list]);
	const before = faint('');
	const shown = new Map();
	/* A reply that nobody heard is taken back. */
	const dropOthers = (said) => {
		const ids = new Set(said.map(({ id }) => id));
		for (const [id, { item }] of shown) {
			if (ids.has(id)) continue;
			item.remove();
			shown.delete(id);
		}
	};
	const showAt = (i, one) => {
		const known = shown.get(one.id);
		if (known) known.update(one);
		else shown.set(one.id, utterance(client, one));
		const { item } = shown.get(one.id);
		if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null);
	};
	const show = ({ said, total }) => {
		const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
		before.hidden = said.length === total && total > 0;
		before.textContent = total ? `The newest ${said.length} of ${total}.` : 'Nothing was said yet.';
		dropOthers(said);
		said.forEach((one, i) => showAt(i, one));
		if (isAtEnd) box.scrollTop = box.scrollHeight;
	};
	const now = element('p', { className: 'faint', role: 'status' });
	/* Of a turn under way. */
	const tell = (state) => {
		now.textContent = STATES[state] ?? '';
	};
	return { show, tell, card: section('Transcript', [before, box, now], 'transcript') };
};

const entityPairs = (entities = {}) =>
	Object.entries(entities)
		.filter(([, value]) => typeof value === 'string')
		.map(([name, value]) => [FACTS[name] ?? label(name), value]);

const lead = ({ session, extract }) => {
	const reasons = extract?.scoring_reasons ?? session.lead_reasons ?? [];
	return section('Lead', [
		facts([
			['Score', score(session.lead_score)],
			['Why', reasons.map(spaced).join(', ') || '–'],
			['Wants', label(session.final_intent)],
			['Next', (extract?.followup_actions ?? []).map(label).join(', ')],
			...entityPairs(extract?.entities),
		]),
	]);
};

const summaryOf = (summary) => {
	if (!summary) return section('Summary', [faint('There is none yet; it takes six utterances.')]);
	const items = (summary.action_items ?? []).map(({ text, owner, priority }) =>
		element('li', { text: `${text} (${owner}, ${priority})` }));
	return section('Summary', [
		element('p', { text: summary.executive_summary }),
		...(items.length ? [element('h4', { text: 'To do' }), element('ul', {}, items)] : []),
	]);
};

const eventsOf = (events) => {
	const items = events.map(({ kind, payload, ts }) => {
		const more = payload && Object.keys(payload).length ? ` ${JSON.stringify(payload)}` : '';
		return element('li', {}, [
			element('time', { dateTime: ts, text: timeOf(ts) }),
			` ${spaced(kind)}`,
			element('span', { className: 'faint-text', text: more }),
		]);
	});
	return section('Events', [items.length ? element('ul', { className: 'events' }, items)
		: faint('None.')]);
};

/* Is kept over what changes meanwhile: nobody's half-written note is lost. */
const notes = (client, session) => {
	const told = element('span', { className: 'faint-text', role: 'status' });
	const text = element('textarea', {
		id: 'notes', value: session.notes ?? '', rows: 4, maxLength: 10_000,
		readOnly: !client.mayChange,
	});
	const save = button('Save notes', async () => {
		save.disabled = true;
		try {
			const changed = await client.change('sessions', [['id', `eq.${session.id}`]], {
				notes: text.value,
			});
			told.textContent = changed.length ? 'Saved.' : 'It was not saved: you may not change it.';
		} catch (error) {
			showProblem(error);
		}
		save.disabled = false;
	}, '');
	text.oninput = () => (told.textContent = '');
	return section('Notes', [
		element('label', { htmlFor: 'notes', className: 'unseen', text: 'Notes' }),
		text,
		client.mayChange ? element('p', { className: 'bar' }, [save, told])
			: faint('Owners and admins read and write notes.'),
	]);
};

const head = (session) =>
	facts([
		['Started', when(session.started_at ?? session.created_at)],
		['State', stateOf(session)],
		['E-mail', session.email],
		['Manner', label(session.current_mode)],
		['Agreed to be remembered', session.consent ? 'yes' : 'no'],
		['Chosen', session.cta_chosen],
	]);

export const showSession = async (main, { client, signal, guard, id }) => {
	const name = title('Session');
	const slots = Object.fromEntries(
		['head', 'lead', 'summary', 'notes', 'events'].map((slot) => [slot, element('div')]),
	);
	const said = transcript(client);
	const all = element('div', { className: 'columns', hidden: true }, [
		said.card,
		element('div', { className: 'beside' },
			[slots.lead, slots.summary, slots.notes, slots.events]),
	]);
	const again = guard(async () => {
		const found = await read(client, id, signal);
		if (!found.session) {
			name.textContent = 'There is no such session';
			slots.head.replaceChildren(faint('It is gone, or you may not see it.'));
			all.hidden = true;
			return;
		}
		all.hidden = false;
		name.textContent = nameOf(found.session);
		slots.head.replaceChildren(head(found.session));
		slots.lead.replaceChildren(lead(found));
		slots.summary.replaceChildren(summaryOf(found.summary));
		slots.events.replaceChildren(eventsOf(found.events));
		/* Once: nobody's half-written note is taken away. */
		if (!slots.notes.firstChild) slots.notes.append(notes(client, found.session));
		said.show(found);
	}, LOOK_MS);
	main.replaceChildren(
		element('a', { href: '#/sessions', text: 'All sessions' }), name, slots.head, all,
	);
	await again();
	const concerns = ({ session_id }) => session_id === undefined || session_id === id;
	const changed = (change) => {
		if (!concerns(change)) return undefined;
		if (change.state) said.tell(change.state);
		return again(false);
	};
	return { changed };
};
