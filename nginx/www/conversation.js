/* conversation.js -- a session and its turns, as the server sees them. */
import { call, events } from './api.js';
import { newId } from './ids.js';

const KEPT = 'scribe.session';
const LOST = ['invalid_session', 'session_expired'];
const TRIES = 8; /* while the same message of before is still being answered */
const PAUSE_MS = 700;

const base64Of = (blob) =>
	new Promise((resolve, reject) => {
		const reader = new FileReader();
		reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
		reader.onerror = () => reject(reader.error);
		reader.readAsDataURL(blob);
	});

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* The tab may have no storage; then the session ends with the page. */
const stored = {
	read() {
		try {
			return JSON.parse(sessionStorage.getItem(KEPT));
		} catch {
			return null;
		}
	},
	write(session) {
		try {
			if (session) sessionStorage.setItem(KEPT, JSON.stringify(session));
			else sessionStorage.removeItem(KEPT);
		} catch {
			/* as above */
		}
	},
};

/* Who agreed to be remembered is known by an id that only this browser has. */
const VISITOR = 'scribe.visitor';
export const visitor = {
	get id() {
		try {
			return localStorage.getItem(VISITOR);
		} catch {
			return null;
		}
	},
	/** Returns whether the browser kept it. */
	agree(does) {
		try {
			if (does) localStorage.setItem(VISITOR, this.id ?? newId());
			else localStorage.removeItem(VISITOR);
			return true;
		} catch {
			return !does;
		}
	},
};

export class Conversation {
	/* A session was lost, and another begun in its place. */
	onNewSession = () => {};
	#session = stored.read();
	#making = null;

	get hasBegun() {
		return Boolean(this.#session ?? this.#making);
	}

	forget() {
		this.#session = null;
		stored.write(null);
	}

	async #pair(mode) {
		if (this.#session) return this.#session;
		const { id } = visitor;
		const who = id ? { visitor_id: id, consent: true } : { consent: false };
		this.#making ??= call('create_session', { mode, ...who }).finally(() => (this.#making = null));
		const { session_id, session_secret } = await this.#making;
		this.#session = { session_id, session_secret };
		stored.write(this.#session);
		return this.#session;
	}

	/* work(pair), once more with a new session where the server knows that one no longer. */
	async #withSession(mode, work) {
		const had = this.#session;
		const pair = await this.#pair(mode);
		try {
			return await work(pair);
		} catch (error) {
			if (!had || !LOST.includes(error.code)) throw error;
			this.forget();
			this.onNewSession();
			return work(await this.#pair(mode));
		}
	}

	/* The events, the first of which has come: what is refused is refused before it. */
	async #begun(body, options) {
		for (let i = 1; ; i++) {
			const all = events('agent_reply', body, options);
			try {
				return { first: (await all.next()).value, rest: all };
			} catch (error) {
				if (error.code !== 'conflict' || i === TRIES) throw error;
				await pause(PAUSE_MS);
			}
		}
	}

	/* A message keeps its key, so that sending it again can not say it twice; with another body it
	 * is another message. */
	#keyFor(message, body) {
		const sent = JSON.stringify(body);
		if (message.sent !== sent) Object.assign(message, { sent, key: newId() });
		return message.key;
	}

	async *#turn(message, said, { mode, audio, signal }) {
		const { first, rest } = await this.#withSession(mode, (pair) => {
			const body = { ...pair, ...said, mode, audio };
			return this.#begun(body, { signal, key: this.#keyFor(message, body) });
		});
		yield first;
		yield* rest;
	}

	/** Events of the answer to a message: {text} or {recording, isBargeIn?}. Of a recording `heard`
	 * comes among them, without words where nobody spoke. */
	async *ask(message, options) {
		const said = message.recording
			? { audio_base64: await base64Of(message.recording), barge_in: message.isBargeIn }
			: { user_message: message.text };
		yield* this.#turn(message, said, options);
	}

	/** The reply was stopped when so much of it had been heard: history keeps no more, or, where
	 * nobody knows how much, all that was sent. */
	async cancel(turn_id, heard_ms) {
		if (!turn_id || !this.#session) return;
		const body = { ...this.#session, cancel: true, turn_id, heard_ms };
		await call('agent_reply', body).catch((error) => console.info('not cancelled:', error.code));
	}
}
