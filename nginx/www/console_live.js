/* console_live.js -- what happens now, told by the server: a channel of realtime, in the protocol of
 * Phoenix (vsn 1.0.0). What comes is only a hint to look again; what is shown is read from tables. */
import { readConfig } from './api.js';

const TABLES = ['sessions', 'utterances', 'extracts', 'summaries', 'events'];
const BEAT_MS = 25_000;
const PATIENCE_MS = 10_000; /* for an answer to a heartbeat or a join */
const WAITS_MS = [1000, 2000, 5000, 10_000, 20_000];

/* Admins hear of turns under way, too; viewers of what is stored. */
const topicFor = (client) => (client.mayChange ? 'realtime:admin:console' : 'realtime:console');

/** on(change): {table, session_id, state?}, or {} where all there is may have changed.
 * state(name): 'live', 'connecting', 'refused'. */
export class Live {
	#client;
	#topic;
	#on;
	#state;
	#socket = null;
	#tries = 0;
	#ref = 0;
	#timers = new Set();
	#waiting = null; /* the ref of a heartbeat that is not answered yet */
	#isStopped = true;

	constructor(client, { on, state }) {
		this.#client = client;
		this.#on = on;
		this.#state = state;
	}

	start() {
		if (!this.#isStopped) return;
		this.#isStopped = false;
		this.#topic = topicFor(this.#client);
		this.#open();
	}

	stop() {
		this.#isStopped = true;
		this.#end();
	}

	/** A token that is newer than the one that joined. */
	push(access_token) {
		this.#send('access_token', { access_token });
	}

	#end() {
		for (const timer of this.#timers) clearTimeout(timer);
		this.#timers.clear();
		const socket = this.#socket;
		this.#socket = null;
		this.#waiting = null;
		socket?.close();
	}

	#later(work, ms) {
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			work();
		}, ms);
		this.#timers.add(timer);
		return timer;
	}

	#again() {
		if (this.#isStopped) return;
		this.#end();
		this.#state('connecting');
		this.#later(() => this.#open(), WAITS_MS[Math.min(this.#tries++, WAITS_MS.length - 1)]);
	}

	async #open() {
		this.#state('connecting');
		let token;
		let config;
		try {
			[token, config] = [await this.#client.token(), await readConfig()];
		} catch {
			return this.#again();
		}
		if (this.#isStopped) return undefined;
		const url = new URL('realtime/v1/websocket', new URL(config.url, location.origin));
		url.protocol = url.protocol.replace('http', 'ws');
		url.search = new URLSearchParams({ apikey: config.key, vsn: '1.0.0' });
		const socket = new WebSocket(url);
		this.#socket = socket;
		socket.onopen = () => this.#join(token);
		socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
		socket.onclose = () => socket === this.#socket && this.#again();
		return undefined;
	}

	#send(event, payload, topic = this.#topic) {
		if (this.#socket?.readyState !== WebSocket.OPEN) return null;
		const ref = String(++this.#ref);
		const join_ref = topic === this.#topic ? '1' : undefined;
		this.#socket.send(JSON.stringify({ topic, event, payload, ref, join_ref }));
		return ref;
	}

	#join(access_token) {
		this.#ref = 0;
		const postgres_changes = TABLES.map((table) => ({ event: '*', schema: 'public', table }));
		const config = {
			broadcast: { ack: false, self: false },
			presence: { key: '' },
			private: true,
			postgres_changes,
		};
		this.#send('phx_join', { config, access_token });
		this.#beat();
	}

	#beat() {
		this.#later(() => {
			this.#waiting = this.#send('heartbeat', {}, 'phoenix');
			this.#later(() => this.#waiting && this.#again(), PATIENCE_MS);
			this.#beat();
		}, BEAT_MS);
	}

	#reply({ topic, ref, payload }) {
		if (topic === 'phoenix') {
			if (ref === this.#waiting) this.#waiting = null;
			return;
		}
		if (ref !== '1') return;
		if (payload.status === 'ok') {
			this.#tries = 0;
			this.#state('live');
			this.#on({}); /* what happened before the join */
			return;
		}
		this.#isStopped = true;
		this.#end();
		this.#state('refused');
	}

	#take(message) {
		const { topic, event, payload } = message;
		if (event === 'phx_reply') return this.#reply(message);
		if (topic !== this.#topic) return undefined;
		if (event === 'phx_close' || event === 'phx_error') return this.#again();
		if (event === 'broadcast') {
			const { session_id, state } = payload.payload ?? {};
			return this.#on({ table: payload.event, session_id, state });
		}
		if (event !== 'postgres_changes') return undefined;
		const { table, record, old_record } = payload.data ?? {};
		const row = { ...old_record, ...record };
		return this.#on({ table, session_id: table === 'sessions' ? row.id : row.session_id });
	}
}
