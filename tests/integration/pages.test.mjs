/* The talk page in a real browser, as scripts/stack serves it: written and spoken turns, what is
 * played without a gap, interruptions, and a server that is not there. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { faultsOf } from './env/axe.mjs';
import { launchBrowser } from './env/browser.mjs';
import { newSession, operate, pairOf, poll, post, root, sql, useStack } from './env/index.mjs';

const LIMIT = { timeout: 120_000 };
const RATE = 44100;
const LONG =
	'We help hotels with their bread on every single morning of the long and busy year. ' +
	'Tell me what you would like to bake for all of your guests tomorrow, and for how many.';

const stack = useStack({
	simulator: true,
	env: { STT_PROVIDERS: 'local', TTS_PROVIDERS: 'local', EMBED_PROVIDERS: 'local' },
});
let browser;

/* A browser in whose microphone somebody says again and again what is in the file. */
const launchHearing = (file) =>
	launchBrowser([
		'--autoplay-policy=user-gesture-required',
		'--use-fake-device-for-media-stream',
		'--use-fake-ui-for-media-stream',
		`--use-file-for-fake-audio-capture=${file}`,
	]);

before(async () => {
	browser = await launchHearing(join(root, 'tests/data/audio/speech/jfk.wav'));
});
after(() => browser?.close());
beforeEach(() => stack.sim.reset());

const says = (text) =>
	stack.sim.reply({
		provider: 'groq',
		operation: 'chat',
		match: { stream: true },
		reply: { text },
		times: -1,
	});

/* The page, open; what it had to complain of is in `problems`. */
const open = async ({ path = '/', where = browser, ...options } = {}) => {
	const viewport = { width: 1280, height: 800 };
	const context = await where.newContext({ viewport, ...options });
	const tab = await context.newPage();
	const problems = [];
	tab.on('pageerror', (error) => problems.push(error.message));
	tab.on('console', (message) => {
		if (['error', 'warning'].includes(message.type())) problems.push(message.text());
	});
	await tab.goto(`${stack.baseUrl}${path}`);
	await tab.waitForSelector('#mode:enabled');
	return { tab, context, problems };
};

const write = async (tab, text) => {
	await tab.fill('#text', text);
	await tab.press('#text', 'Enter');
};

const answered = (tab, n = 1) =>
	tab.waitForFunction(
		(n) => document.querySelectorAll('.theirs[aria-busy=false]').length >= n,
		n,
		{ timeout: 60_000 },
	);
const lastReply = (tab) => tab.locator('.theirs .words').last().textContent();
const inPlayer = (tab, work) =>
	tab.evaluate(`import('/talk.js').then(({ player }) => (${work})(player))`);
const isPlaying = (tab, ms = 300) =>
	poll(() => inPlayer(tab, `(p) => p.isPlaying && p.heard().ms > ${ms}`));
const isSilent = (tab) => inPlayer(tab, '(p) => !p.isPlaying && p.schedule.length === 0');

const historyOf = async (tab) => {
	const { session_id } = await tab.evaluate(() => JSON.parse(sessionStorage['scribe.session']));
	return sql(
		stack,
		`select speaker, text from utterances where session_id = :'id' order by position`,
		{ id: session_id },
	);
};

describe('what is served', () => {
	const types = {
		html: 'text/html',
		css: 'text/css',
		js: 'text/javascript',
		svg: 'image/svg+xml',
	};
	const PATHS = { 'index.html': '/', 'console.html': '/console' };
	const get = (path, options) => fetch(stack.baseUrl + path, options);

	test('each file of the page with its type, nothing inline, asked for anew', async () => {
		const files = readdirSync(join(root, 'nginx/www'));
		assert.ok(files.includes('index.html') && files.includes('talk.js'));
		for (const file of [...files, 'config.json']) {
			const response = await get(PATHS[file] ?? `/${file}`);
			assert.equal(response.status, 200, file);
			const type = types[file.split('.').at(-1)] ?? 'application/json';
			assert.equal(response.headers.get('content-type').split(';')[0], type);
			assert.equal(response.headers.get('cache-control'), 'no-cache');
			assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
			const policy = response.headers.get('content-security-policy');
			assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /);
			assert.match(policy, /frame-ancestors 'none'; base-uri 'none'; form-action 'none'$/);
			assert.doesNotMatch(policy, /unsafe|\*|data:|https?:/);
			assert.match(response.headers.get('permissions-policy'), /microphone=\(self\)/);
			const etag = response.headers.get('etag');
			const again = await get(new URL(response.url).pathname, {
				headers: { 'if-none-match': etag },
			});
			assert.equal(again.status, 304, file);
		}
	});

	test('no other name, and to be read only', async () => {
		for (const path of ['/index.html', '/www/talk.js', '/talk.js/', '/nginx.conf', '/x.js']) {
			const response = await get(path);
			assert.equal(response.status, 404, path);
			assert.equal((await response.json()).code, 'not_found');
		}
		const response = await get('/talk.js', { method: 'POST' });
		assert.equal(response.status, 405);
		assert.equal(response.headers.get('allow'), 'GET, HEAD');
		const posted = await get('/functions/v1/create_session');
		assert.equal(posted.headers.get('allow'), 'POST, OPTIONS');
	});

	test('the configuration leads back to where the page came from, by either name', async () => {
		const config = await (await get('/config.json')).json();
		assert.deepEqual(config, {
			url: '/', key: stack.anonKey, pages: ['talk', 'console'], lead_panel: true,
		});
		for (const name of ['127.0.0.1', 'localhost']) {
			const origin = stack.baseUrl.replace('127.0.0.1', name);
			const response = await get('/functions/v1/create_session', {
				method: 'POST',
				headers: { origin, 'content-type': 'application/json', apikey: config.key },
				body: '{}',
			});
			assert.equal(response.status, 200, origin);
		}
	});
});

/* Each run of samples begins where the one before it ends. */
const assertGapless = (schedule) => {
	assert.ok(schedule.length > 0, 'nothing was played');
	for (const [i, run] of schedule.entries()) {
		assert.ok(run.end > run.start);
		assert.equal(run.late, false, JSON.stringify(schedule));
		if (i) assert.equal(run.start, schedule[i - 1].end);
	}
};

/* In the page: every sample that is played, and each piece's bytes as they came. */
const listen = (tab) =>
	tab.evaluate(async () => {
		const { player } = await import('/talk.js');
		window.played = [];
		window.pieces = [];
		const start = AudioBufferSourceNode.prototype.start;
		AudioBufferSourceNode.prototype.start = function (when, from, length) {
			const at = (seconds) => Math.round(seconds * this.buffer.sampleRate);
			const all = this.buffer.getChannelData(0);
			for (const x of all.slice(at(from), at(from + length))) window.played.push(x);
			return start.call(this, when, from, length);
		};
		const add = player.add.bind(player);
		player.add = (event) => {
			const piece = (window.pieces[event.seq] ??= { bytes: '', delay: 1105, padding: 0 });
			piece.bytes += atob(event.audio_base64);
			piece.delay = event.delay_samples ?? piece.delay;
			piece.padding = event.padding_samples ?? piece.padding;
			return add(event);
		};
	});

/* How far what was played is from the pieces decoded whole and put together; null: not as long. */
const differenceFromWhole = (tab) =>
	tab.evaluate(async () => {
		const context = new OfflineAudioContext(1, 1, 44100);
		const whole = [];
		for (const { bytes, delay, padding } of window.pieces) {
			const mp3 = Uint8Array.from(bytes, (c) => c.charCodeAt(0));
			const sound = (await context.decodeAudioData(mp3.buffer)).getChannelData(0);
			for (const x of sound.slice(delay, sound.length - padding)) whole.push(x);
		}
		if (whole.length !== window.played.length) return null;
		return whole.reduce((most, x, i) => Math.max(most, Math.abs(x - window.played[i])), 0);
	});

test('a written message is answered in text, and aloud without a gap', LIMIT, async () => {
	await says(LONG);
	const { tab, context, problems } = await open();
	await listen(tab);
	await tab.selectOption('#mode', 'mentor');
	await write(tab, 'I am Dana Reed, head of product at Northwind. We have $100,000 for search.');
	await isPlaying(tab);
	await answered(tab);
	assert.equal(await lastReply(tab), LONG);
	const schedule = await tab.evaluate(async () => {
		const { player } = await import('/talk.js');
		await player.settled();
		return player.schedule;
	});
	assertGapless(schedule);
	assert.ok(schedule.length > 3, 'it plays before all of it is there');
	const difference = await differenceFromWhole(tab);
	assert.ok(difference !== null && difference < 1e-5, `a click at a join: ${difference}`);
	assert.ok(schedule.at(-1).end - schedule[0].start > 3 * RATE, 'two sentences take longer');
	assert.match(await tab.textContent('#learned'), /Dana Reed.*Northwind/s);
	const rows = await historyOf(tab);
	assert.equal(rows.length, 2);
	assert.equal(rows[1][1], LONG);
	const { session_id } = await tab.evaluate(() => JSON.parse(sessionStorage['scribe.session']));
	const [[mode]] = await sql(stack, `select current_mode from sessions where id = :'id'`, {
		id: session_id,
	});
	assert.equal(mode, 'mentor');
	await tab.press('body', 'Escape');
	assert.deepEqual(problems, []);
	await context.close();
});

/* The first sentence of a reply is heard, and the model is in the middle of the next. */
const openMidway = async () => {
	await says('We make bread for hotels. What do you need from us?');
	await stack.sim.fault({
		provider: 'groq',
		operation: 'chat',
		match: { stream: true },
		fault: { hold: 'model', hold_after_chunks: 9 },
	});
	const page = await open();
	await write(page.tab, 'What is it that you do?');
	await isPlaying(page.tab);
	return page;
};

test('a reply is shown and heard while the rest of it is still being written', LIMIT, async () => {
	const { tab, context, problems } = await openMidway();
	const shown = await tab.locator('.theirs[aria-busy=true] .words').textContent();
	assert.match(shown, /^We make bread for hotels\.( What)?( do)?$/);
	await stack.sim.release('model');
	await answered(tab);
	assert.equal(await lastReply(tab), 'We make bread for hotels. What do you need from us?');
	assert.deepEqual(problems, []);
	await context.close();
});

test('what is pressed to speak stays where it is while a reply runs', LIMIT, async () => {
	await says(LONG);
	const { tab, context, problems } = await open({ viewport: { width: 360, height: 740 } });
	const before = await tab.locator('#hold').boundingBox();
	await write(tab, 'Tell me about bread.');
	await isPlaying(tab);
	assert.ok(await tab.isVisible('#stop'));
	assert.deepEqual(await tab.locator('#hold').boundingBox(), before);
	assert.deepEqual(problems, []);
	await context.close();
});

test('muted, a reply is text alone', LIMIT, async () => {
	await says(LONG);
	const { tab, context, problems } = await open();
	await tab.uncheck('#aloud');
	await write(tab, 'Good morning to you.');
	await answered(tab);
	assert.equal(await lastReply(tab), LONG);
	assert.ok(await isSilent(tab));
	assert.deepEqual(problems, []);
	await context.close();
});

/* What stands in the transcript of a reply that was cut short. */
const assertCut = async (tab) => {
	await tab.waitForSelector('.theirs .note:has-text("interrupted")');
	const shown = (await tab.locator('.theirs .words').first().textContent()).replace(/ ?…$/, '');
	assert.ok(shown.length < LONG.length * 0.8, `it shows all of it: ${shown}`);
	assert.ok(LONG.startsWith(shown), shown);
	return shown;
};

for (const [how, stop] of [
	['the button', (tab) => tab.click('#stop')],
	['Escape', (tab) => tab.press('#text', 'Escape')],
	['a newer message', (tab) => write(tab, 'Wait, what about cakes?')],
])
	test(`${how} ends a reply, and the transcript keeps what was heard`, LIMIT, async () => {
		await says(LONG);
		const { tab, context, problems } = await open();
		await write(tab, 'Tell me about bread.');
		await isPlaying(tab, 1500); /* some words at least */
		await stop(tab);
		const shown = await assertCut(tab);
		if (how !== 'a newer message') assert.ok(await isSilent(tab));
		const kept = await poll(async () => {
			const [, [speaker, text]] = await historyOf(tab);
			return speaker === 'agent' && text.length < LONG.length * 0.8 && text;
		});
		assert.ok(LONG.startsWith(kept.replace(/ ?(…|\.\.\.)$/, '')), kept);
		assert.equal(kept, shown);
		assert.deepEqual(problems, []);
		await context.close();
	});

test('what is read because it is muted is not unheard', LIMIT, async () => {
	const { tab, context, problems } = await openMidway();
	await tab.uncheck('#aloud');
	await tab.press('#text', 'Escape');
	await tab.waitForSelector('.theirs .note:has-text("interrupted")');
	const kept = await poll(async () => {
		const rows = await historyOf(tab);
		return rows.every(([, text]) => text) && rows;
	});
	assert.deepEqual(kept.slice(1), [['agent', 'We make bread for hotels.']]);
	await stack.sim.release('model');
	assert.deepEqual(problems, []);
	await context.close();
});

/* Of how many turns browsers told when the first sound was heard. */
const firstSounds = async () => {
	const { text } = await operate(stack, '/metrics');
	return Number(text.match(/^scribe_browser_first_audio_seconds_count (.*)$/m)[1]);
};

/* Somebody holds the button and speaks. Gives when they let it go. */
const speak = async (tab) => {
	await tab.focus('#hold');
	await tab.keyboard.down('Space');
	await tab.waitForSelector('#hold[aria-pressed=true]');
	assert.equal(await tab.textContent('#status'), 'Listening…');
	await tab.waitForTimeout(4000); /* for so long somebody speaks */
	const said = performance.now();
	await tab.keyboard.up('Space');
	return said;
};

test('what is spoken while a button is held is heard and answered', LIMIT, async () => {
	const before = await firstSounds();
	const { tab, context, problems } = await open();
	await tab.uncheck('#barge');
	const said = await speak(tab);
	await isPlaying(tab);
	const most = performance.now() - said;
	await poll(() => inPlayer(tab, '(p) => p.volume > 0.99'));
	await answered(tab);
	const mine = await tab.locator('.mine .words').first().textContent();
	assert.match(mine, /fellow american/i);
	assert.equal((await historyOf(tab))[0][1], mine);
	assert.deepEqual(problems, []);
	await tab.evaluate(() => {
		const tell = navigator.sendBeacon.bind(navigator);
		navigator.sendBeacon = (url, body) => tell(url, body) && (sessionStorage.told = body);
	});
	await tab.goto(`${stack.baseUrl}/config.json`);
	const { first_audio_ms } = JSON.parse(await tab.evaluate(() => sessionStorage.told));
	assert.equal(first_audio_ms.length, 1, 'one for one turn');
	const [ms] = first_audio_ms;
	assert.ok(ms > 0 && ms < most, `${ms} of at most ${most} ms`);
	await poll(async () => (await firstSounds()) > before);
	await context.close();
});

/* A recording begins by a tap and goes on, where the browser has asked before. */
const tap = async (tab) => {
	await tab.evaluate(`import('/talk.js').then(({ microphone }) => microphone.open())`);
	await tab.press('#hold', 'Space');
	await tab.waitForSelector('#hold[aria-pressed=true]');
};

for (const [how, goOn] of [
	['spoken', speak],
	['written while a recording runs', async (tab) => {
		await tap(tab);
		await write(tab, 'And cakes?');
	}],
])
	test(`a reply that was played is not ended by what comes next, ${how}`, LIMIT, async () => {
		const reply = 'We bake it every morning.';
		await says(reply);
		const { tab, context, problems } = await open();
		const cancels = [];
		tab.on('request', (request) => {
			const body = request.postData() ?? '';
			if (body.includes('"cancel":true')) cancels.push(body);
		});
		await tab.uncheck('#barge');
		await write(tab, 'Tell me about bread.');
		await isPlaying(tab);
		await answered(tab);
		await poll(() => inPlayer(tab, '(p) => !p.isPlaying'));
		await goOn(tab);
		await answered(tab, 2);
		assert.deepEqual(cancels, []);
		assert.equal(await tab.locator('.theirs .words').first().textContent(), reply);
		assert.equal(await tab.locator('.theirs .note:has-text("interrupted")').count(), 0);
		assert.equal((await historyOf(tab))[1][1], reply);
		assert.deepEqual(problems, []);
		await context.close();
	});

/* In the page: what it would tell as it is left is in `told`; `asks` is what its visitor asks. */
const overhear = (tab) =>
	tab.evaluate(() => {
		window.told = [];
		window.asks = {};
		for (const name of ['globalPrivacyControl', 'doNotTrack'])
			Object.defineProperty(navigator, name, { get: () => window.asks[name] });
		navigator.sendBeacon = (url, body) =>
			window.told.push({ path: new URL(url).pathname, ...JSON.parse(body) }) > 0;
	});

const leave = (tab, asks = {}) =>
	tab.evaluate((asks) => {
		window.asks = asks;
		window.dispatchEvent(new Event('pagehide'));
		return window.told;
	}, asks);

test('what a browser saw is told once, and of nobody who asks not to be', LIMIT, async () => {
	const session = await newSession(stack);
	const { json } = await post(stack, 'text_to_speech', { ...pairOf(session), text: 'Good day.' });
	const { tab, context } = await open();
	await overhear(tab);
	assert.deepEqual(await leave(tab), [], 'of nothing nothing is told');
	await context.route('**/functions/v1/agent_reply', (route) => route.abort('connectionrefused'));
	await write(tab, 'Are you there?');
	await tab.waitForSelector('#problem:has-text("does not answer")');
	for (const seq of [0, 1]) {
		await tab.evaluate(async ({ seq, audio_base64 }) => {
			const { player } = await import('/talk.js');
			await player.add({ seq, is_last: true, audio_base64, text: 'Good day.' });
		}, { seq, audio_base64: json.audio_base64 });
		await poll(() => inPlayer(tab, '(p) => !p.isPlaying'));
	}
	assert.deepEqual(await leave(tab, { globalPrivacyControl: true }), []);
	assert.deepEqual(await leave(tab, { doNotTrack: '1' }), []);
	await leave(tab);
	const told = await leave(tab);
	assert.equal(told.length, 1, JSON.stringify(told));
	const [{ path, first_audio_ms, stalls, stalled_ms, ...rest }] = told;
	assert.equal(path, '/functions/v1/browser_timings');
	assert.ok(first_audio_ms.length === 1 && first_audio_ms[0] > 0, JSON.stringify(told));
	assert.ok(stalls === 1 && stalled_ms > 0, JSON.stringify(told));
	assert.deepEqual(rest, { errors: { network: 1 } });
	await context.close();
});

test('speaking into a reply ends it where words were heard', LIMIT, async () => {
	await says(LONG);
	const { tab, context, problems } = await open();
	await tab.uncheck('#barge');
	await write(tab, 'Tell me about bread.');
	await isPlaying(tab);
	await tab.check('#barge'); /* asks for the microphone, at which somebody speaks all the time */
	await tab.locator('.mine').nth(1).waitFor({ timeout: 60_000 });
	await tab.uncheck('#barge');
	await assertCut(tab);
	assert.match(await tab.locator('.theirs .words').first().textContent(), /^We help/);
	const mine = await tab.locator('.mine .words').nth(1).textContent();
	assert.match(mine, /american|country|ask|fellow/i);
	assert.deepEqual(problems, []);
	await context.close();
});

/* A WAV file in which our own voice says that, with silence around it. */
const writeSpoken = async (text) => {
	const file = join(stack.dir, 'spoken.wav');
	const session = await newSession(stack);
	const { json } = await post(stack, 'text_to_speech', { ...pairOf(session), text });
	const { tab, context } = await open();
	const samples = await tab.evaluate(async (base64) => {
		const mp3 = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer;
		const sound = await new OfflineAudioContext(1, 1, 16000).decodeAudioData(mp3);
		return [...sound.getChannelData(0)];
	}, json.audio_base64);
	await context.close();
	const all = new Array(16000).fill(0).concat(samples, new Array(16000 * 8).fill(0));
	const wav = Buffer.alloc(44 + all.length * 2);
	wav.write('RIFF');
	wav.writeUInt32LE(36 + all.length * 2, 4);
	wav.write('WAVEfmt ', 8);
	[16, 0x00010001, 16000, 32000, 0x00100002].forEach((n, i) => wav.writeUInt32LE(n, 16 + i * 4));
	wav.write('data', 36);
	wav.writeUInt32LE(all.length * 2, 40);
	all.forEach((x, i) => wav.writeInt16LE(Math.round(x * 32767), 44 + i * 2));
	writeFileSync(file, wav);
	return file;
};

test('of a piece that is still coming no more counts as heard than was', LIMIT, async () => {
	const session = await newSession(stack);
	const { json } = await post(stack, 'text_to_speech', { ...pairOf(session), text: LONG });
	const { tab, context } = await open();
	await tab.click('#text');
	const part = await tab.evaluate(async ({ base64, text }) => {
		const { player } = await import('/talk.js');
		const mp3 = atob(base64);
		const frame = mp3.indexOf(mp3.slice(0, 4), mp3.length / 4);
		player.wake();
		const audio_base64 = btoa(mp3.slice(0, frame));
		await player.add({ seq: 0, is_last: false, audio_base64, text });
		while (player.isPlaying) await new Promise(requestAnimationFrame);
		const { ms, pieces } = player.heard();
		return ms / pieces[0].ms;
	}, { base64: json.audio_base64, text: LONG });
	assert.ok(part > 0.1 && part < 0.4, `${part} of it`);
	await context.close();
});

/* The pieces of the reply that plays, all of whose sound is there. */
const piecesOf = (tab) =>
	tab.evaluate(async () => {
		const { player } = await import('/talk.js');
		await player.settled();
		return player.heard().pieces;
	});

test('page and history cut a reply at the same word', LIMIT, async () => {
	await says(LONG);
	const { tab, context, problems } = await open();
	await write(tab, 'Tell me about bread.');
	await isPlaying(tab);
	await answered(tab);
	const pieces = await piecesOf(tab);
	const { session_id, session_secret } = await tab.evaluate(() =>
		JSON.parse(sessionStorage['scribe.session']));
	const [[turn_id, stored]] = await sql(stack, `select turn_id, reply_pieces from turns
		where session_id = :'id'`, { id: session_id });
	assert.ok(pieces.length > 1);
	assert.equal(stored, `{${pieces.reduce(([said, all], { text, ms }) =>
		[said + text.length, [...all, said + text.length, ms]], [0, []])[1]}}`);
	for (let ms = pieces.at(-1).ms; ms > 0; ms -= 61) {
		const heard_ms = Math.max(ms, 1);
		const { json } = await post(stack, 'agent_reply', {
			session_id, session_secret, cancel: true, turn_id, heard_ms,
		});
		const shown = await tab.evaluate(async ({ text, ms, pieces }) => {
			const { heardPart } = await import('/heard.js');
			return heardPart(text, { ms, pieces }, true);
		}, { text: LONG, ms: heard_ms, pieces });
		assert.equal((await historyOf(tab))[1]?.[1] ?? '', shown, `${heard_ms} ms`);
		if (ms === pieces.at(-1).ms) assert.deepEqual([json.cancelled, shown], [false, LONG]);
	}
	await tab.press('body', 'Escape');
	assert.deepEqual(problems, []);
	await context.close();
});

test('the page cuts what was heard by whole words, and counts bytes', LIMIT, async () => {
	const text = 'One two. \u{1F600} Größe überall. Six.';
	const pieces = [
		{ text: 'One two.', ms: 800 }, { text: ' Größe überall.', ms: 2400 },
		{ text: ' Six.', ms: 2800 },
	];
	const { tab, context } = await open();
	const cut = (ms, isWhole, some = pieces) =>
		tab.evaluate(async ({ text, heard, isWhole }) => {
			const { heardPart } = await import('/heard.js');
			return heardPart(text, heard, isWhole);
		}, { text, heard: { ms, pieces: some }, isWhole });
	for (const [ms, heard] of [
		[0, ''], [299, ''], [300, 'One'], [799, 'One'], [800, 'One two. \u{1F600}'],
		[1511, 'One two. \u{1F600}'], [1512, 'One two. \u{1F600} Größe'],
		[2399, 'One two. \u{1F600} Größe'], [2400, 'One two. \u{1F600} Größe überall.'],
		[2799, 'One two. \u{1F600} Größe überall.'], [2800, text], [9000, text],
	])
		assert.equal(await cut(ms, true), heard, `${ms} ms`);
	assert.equal(await cut(900, false, pieces.slice(0, 1)), 'One two.', 'the rest is to come');
	assert.equal(await cut(900, true, pieces.slice(0, 1)), text, 'and it has no sound');
	assert.equal(await cut(900, false, []), '');
	await context.close();
});

/* What the page is answered to a request with that in it; a browser's tools forget streams. */
const keepAnswer = (tab, within) =>
	tab.evaluate((within) => {
		const ask = window.fetch;
		window.kept = new Promise((keep, fail) => {
			window.fetch = async (url, options) => {
				const answer = await ask(url, options);
				if (options?.body?.includes(within)) answer.clone().text().then(keep, fail);
				return answer;
			};
		});
	}, within);

test('who says only that they listen is spoken to all the same', LIMIT, async () => {
	await says(LONG);
	const listener = await launchHearing(await writeSpoken('Okay. Right.'));
	try {
		const { tab, problems } = await open({ where: listener });
		await tab.uncheck('#barge');
		await write(tab, 'Tell me about bread.');
		await isPlaying(tab);
		await keepAnswer(tab, '"barge_in":true');
		await tab.check('#barge');
		assert.match(await tab.evaluate('window.kept'), /"is_backchannel":true/);
		await tab.uncheck('#barge');
		await isPlaying(tab, 9000);
		await answered(tab);
		assert.equal(await lastReply(tab), LONG);
		assert.equal(await tab.locator('.mine').count(), 1);
		assert.deepEqual((await historyOf(tab)).map(([, text]) => text),
			['Tell me about bread.', LONG]);
		assert.deepEqual(problems, []);
	} finally {
		await listener.close();
	}
});

test('a server that is gone: the page says so, and nothing is lost', LIMIT, async () => {
	await says('Here I am again.');
	const { tab, context } = await open();
	await context.route('**/functions/v1/**', (route) => route.abort('connectionrefused'));
	await write(tab, 'Is anybody there?');
	await tab.waitForSelector('#problem:has-text("does not answer")');
	assert.equal(await tab.locator('.mine .words').textContent(), 'Is anybody there?');
	await context.unroute('**/functions/v1/**');
	await tab.click('text=Try again');
	await answered(tab);
	assert.equal(await lastReply(tab), 'Here I am again.');
	assert.equal(await tab.locator('.mine').count(), 1);
	assert.equal(await tab.textContent('#problem'), '');
	assert.equal((await historyOf(tab)).length, 2);
	await context.close();
});

/* How far an element reaches beyond what is seen of the transcript. */
const hiddenBelow = async (tab, selector) => {
	const [shown, last] = await Promise.all(
		['#scroll', selector].map((one) => tab.locator(one).last().boundingBox()),
	);
	return last.y + last.height - (shown.y + shown.height);
};

for (const width of [360, 1280])
	test(`the end stays in sight beside what is told, ${width} px wide`, LIMIT, async () => {
		const { tab, context } = await open({ viewport: { width, height: 740 } });
		await context.route('**/functions/v1/**', (route) => route.abort('connectionrefused'));
		for (const n of [1, 2, 3, 4, 5, 6, 7]) {
			await write(tab, `Is anybody there, now that I ask for time number ${n}?`);
			await tab.locator('.failed').nth(n - 1).waitFor();
		}
		await tab.waitForSelector('#problem:has-text("does not answer")');
		await poll(async () => (await hiddenBelow(tab, '.failed button')) < 0);
		await context.setOffline(true);
		await tab.waitForSelector('#offline:has-text("offline")');
		await poll(async () => (await hiddenBelow(tab, '.failed button')) < 0);
		await tab.evaluate(() => (document.getElementById('scroll').scrollTop = 0));
		await context.setOffline(false);
		await tab.waitForSelector('#offline', { state: 'hidden' });
		assert.equal(await tab.evaluate(() => document.getElementById('scroll').scrollTop), 0);
		await context.close();
	});

test('offline it says so, and a draft outlives a reload', LIMIT, async () => {
	const { tab, context } = await open();
	await tab.fill('#text', 'half a sentence');
	await context.setOffline(true);
	await tab.waitForSelector('#offline:has-text("offline")');
	await context.setOffline(false);
	await tab.waitForSelector('#offline', { state: 'hidden' });
	await tab.reload();
	await tab.waitForSelector('#mode:enabled');
	assert.equal(await tab.inputValue('#text'), 'half a sentence');
	await context.close();
});

test('a session that is over is followed by another, with the same message', LIMIT, async () => {
	await says('Welcome.');
	const { tab, context } = await open();
	const pair = { session_id: crypto.randomUUID(), session_secret: crypto.randomUUID() };
	await tab.evaluate((kept) => (sessionStorage['scribe.session'] = kept), JSON.stringify(pair));
	await tab.reload();
	await write(tab, 'Hello there, friend.');
	await answered(tab);
	assert.equal(await lastReply(tab), 'Welcome.');
	assert.equal((await historyOf(tab))[0][1], 'Hello there, friend.');
	assert.match(await tab.textContent('#said'), /conversation before has ended/);
	await context.close();
});

test('every error of ours has words that say what to do', LIMIT, async () => {
	const codes = [
		'invalid_request', 'invalid_audio', 'unauthorized', 'invalid_session', 'session_expired',
		'origin_not_allowed', 'not_found', 'method_not_allowed', 'request_timeout', 'conflict',
		'superseded', 'payload_too_large', 'idempotency_mismatch', 'rate_limited', 'internal',
		'upstream_failed', 'upstream_timeout', 'unavailable', 'network', 'silence', 'broken_off',
	];
	const { tab, context } = await open();
	const without = await tab.evaluate(async (codes) => {
		const { hasAdvice } = await import('/words.js');
		return codes.filter((code) => !hasAdvice(code));
	}, codes);
	assert.deepEqual(without, []);
	await context.route('**/agent_reply', (route) =>
		route.fulfill({
			status: 429,
			headers: { 'retry-after': '20', 'content-type': 'application/json' },
			body: '{"error":"Slow.","code":"rate_limited","request_id":"r-1"}',
		}),
	);
	await write(tab, 'Too soon?');
	await tab.waitForSelector('#problem:has-text("in 20 seconds")');
	assert.match(await tab.textContent('#problem'), /r-1/);
	await context.unroute('**/agent_reply');
	const long = 'word '.repeat(20_000).trim();
	await write(tab, long);
	await tab.waitForSelector('#problem:has-text("shorter"), #problem:has-text("did not take")');
	assert.equal(await tab.inputValue('#text'), long, 'it can be changed');
	await context.close();
});

test('every control has a name, and the page fits a phone', LIMIT, async () => {
	const { tab, context } = await open({ viewport: { width: 360, height: 740 } });
	for (const [role, name] of [
		['button', 'Hold to speak'],
		['button', 'Send'],
		['button', 'New conversation'],
		['textbox', 'Your message'],
		['combobox', 'Manner'],
		['checkbox', 'Read replies aloud'],
		['checkbox', 'Speaking interrupts'],
		['checkbox', 'Remember me next time'],
		['log', 'What was said'],
		['heading', 'What was learned of you'],
	]) {
		const found = await tab.getByRole(role, { name, exact: true }).count();
		assert.equal(found, 1, `${role} ${name}`);
	}
	assert.equal(await tab.getAttribute('html', 'lang'), 'en');
	const wider = await tab.evaluate(
		() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
	);
	assert.equal(wider, 0);
	await context.close();
});

test('who agrees is known the next time, who does not is not', LIMIT, async () => {
	await says('Noted.');
	const { tab, context } = await open();
	const visitorOf = async () => {
		const kept = await tab.evaluate(() => sessionStorage['scribe.session']);
		const { session_id } = JSON.parse(kept);
		return (await sql(stack, `select consent, visitor_id from sessions where id = :'id'`, {
			id: session_id,
		}))[0];
	};
	const talk = async (n) => {
		await write(tab, `Good morning, number ${n}.`);
		await answered(tab, 1);
		return visitorOf();
	};
	const [first, nobody] = await talk(1);
	assert.equal(first, 'f');
	await tab.check('#remember');
	await tab.waitForSelector('#status:has-text("next conversation")');
	await tab.click('#anew');
	const [consent, id] = await talk(2);
	assert.equal(consent, 't');
	assert.notEqual(id, nobody);
	await tab.click('#anew');
	assert.deepEqual(await talk(3), ['t', id]);
	await tab.reload();
	assert.ok(await tab.isChecked('#remember'));
	await tab.uncheck('#remember');
	await tab.click('#anew');
	const [last, stranger] = await talk(4);
	assert.equal(last, 'f');
	assert.notEqual(stranger, id);
	assert.equal(await tab.evaluate(() => localStorage['scribe.visitor']), undefined);
	await context.close();
});

test('manners are those of the server, each described', LIMIT, async () => {
	const { tab, context } = await open();
	const names = await tab.locator('#mode option').allTextContents();
	assert.deepEqual(names.slice(0, 2), ['William', 'Entrepreneur']);
	assert.equal(await tab.inputValue('#mode'), 'professional');
	const before = await tab.textContent('#manner');
	await tab.selectOption('#mode', 'storyteller');
	assert.notEqual(await tab.textContent('#manner'), before);
	assert.ok((await tab.textContent('#manner')).length > 10);
	await context.close();
});

test('what was not answered outlives a reload', LIMIT, async () => {
	const { tab, context } = await open();
	await context.route('**/functions/v1/agent_reply', (route) => route.abort('connectionrefused'));
	await write(tab, 'Do not forget this.');
	await tab.waitForSelector('#problem:has-text("does not answer")');
	await tab.reload();
	await tab.waitForSelector('#mode:enabled');
	assert.equal(await tab.inputValue('#text'), 'Do not forget this.');
	await context.unroute('**/functions/v1/agent_reply');
	await says('It is not forgotten.');
	await tab.press('#text', 'Enter');
	await answered(tab);
	await tab.reload();
	await tab.waitForSelector('#mode:enabled');
	assert.equal(await tab.inputValue('#text'), '');
	await context.close();
});

for (const colorScheme of ['light', 'dark'])
	for (const width of [360, 1280])
		test(`axe finds nothing serious, ${colorScheme}, ${width} px wide`, LIMIT, async () => {
			await says('We make bread for hotels.');
			const { tab, context } = await open({ colorScheme, viewport: { width, height: 740 } });
			assert.deepEqual(await faultsOf(tab), []);
			await write(tab, 'I am Dana Reed of Northwind, and we have $100,000.');
			await answered(tab);
			await context.route('**/functions/v1/**', (route) => route.abort('connectionrefused'));
			await write(tab, 'Are you there?');
			await tab.waitForSelector('#problem:has-text("does not answer")');
			await context.setOffline(true);
			await tab.waitForSelector('#offline:has-text("offline")');
			assert.deepEqual(await faultsOf(tab), []);
			await context.close();
		});

const reloadWith = (settings) => stack.commandWith(settings, 'reload', 'nginx');

test('with a public name there is no console, and no lead shown, unless told', LIMIT, async () => {
	await says('We make bread for hotels.');
	const SCRIBE_PUBLIC_URL = 'https://talk.example';
	const configOf = async () => (await fetch(`${stack.baseUrl}/config.json`)).json();
	await reloadWith({ SCRIBE_PUBLIC_URL });
	await poll(async () => (await configOf()).lead_panel === false);
	const statusOf = async (path) => (await fetch(stack.baseUrl + path)).status;
	assert.deepEqual((await configOf()).pages, ['talk']);
	for (const path of ['/console', '/console.html', '/console.css', '/console_app.js'])
		assert.equal(await statusOf(path), 404, path);
	const { tab, context } = await open();
	await write(tab, 'I am Dana Reed of Northwind.');
	await answered(tab);
	assert.equal(await tab.isVisible('#learned-panel'), false);
	assert.equal(await tab.textContent('#learned'), '');
	await context.close();
	await reloadWith({ SCRIBE_PUBLIC_URL, SCRIBE_LEAD_PANEL: '1', SCRIBE_CONSOLE: '1' });
	await poll(async () => (await configOf()).lead_panel);
	assert.equal(await statusOf('/console'), 200);
	await reloadWith({ SCRIBE_PUBLIC_URL: '', SCRIBE_LEAD_PANEL: '', SCRIBE_CONSOLE: '' });
});

test('SCRIBE_UI_DIR: a frontend of its own at the same address', LIMIT, async () => {
	const dir = join(stack.dir, 'frontend');
	mkdirSync(join(dir, 'assets'), { recursive: true });
	mkdirSync(join(dir, '.git'));
	writeFileSync(join(dir, 'index.html'), '<!doctype html><title>Mine</title>');
	writeFileSync(join(dir, 'assets/app-1a2b.js'), 'export {};');
	writeFileSync(join(dir, '.env'), 'SECRET=1');
	writeFileSync(join(dir, '.git/config'), 'secret');
	await reloadWith({ SCRIBE_UI_DIR: dir });
	const get = (path, options) => fetch(stack.baseUrl + path, options);
	await poll(async () => (await (await get('/')).text()).includes('Mine'));
	for (const path of ['/', '/admin/session/7', '/assets', '/index.html']) {
		const response = await get(path);
		assert.equal(response.status, 200, path);
		assert.match(response.headers.get('content-type'), /^text\/html/);
		assert.match(await response.text(), /Mine/);
	}
	const script = await get('/assets/app-1a2b.js');
	assert.match(script.headers.get('content-type'), /^text\/javascript/);
	assert.equal(script.headers.get('x-content-type-options'), 'nosniff');
	for (const path of [
		'/assets/gone.js', '/.env', '/.git/config', '/talk.js', '/config.json', '/console.css',
		'/functions/v1/nothing', '/auth/v1x', '/rest/v1x', '/storage/v1x', '/realtime/v1x',
		'/readyz/nobody',
	]) {
		const response = await get(path);
		assert.equal(response.status, 404, path);
		assert.equal((await response.json()).code, 'not_found', path);
	}
	assert.equal((await get('/', { method: 'POST' })).status, 405);
	assert.equal((await get('/readyz/agent_reply')).status, 200);
	const empty = join(stack.dir, 'empty');
	mkdirSync(empty);
	await assert.rejects(reloadWith({ SCRIBE_UI_DIR: empty }), /no index\.html/);
	assert.match(await (await get('/')).text(), /Mine/, 'what was refused changed nothing');
	await reloadWith({ SCRIBE_UI_DIR: '' });
	await poll(async () => (await get('/talk.js')).status === 200);
});

test('a reload with SCRIBE_PAGES=0 takes the page away, and nothing else', LIMIT, async () => {
	const status = async (path) => (await fetch(stack.baseUrl + path)).status;
	for (const [setting, expected] of [['0', 404], ['1', 200]]) {
		await stack.commandWith({ SCRIBE_PAGES: setting }, 'reload', 'nginx');
		for (const path of ['/', '/talk.js', '/config.json'])
			await poll(async () => (await status(path)) === expected);
		assert.equal(await status('/readyz/agent_reply'), 200);
	}
});
