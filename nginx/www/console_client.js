/* console_client.js -- who is signed in, and how the console asks for tables and files.
 *
 * The session lives as long as its tab: two tabs of one session would use each other's refresh
 * tokens up. */
import { ApiError, ask, readConfig } from './api.js';

const KEPT = 'scribe.console';
const EARLY_MS = 60_000; /* a token that ends within it is renewed first */

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
			/* then it ends with the page */
		}
	},
};

const isOver = (error) => error.status === 400 || error.status === 401 || error.status === 403;

export class Client {
	/** They are signed out, by themselves or by the server. */
	onSignedOut = () => {};
	/** A new access token is there. */
	onToken = () => {};
	#session = stored.read();
	#renewing = null;

	get user() {
		return this.#session?.user ?? null;
	}

	/** owner, admin or viewer. */
	get role() {
		return this.user?.app_metadata?.role ?? 'viewer';
	}

	get mayChange() {
		return this.role === 'owner' || this.role === 'admin';
	}

	#take(told) {
		const lasts = Number(told.expires_in ?? 3600) * 1000;
		this.#session = {
			access_token: told.access_token,
			refresh_token: told.refresh_token,
			user: told.user ?? this.user,
			ends: Date.now() + lasts,
			early: Math.min(EARLY_MS, lasts / 2),
		};
		stored.write(this.#session);
		this.onToken(told.access_token);
	}

	#drop(why) {
		if (!this.#session) return;
		this.#session = null;
		stored.write(null);
		this.onSignedOut(why);
	}

	async signIn(email, password) {
		const body = { email, password };
		const path = 'auth/v1/token?grant_type=password';
		this.#take((await ask(path, { method: 'POST', body })).data);
	}

	async signOut() {
		const token = this.#session?.access_token;
		this.#drop(null);
		if (!token) return;
		const headers = { Authorization: `Bearer ${token}` };
		await ask('auth/v1/logout?scope=local', { method: 'POST', headers }).catch(() => {});
	}

	async #renew() {
		const path = 'auth/v1/token?grant_type=refresh_token';
		const body = { refresh_token: this.#session.refresh_token };
		try {
			this.#take((await ask(path, { method: 'POST', body })).data);
		} catch (error) {
			if (isOver(error)) this.#drop('Your session has ended. Sign in again.');
			throw error;
		}
	}

	#renewed() {
		this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
		return this.#renewing;
	}

	/** The access token, good for a while. */
	async token() {
		if (!this.#session) throw new ApiError('signed_out');
		if (Date.now() > this.#session.ends - this.#session.early) await this.#renewed();
		return this.#session.access_token;
	}

	/** A request as who is signed in, once more with a new token where the server takes the old one
	 * no longer. */
	async ask(path, options = {}) {
		const once = async () => {
			const headers = { ...options.headers, Authorization: `Bearer ${await this.token()}` };
			return ask(path, { ...options, headers });
		};
		try {
			return await once();
		} catch (error) {
			if (error.status !== 401 || !this.#session) throw error;
			await this.#renewed();
			return once();
		}
	}

	/** Rows of a table: params are the query as PostgREST has it, [name, value] each. */
	async rows(table, params, { signal } = {}) {
		const query = new URLSearchParams(params);
		return (await this.ask(`rest/v1/${table}?${query}`, { signal })).data;
	}

	/** The same with how many there are in all: {rows, total}. */
	async page(table, params, { from, size, signal }) {
		const query = new URLSearchParams([...params, ['offset', from], ['limit', size]]);
		const headers = { Prefer: 'count=exact' };
		const path = `rest/v1/${table}?${query}`;
		const { data, headers: told } = await this.ask(path, { headers, signal });
		const total = Number(told.get('Content-Range')?.split('/')[1]);
		return { rows: data, total: Number.isFinite(total) ? total : from + data.length };
	}

	/** One row; null: there is none. */
	async row(table, params, options) {
		return (await this.rows(table, [...params, ['limit', 1]], options))[0] ?? null;
	}

	/** Changes the rows that params name; gives the changed ones. */
	async change(table, params, body) {
		const query = new URLSearchParams(params);
		const headers = { Prefer: 'return=representation' };
		return (await this.ask(`rest/v1/${table}?${query}`, { method: 'PATCH', body, headers })).data;
	}

	/** What happened between two times, in numbers. */
	async report({ from, to }, { signal } = {}) {
		const query = new URLSearchParams({ from, to });
		return (await this.ask(`functions/v1/reports?${query}`, { signal })).data;
	}

	/** What waits to be done, or who saw what; for owner and admin. */
	async oversight(wish, { signal } = {}) {
		const query = new URLSearchParams(wish);
		return (await this.ask(`functions/v1/oversight?${query}`, { signal })).data;
	}

	/** A list is ordered: {bucket, path} where it will be. */
	async order(wish) {
		return (await this.ask('storage/v1/exports', { method: 'POST', body: wish })).data;
	}

	/** An address of a file, good for some minutes. */
	async fileUrl(bucket, name, seconds = 600) {
		const file = name.split('/').map(encodeURIComponent).join('/');
		const path = `storage/v1/object/sign/${bucket}/${file}`;
		const { data } = await this.ask(path, { method: 'POST', body: { expiresIn: seconds } });
		const base = new URL((await readConfig()).url, location.origin);
		return new URL(`storage/v1${data.signedURL}`, base).href;
	}
}
