/* Everything a simulator remembers between requests; a reset forgets all of it. */
import { Journal } from './journal.mjs';

/* Replies that wait to be let go by name. A release before anyone waits is kept for one. */
class Holds {
	#waiting = new Map();
	#early = new Set();

	add(name, free) {
		if (this.#early.delete(name)) free();
		else this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), free]);
	}

	release(name) {
		const waiting = this.#waiting.get(name) ?? [];
		this.#waiting.delete(name);
		if (!waiting.length) this.#early.add(name);
		for (const free of waiting) free();
		return waiting.length;
	}

	clear() {
		for (const name of [...this.#waiting.keys()]) this.release(name);
		this.#early.clear();
	}
}

export class State {
	#providers;

	constructor(providers) {
		this.#providers = providers;
		this.journal = new Journal();
		this.holds = new Holds();
		this.reset();
	}

	reset() {
		this.holds.clear();
		this.journal.clear();
		this.faults = [];
		this.replies = [];
		this.settings = {};
		this.memory = {};
		this.outbox = {};
		for (const { name, settings, newState } of this.#providers) {
			if (settings) this.settings[name] = structuredClone(settings);
			if (newState) {
				this.memory[name] = newState();
				this.outbox[name] = [];
			}
		}
	}
}
