/* A page in a real browser: it records its (pretended) microphone, is heard, answered, and plays
 * the answer to its end, with supabase-js as it is published. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addPerson, newSession, pairOf, post, root, sql, useStack } from './env/index.mjs';
import { launchBrowser } from './env/browser.mjs';
import { takePort } from './env/ports.mjs';

const RECORD_MS = 4000;
const LIMIT = { timeout: 120_000 };

const { resolve } = createRequire(import.meta.url);
const supabaseDir = dirname(resolve('@supabase/supabase-js/package.json'));
const latestDir = dirname(resolve('supabase-js-latest/package.json'));
const page = (name) => fileURLToPath(new URL(`page/${name}`, import.meta.url));
const FILES = {
	'/': ['text/html', page('index.html')],
	'/page.js': ['text/javascript', page('page.js')],
	'/supabase.js': ['text/javascript', join(supabaseDir, 'dist/umd/supabase.js')],
	'/latest.js': ['text/javascript', join(latestDir, 'dist/umd/supabase.js')],
};

/* Serves the page on an origin of its own. */
const servePage = async () => {
	const place = await takePort();
	const server = createServer((req, res) => {
		const found = FILES[new URL(req.url, 'http://page').pathname];
		if (!found) return res.writeHead(404).end();
		return res.writeHead(200, { 'content-type': found[0] }).end(readFileSync(found[1]));
	});
	await new Promise((resolve) => server.listen(place.port, '127.0.0.1', resolve));
	const stop = () => {
		server.close();
		server.closeAllConnections();
		place.release();
	};
	return { origin: `http://127.0.0.1:${place.port}`, stop };
};

const listed = await servePage();
const foreign = await servePage();
const stack = useStack({ env: { SCRIBE_ALLOWED_ORIGINS: listed.origin } });
let browser;

before(async () => {
	browser = await launchBrowser([
		'--autoplay-policy=no-user-gesture-required',
		'--use-fake-device-for-media-stream',
		'--use-fake-ui-for-media-stream',
		`--use-file-for-fake-audio-capture=${join(root, 'tests/data/audio/speech/jfk.wav')}`,
	]);
});
after(async () => {
	await browser?.close();
	for (const server of [listed, foreign]) server.stop();
});

/* The page open at an origin, and every request it makes of the stack. */
const open = async (origin) => {
	const tab = await browser.newPage();
	const problems = [];
	tab.on('pageerror', (error) => problems.push(error.message));
	await tab.goto(`${origin}/#url=${encodeURIComponent(stack.baseUrl)}&key=${stack.anonKey}`);
	return { tab, problems };
};

test('what is spoken into the page is heard, answered and played to its end', LIMIT, async () => {
	const { tab, problems } = await open(listed.origin);
	const { session_id, type, heard, answered, reply } = await tab.evaluate(
		(ms) => converse(ms),
		RECORD_MS,
	);
	assert.match(type, /^audio\/webm; ?codecs="?opus/);
	assert.match(heard.text, /fellow american/i);
	assert.equal(heard.provider, 'local');
	assert.ok(answered.text.length > 5);
	assert.equal(answered.session_id, session_id);
	assert.ok(reply.duration > 1, `${reply.duration} s`);
	assert.ok(reply.played > reply.duration - 0.2, `${reply.played} of ${reply.duration} s`);
	const rows = await sql(
		stack,
		`select speaker, text from utterances where session_id = :'id' order by position`,
		{ id: session_id },
	);
	assert.deepEqual(rows, [['visitor', heard.text], ['agent', answered.text]]);
	assert.equal(await tab.textContent('#answered'), answered.text);
	assert.deepEqual(problems, []);
	if (process.env.SCREENSHOT) await tab.screenshot({ path: process.env.SCREENSHOT });
	await tab.close();
});

test('a text is spoken in the page, as MP3 and as WAV', async () => {
	const { tab } = await open(listed.origin);
	for (const format of ['mp3', 'wav']) {
		const { provider, duration, played } = await tab.evaluate(
			(wanted) => sayAloud('Hello there, I am glad that you came.', wanted),
			format,
		);
		assert.equal(provider, 'local');
		assert.ok(duration > 1 && played > duration - 0.2, `${format}: ${played} of ${duration} s`);
	}
	await tab.close();
});

test('the browser asks first, and an error of the server reaches the page', async () => {
	const { tab } = await open(listed.origin);
	await assert.rejects(
		tab.evaluate(() => invoke('create_session', { mode: 'pirate' })),
		/FunctionsHttpError.*"code":"invalid_request"/,
	);
	const preflights = stack
		.logs('create_session')
		.split('\n')
		.filter((line) => line.includes('"method":"OPTIONS"') && line.includes('"status":204'));
	assert.ok(preflights.length >= 1, 'no preflight was seen');
	await tab.close();
});

test('a page of another origin is kept out by the browser', async () => {
	const { tab } = await open(foreign.origin);
	const refused = [];
	tab.on('console', (message) => refused.push(message.text()));
	await assert.rejects(
		tab.evaluate(() => invoke('create_session', {})),
		/FunctionsFetchError/,
	);
	assert.match(refused.join('\n'), /CORS policy/);
	await tab.close();
});

/* In the page, signed in: the requests that a dashboard makes, by the clients in `window`. */
const dashboard = async ({ id }) => {
	const { client, fine } = window;
	const day = new Date(Date.now() - 86_400_000).toISOString();
	const of = (table) => client.from(table).select('*').eq('session_id', id);
	const recent = () => client.from('sessions').select('*').gte('created_at', day)
		.order('created_at', { ascending: false });
	const { user } = fine(await client.auth.getUser());
	return (await Promise.all([
		recent(),
		recent().eq('final_intent', 'consulting_inquiry'),
		client.from('summaries').select('*').in('session_id', [id]),
		client.from('utterances').select('*').in('session_id', [id]),
		client.from('profiles').select('role').eq('id', user.id).single(),
		client.from('sessions').select('*').eq('id', id).single(),
		of('utterances').order('ts', { ascending: true }),
		of('summaries').single(),
		of('extracts').order('created_at', { ascending: false }),
		of('events').order('ts', { ascending: true }),
	])).map(fine);
};

/* In the page: who is in a channel of each kind hears of what is said meanwhile. */
const watch = async ({ url, key, id, token }) => {
	const { client, supabase } = window;
	const visitor = supabase.createClient(url, key, { accessToken: async () => token });
	await Promise.all([client.realtime.setAuth(), visitor.realtime.setAuth()]);
	window.heard = [];
	const channel = (of, name) => of.channel(name, { config: { private: true } });
	const joined = (made) => new Promise((resolve, reject) =>
		made.subscribe((state, error) => {
			if (state === 'SUBSCRIBED') resolve();
			else if (state !== 'CLOSED') reject(error ?? new Error(state));
		}));
	const hear = (made, who) => made.on('broadcast', { event: 'utterance' },
		({ payload }) => window.heard.push([who, payload.speaker]));
	await Promise.all([
		joined(hear(channel(visitor, `session:${id}`), 'session')),
		joined(hear(channel(client, 'admin:all'), 'admin')),
		joined(channel(client, 'room').on('postgres_changes',
			{ event: 'INSERT', schema: 'public', table: 'utterances',
				filter: `session_id=eq.${id}` },
			({ new: row }) => window.heard.push(['room', row.speaker]))),
	]);
};

/* In the page: a file there and back. */
const carry = async (name) => {
	const { client, fine } = window;
	const files = client.storage.from('uploads');
	fine(await files.upload(name, new Blob(['of a browser'], { type: 'text/plain' })));
	const { signedUrl } = fine(await files.createSignedUrl(name, 60));
	const read = [
		await (await fetch(signedUrl)).text(),
		await fine(await files.download(name)).text(),
	];
	fine(await files.remove([name]));
	return { read, later: (await fetch(signedUrl)).status };
};

for (const [version, script] of [['2.55', '/supabase.js'], ['current', '/latest.js']])
	test(`in a browser, all of supabase-js ${version}`, LIMIT, async () => {
		const person = await addPerson(stack, 'admin');
		const session = await newSession(stack);
		const id = session.session_id;
		const say = async (user_message) => {
			const body = { ...pairOf(session), user_message, audio: false };
			assert.equal((await post(stack, 'agent_reply', body)).status, 200);
		};
		await say('I am Dana Reed, head of product at Northwind. We need consulting this quarter.');
		await sql(stack, `insert into summaries (session_id, executive_summary)
			values (:'id', 'They met.') on conflict do nothing`, { id });
		const tab = await browser.newPage();
		await tab.goto(listed.origin);
		await tab.addScriptTag({ url: script });
		const place = { url: stack.baseUrl, key: stack.anonKey };
		await tab.evaluate(async ({ url, key, person }) => {
			window.fine = ({ data, error }) => {
				if (error) throw error;
				return data;
			};
			window.client = window.supabase.createClient(url, key);
			window.fine(await window.client.auth.signInWithPassword(person));
			window.fine(await window.client.auth.refreshSession());
		}, { ...place, person });
		const found = await tab.evaluate(dashboard, { id });
		for (const rows of found)
			assert.ok(!Array.isArray(rows) || rows.length, JSON.stringify(found));
		assert.deepEqual([found[4].role, found[5].id], ['admin', id]);
		await tab.evaluate(watch, { ...place, id, token: session.realtime_token });
		await say('We would like to begin in March.');
		await tab.waitForFunction(() =>
			new Set(window.heard.map((one) => one.join(' '))).size === 6);
		assert.deepEqual(await tab.evaluate(carry, `${crypto.randomUUID()}.txt`),
			{ read: ['of a browser', 'of a browser'], later: 400 });
		const seen = await tab.evaluate(async () => {
			const { client, fine } = window;
			fine({ data: null, ...await client.auth.signOut() });
			return fine(await client.from('sessions').select('*'));
		});
		assert.deepEqual(seen, [], 'who has signed out sees nothing');
		await tab.close();
	});
