/* The record of every request, for tests to read and to wait for. */
import { EventEmitter } from 'node:events';

const REACHED = {
	received: () => true,
	finished: (entry) => entry.finished,
	disconnected: (entry) => entry.disconnected,
};

export const waitStates = Object.keys(REACHED);

const isOf = (filter) => (entry) =>
	(filter.provider === undefined || entry.provider === filter.provider) &&
	(filter.operation === undefined || entry.operation === filter.operation);

export class Journal {
	#entries = [];
	#changed = new EventEmitter().setMaxListeners(0);
	#last_id = 0;

	/** Begin the record of a request; its members are filled in as they become known. */
	open({ method, path, query, headers, http }) {
		const entry = {
			id: ++this.#last_id,
			at: new Date().toISOString(),
			started_ms: performance.now(),
			provider: null,
			operation: null,
			method,
			path,
			query,
			headers,
			http,
			body: null,
			parts: null,
			fault: null,
			refused: false /* the provider's own rules said no */,
			status: null /* what was answered, null while nothing was */,
			bytes_sent: 0,
			finished: false /* the answer was sent to its end */,
			disconnected: false /* the client left before that */,
			ended_after_ms: null,
		};
		this.#entries.push(entry);
		return entry;
	}

	changed() {
		this.#changed.emit('change');
	}

	close(entry, more) {
		Object.assign(entry, more, {
			ended_after_ms: performance.now() - entry.started_ms,
		});
		this.changed();
	}

	list(filter = {}) {
		return this.#entries.filter(isOf(filter));
	}

	clear() {
		this.#entries = [];
	}

	/** Resolves with the fitting entries once `count` of them reached the state, or with null
	 * when the time is over first. */
	async wait({ state = 'received', count = 1, timeout_ms = 60000, ...filter }) {
		const reached = () => this.list(filter).filter(REACHED[state]);
		const signal = AbortSignal.timeout(timeout_ms);
		while (reached().length < count && !signal.aborted) await this.#nextChange(signal);
		const found = reached();
		return found.length < count ? null : found;
	}

	#nextChange(signal) {
		return new Promise((resolve) => {
			const done = () => {
				this.#changed.off('change', done);
				signal.removeEventListener('abort', done);
				resolve();
			};
			this.#changed.once('change', done);
			signal.addEventListener('abort', done, { once: true });
		});
	}
}
