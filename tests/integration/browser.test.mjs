/* A page in a real browser: it records its (pretended) microphone, is heard, answered, and plays
 * the answer to its end, with supabase-js as it is published. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { root, sql, useStack } from './env/index.mjs';
import { launchBrowser } from './env/browser.mjs';
import { takePort } from './env/ports.mjs';

const RECORD_MS = 4000;
const LIMIT = { timeout: 120_000 };

const { resolve } = createRequire(import.meta.url);
const supabaseDir = dirname(resolve('@supabase/supabase-js/package.json'));
const page = (name) => fileURLToPath(new URL(`page/${name}`, import.meta.url));
const FILES = {
	'/': ['text/html', page('index.html')],
	'/page.js': ['text/javascript', page('page.js')],
	'/supabase.js': ['text/javascript', join(supabaseDir, 'dist/umd/supabase.js')],
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
