/* The console in a real browser: who may sign in, what they see and change, what changes before
 * their eyes, and that it is for all to use. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { faultsOf } from './env/axe.mjs';
import { launchBrowser } from './env/browser.mjs';
import { addPerson, admin, newSession, pairOf, post, sql, useStack } from './env/index.mjs';

const LIMIT = { timeout: 120_000 };
const stack = useStack();
let browser;

before(async () => {
	browser = await launchBrowser();
});
after(() => browser?.close());

const open = async ({ width = 1280, path = '/console', ...options } = {}) => {
	const context = await browser.newContext({ viewport: { width, height: 740 }, ...options });
	const tab = await context.newPage();
	const problems = [];
	tab.on('pageerror', (error) => problems.push(error.message));
	await tab.goto(stack.baseUrl + path);
	return { tab, context, problems };
};

const signIn = async (tab, { email, password }) => {
	await tab.fill('#email', email);
	await tab.fill('#password', password);
	await tab.press('#password', 'Enter');
};

test('who is not known is told what to do; who is stays until they leave', LIMIT, async () => {
	const person = await addPerson(stack, 'admin');
	const { tab, context, problems } = await open();
	await signIn(tab, { ...person, password: 'not this one at all' });
	await tab.waitForSelector('#toasts:has-text("are not right")');
	assert.equal(await tab.isVisible('#nav'), false);
	await signIn(tab, person);
	await tab.waitForSelector('#nav a[aria-current]');
	assert.match(await tab.textContent('#who-name'), /\(admin\)$/);
	await tab.reload();
	await tab.waitForSelector(`#who-name:has-text("${person.email}")`);
	await tab.click('#leave');
	await tab.waitForSelector('#email');
	assert.equal(await tab.isVisible('#nav'), false);
	await tab.reload();
	await tab.waitForSelector('#email');
	assert.deepEqual(problems, []);
	await context.close();
});

/* A conversation that is a lead: its pair, and how somebody says more in it. */
const converse = async () => {
	const name = `Dana ${crypto.randomUUID().slice(0, 6).replace(/[0-9]/g, 'x')}`;
	const pair = pairOf(await newSession(stack));
	const say = async (user_message) => {
		const answer = await post(stack, 'agent_reply', { ...pair, user_message, audio: false });
		assert.equal(answer.status, 200, answer.text);
	};
	await say(`Hi, I am ${name}, CTO at Northwind, an enterprise company. We need retrieval for ` +
		'search this month, our budget is $100,000. Write to dana.reed@northwind.example.');
	return { id: pair.session_id, say };
};

const enter = async (role, options) => {
	const person = await addPerson(stack, role);
	const opened = await open(options);
	await signIn(opened.tab, person);
	await opened.tab.waitForSelector('#nav a[aria-current]');
	return { ...opened, person };
};

const show = async (tab, page, selector) => {
	await tab.evaluate((page) => (location.hash = page), `#/${page}`);
	await tab.waitForSelector(selector);
};

test('an admin reads a conversation, hears what is said on, and writes a note', LIMIT, async () => {
	const talk = await converse();
	const { tab, context, problems } = await enter('admin');
	await tab.click(`a[href="#/session/${talk.id}"]`);
	await tab.waitForSelector('.said li:has-text("CTO at Northwind")');
	const lead = await tab.locator('.card:has(h3:text("Lead"))').textContent();
	assert.match(lead, /senior title, budget >=50k/);
	assert.match(lead, /Northwind/);
	assert.match(await tab.locator('main').textContent(), /dana\.reed@northwind\.example/);
	await tab.fill('#notes', 'Half a thou');
	await talk.say('We would like to begin in March.');
	await tab.waitForSelector('.said li:has-text("begin in March")');
	assert.equal(await tab.inputValue('#notes'), 'Half a thou', 'what is written stays');
	await tab.fill('#notes', 'Call Dana on Monday.');
	await tab.click('text=Save notes');
	await tab.waitForSelector('text=Saved.');
	await tab.reload();
	await tab.waitForFunction(
		() => document.getElementById('notes')?.value === 'Call Dana on Monday.',
	);
	assert.deepEqual(problems, []);
	await context.close();
});

/* What was said, as the console shows it. */
const shownIn = (tab) => tab.locator('.said .words').allTextContents();

test('an admin watches a conversation grow while its visitor talks', LIMIT, async () => {
	const { tab, context, problems } = await enter('admin');
	const { tab: page, context: visitor } = await open({ path: '/' });
	await page.uncheck('#aloud');
	const say = async (text) => {
		await page.fill('#text', text);
		await page.press('#text', 'Enter');
	};
	await say('Good morning to you all.');
	const kept = await page.waitForFunction(() => sessionStorage['scribe.session']);
	const { session_id } = JSON.parse(await kept.jsonValue());
	await tab.click(`a[href="#/session/${session_id}"]`);
	for (const [i, text] of ['We run a bakery.', 'Our oven breaks every winter.'].entries()) {
		await tab.waitForFunction((n) => document.querySelectorAll('.theirs').length === n, i + 1);
		await say(text);
		await tab.waitForSelector(`.said .mine:has-text("${text}")`);
	}
	await page.waitForFunction(
		() => document.querySelectorAll('.theirs[aria-busy=false]').length === 3,
	);
	await tab.waitForFunction(() => document.querySelectorAll('.theirs').length === 3);
	assert.deepEqual(await shownIn(tab), await shownIn(page));
	assert.deepEqual(problems, []);
	await Promise.all([context.close(), visitor.close()]);
});

test('a reply of which nothing was heard goes before their eyes, too', LIMIT, async () => {
	const pair = pairOf(await newSession(stack));
	const turn_id = crypto.randomUUID();
	const said = await post(stack, 'agent_reply', { ...pair, turn_id, user_message: 'Good day.' });
	assert.equal(said.status, 200, said.text);
	const { tab, context, problems } = await enter('admin');
	await show(tab, `session/${pair.session_id}`, '.said .theirs');
	const cut = { ...pair, turn_id, cancel: true, heard_ms: 0 };
	assert.deepEqual((await post(stack, 'agent_reply', cut)).json, { cancelled: true });
	await tab.waitForSelector('.said .theirs', { state: 'detached' });
	assert.deepEqual(await shownIn(tab), ['Good day.']);
	assert.deepEqual(problems, []);
	await context.close();
});

test('of a long conversation the newest words are shown', LIMIT, async () => {
	const { session_id } = await newSession(stack);
	await sql(stack, `insert into utterances (session_id, speaker, text, ts)
		select :'id', 'visitor', 'number ' || i, now() - interval '1 hour' + i * interval '1 second'
			from generate_series(1, 510) i`, { id: session_id });
	const { tab, context, problems } = await enter('admin');
	await show(tab, `session/${session_id}`, '.said li:has-text("number 510")');
	const shown = await shownIn(tab);
	assert.deepEqual([shown.length, shown[0], shown.at(-1)], [500, 'number 11', 'number 510']);
	await tab.waitForSelector('text=The newest 500 of 510.');
	assert.deepEqual(problems, []);
	await context.close();
});

test('what went wrong is told until it goes well again', LIMIT, async () => {
	const { tab, context } = await enter('admin');
	await tab.waitForSelector('main h2:has-text("Sessions")');
	await context.route('**/rest/v1/**', (route) => route.abort('connectionrefused'));
	await tab.getByLabel('Score').selectOption('40');
	await tab.waitForSelector('#toasts:has-text("does not answer")');
	await context.unroute('**/rest/v1/**');
	await newSession(stack);
	await tab.waitForSelector('#toasts:empty', { state: 'attached' });
	await context.close();
});

test('who is on a link stays there while others come', LIMIT, async () => {
	const { session_id } = await newSession(stack);
	const { tab, context } = await enter('admin');
	await tab.focus(`a[href="#/session/${session_id}"]`);
	const { session_id: other } = await newSession(stack);
	await tab.waitForSelector(`a[href="#/session/${other}"]`);
	assert.equal(await tab.evaluate(() => document.activeElement.hash), `#/session/${session_id}`);
	await context.close();
});

test('a session that begins appears, and filters choose', LIMIT, async () => {
	const talk = await converse();
	const { tab, context, problems } = await enter('admin');
	await tab.waitForSelector(`a[href="#/session/${talk.id}"]`);
	const { session_id } = await newSession(stack);
	await tab.waitForSelector(`a[href="#/session/${session_id}"]`);
	await tab.getByLabel('Score').selectOption('70');
	await tab.waitForSelector(`a[href="#/session/${session_id}"]`, { state: 'detached' });
	await tab.waitForSelector(`a[href="#/session/${talk.id}"]`);
	await tab.getByLabel('E-mail, exactly').fill('nobody@northwind.example');
	await tab.keyboard.press('Enter');
	await tab.waitForSelector('text=There are none.');
	await show(tab, 'leads', `a[href="#/session/${talk.id}"]`);
	await show(tab, 'numbers', 'figure');
	assert.equal(await tab.locator('figure svg[aria-label]').count() >= 4, true);
	assert.deepEqual(problems, []);
	await context.close();
});

test('a viewer sees no name, no address, no notes, and changes nothing', LIMIT, async () => {
	const talk = await converse();
	const { tab, context, problems } = await enter('viewer');
	await tab.waitForSelector(`a[href="#/session/${talk.id}"]`);
	assert.equal(await tab.getByLabel('E-mail, exactly').count(), 0);
	await show(tab, `session/${talk.id}`, '.said li:has-text("CTO at Northwind")');
	const all = await tab.locator('main').textContent();
	assert.doesNotMatch(all, /Dana|dana\.reed/);
	assert.match(all, /\[name\]|\[email\]/);
	assert.equal(await tab.isEditable('#notes'), false);
	assert.equal(await tab.locator('text=Save notes').count(), 0);
	assert.deepEqual(problems, []);
	await context.close();
});

test('a viewer reads the numbers between two days', LIMIT, async () => {
	await sql(stack, `delete from sessions where started_at = '2026-01-02 12:00'`); /* run again */
	await sql(stack, `insert into sessions
		(secret_hash, started_at, lead_score, final_intent, current_mode)
		values (sha256('x'), '2026-01-02 12:00', 80, 'media_request', 'william')`);
	await sql(stack, `insert into ledger (day, payer, requests, tokens) values
		('2026-01-02', 'provider:groq', 3, 2000000) on conflict do nothing`);
	const { tab, context, problems } = await enter('viewer', { timezoneId: 'UTC' });
	await tab.click('#nav a:has-text("Reports")');
	await tab.waitForSelector('main h2:has-text("Reports")');
	const fact = (name) => tab.locator(`dl div:has(dt:text-is("${name}")) dd`);
	await tab.getByLabel('From').fill('2026-01-02');
	await tab.getByLabel('To').fill('2026-01-02');
	await tab.waitForSelector('td:has-text("Media request")');
	assert.equal(await fact('Sessions').textContent(), '1');
	assert.equal(await fact('Converted').textContent(), '1');
	const cells = (heading) =>
		tab.locator(`.card:has(h3:text-is("${heading}")) tbody td`).allTextContents();
	assert.deepEqual(await cells('Conversion'), ['William', 'Media request', '1', '1', '100.0']);
	assert.deepEqual(await cells('Scores'), ['80 to 89', '1']);
	assert.deepEqual((await cells('Services')).slice(0, 3), ['Groq', '3', '2,000,000']);
	await tab.getByLabel('To').fill('2026-01-01');
	await tab.waitForSelector('text=The first day is behind the last one.');
	assert.equal(await tab.locator('main table').count(), 0, 'nothing is shown of other days');
	assert.deepEqual(problems, []);
	await context.close();
});

const makeJobs = () => sql(stack, `insert into jobs
	(kind, payload, state, attempts, run_at, last_error, finished_at) values
	('walk_dog', '{"to": "dana.reed@northwind.example"}', 'dead', 8, now(),
		'upstream_failed: 550 no such dana (m.c:9)', now()),
	('walk_cat', '{}', 'ready', 0, now() + interval '1 day', null, null)`);

test('an admin sees what waits and what has failed, and who saw a session', LIMIT, async () => {
	await sql(stack, `delete from jobs where kind like 'walk\\_%'`);
	await makeJobs();
	const talk = await converse();
	const { tab, context, problems, person } = await enter('admin');
	await show(tab, `session/${talk.id}`, '.said li:has-text("CTO at Northwind")');
	await tab.click('#nav a:has-text("Jobs")');
	await tab.waitForSelector('main h2:has-text("Jobs")');
	const rows = tab.locator('.card:has(h3:text-is("Not done")) tbody tr');
	const cells = (kind) => rows.filter({ hasText: kind }).locator('td').allTextContents();
	await tab.waitForSelector('td:has-text("Walk cat")');
	const dead = await cells('Walk dog');
	assert.deepEqual([dead[0], dead[1], dead[3], dead[6]],
		['Dead', 'Walk dog', '8 of 8', 'Upstream failed']);
	const waiting = await cells('Walk cat');
	assert.deepEqual([waiting[0], waiting[3], waiting[6]], ['Waiting', '0 of 8', '–']);
	const kinds = await rows.allTextContents();
	assert.ok(kinds.findIndex((text) => text.includes('Walk dog')) <
		kinds.findIndex((text) => text.includes('Walk cat')), 'the dead ones first');
	assert.match(await tab.textContent('main [role=status]'), /failed for good/);
	assert.doesNotMatch(await tab.textContent('main'), /dana/i);

	await tab.click('#nav a:has-text("Log")');
	const own = tab.locator(`main tbody tr:has-text("${person.email}")`);
	await own.filter({ has: tab.locator(`a[href="#/session/${talk.id}"]`) }).first().waitFor();
	await tab.getByLabel('About the session with this id').fill('nothing');
	await tab.keyboard.press('Enter');
	await tab.waitForSelector('text=This is no id of a session.');
	assert.equal(await tab.locator('main table').count(), 0);
	await tab.getByLabel('About the session with this id').fill(talk.id);
	await tab.keyboard.press('Enter');
	await own.filter({ hasText: 'Contact read' }).first().waitFor();
	const links = tab.locator('main tbody a');
	const others = links.and(tab.locator(`:not([href="#/session/${talk.id}"])`));
	assert.equal(await others.count(), 0, 'nothing of other sessions');
	await tab.getByLabel('About the session with this id').fill('');
	await tab.keyboard.press('Enter');
	await tab.waitForSelector('main td:has-text("of=log")');
	assert.deepEqual(problems, []);
	await context.close();
});

test('the log goes on with older ones, as text', LIMIT, async () => {
	await sql(stack, `insert into audit_log (actor, action, subject)
		select 'operator:<b>dana</b>', 'looked', 'step ' || n || '.'
			from generate_series(1, 70) n`);
	const { tab, context, problems } = await enter('admin');
	await show(tab, 'log', 'td:has-text("step 70.")');
	assert.equal(await tab.locator('main tbody tr').count(), 50);
	assert.equal(await tab.locator('td:has-text("<b>dana</b>, at a terminal")').count() > 0, true);
	assert.equal(await tab.locator('main td b').count(), 0);
	await tab.locator('button:text("Show older ones")').press('Enter');
	await tab.waitForSelector('td:has-text("step 1.")');
	assert.equal(await tab.locator('td:has-text("step 7")').count(), 2, 'each once');
	assert.deepEqual(problems, []);
	await context.close();
});

test('an odd row leaves the others to be read', LIMIT, async () => {
	await sql(stack, `insert into jobs (kind, created_at, run_at) values
		('walk_odd', '20000-01-01', 'infinity'), ('walk_old', '-infinity', now())`);
	await sql(stack, `insert into audit_log (at, actor, action, subject) values
		('infinity', 'person', 'looked', 'oddly'), (now(), ':', 'looked', 'evenly')`);
	const { tab, context, problems } = await enter('admin');
	await show(tab, 'jobs', 'tr:has-text("Walk odd"):has-text("infinity")');
	await tab.waitForSelector('tr:has-text("Walk old")');
	await show(tab, 'log', 'tr:has-text("oddly"):has-text("which is gone")');
	await tab.waitForSelector('tr:has-text("evenly")');
	assert.deepEqual(problems, []);
	await sql(stack, `delete from jobs where kind in ('walk_odd', 'walk_old')`);
	await context.close();
});

test('a viewer has neither jobs nor the log', LIMIT, async () => {
	const { tab, context, problems } = await enter('viewer');
	assert.deepEqual(await tab.locator('#nav a:visible').allTextContents(),
		['Sessions', 'Leads', 'Numbers', 'Reports']);
	for (const page of ['jobs', 'log', 'constructor', '__proto__']) {
		await show(tab, page, 'main h2:has-text("There is no such page")');
		await show(tab, 'sessions', 'main h2:has-text("Sessions")');
	}
	assert.deepEqual(problems, []);
	await context.close();
});

test('who is no admin any more is told so', LIMIT, async () => {
	const { tab, context, person } = await enter('admin');
	await admin(stack, ['role', person.email, 'viewer']);
	await show(tab, 'log', '#toasts:has-text("Your account may not see this.")');
	assert.equal(await tab.locator('main table').count(), 0);
	await context.close();
});

test('who is shut out while they look is signed out', LIMIT, async () => {
	const { tab, context, person } = await enter('admin');
	await tab.waitForSelector('main h2:has-text("Sessions")');
	await admin(stack, ['remove', person.email]);
	await tab.evaluate(() => {
		const kept = JSON.parse(sessionStorage['scribe.console']);
		sessionStorage['scribe.console'] = JSON.stringify({ ...kept, ends: 0 });
	});
	await tab.reload();
	await tab.waitForSelector('#email');
	assert.equal(await tab.textContent('body').then((text) => text.includes(person.email)), false);
	await context.close();
});

test('on a phone charts are read as well as what is around them', LIMIT, async () => {
	await converse();
	const { tab, context } = await enter('admin', { width: 360 });
	await show(tab, 'numbers', 'figure');
	const labels = await tab.locator('figure .label').evaluateAll((labels) =>
		labels.map((label) => {
			const { height, right } = label.getBoundingClientRect();
			return { height, over: right - label.ownerSVGElement.getBoundingClientRect().right };
		}));
	for (const { height, over } of labels)
		assert.ok(height >= 11 && over < 1, `${height} px high, ${over} too far`);
	const nav = await tab.locator('#nav').boundingBox();
	assert.ok(nav.height < 50, `the pages are named in one row, not in ${nav.height} px`);
	await context.close();
});

for (const colorScheme of ['light', 'dark'])
	for (const width of [360, 1280])
		test(`sign-in is for all, ${colorScheme}, ${width} px wide`, LIMIT, async () => {
			const { tab, context } = await open({ colorScheme, width });
			await signIn(tab, { email: 'nobody@people.example', password: 'never was one' });
			await tab.waitForSelector('#toasts p');
			assert.deepEqual(await faultsOf(tab), []);
			await context.close();
		});

for (const [colorScheme, width] of [['light', 1280], ['dark', 360]])
	test(`all of it is for all, ${colorScheme}, ${width} px wide`, LIMIT, async () => {
		const talk = await converse();
		const { tab, context } = await enter('admin', { colorScheme, width });
		for (const [page, selector] of [
			['sessions', 'tbody tr'],
			[`session/${talk.id}`, '.said li'],
			['leads', 'tbody tr'],
			['numbers', 'figure'],
			['reports', 'main dl'],
			['jobs', 'main dl'],
			['log', 'main tbody tr'],
		]) {
			await show(tab, page, selector);
			assert.deepEqual(await faultsOf(tab), [], page);
		}
		await context.close();
	});
