/* The link of our mail in a real browser: what its owner sees and presses, and that a look alone
 * (a mail scanner's, a preview's) decides nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { poll, post, request, sql, useStack } from './env/index.mjs';
import { launchBrowser } from './env/browser.mjs';

const stack = useStack({
	functions: ['collect_email', 'create_session'],
	simulator: true, env: { MAIL_INTERVAL_MS: '0' },
});
const LIMIT = { timeout: 120_000 };
const PHONE = { width: 360, height: 740 };
const CONTRAST_AA = 4.5;
const LIGHT = 'light';
const DARK = 'dark';
let browser;

before(async () => (browser = await launchBrowser()));
after(() => browser?.close());

let counter = 0;
/* An address signed up, and the link in the mail it was sent. */
const invited = async () => {
	const email = `reader.${++counter}@page-test.example`;
	const answer = await post(stack, 'collect_email', { email });
	assert.equal(answer.status, 200, answer.text);
	const [mail] = await poll(() => mailsTo(email, 1));
	return { email, link: linkIn(mail) };
};
/* All mails to an address, once there are that many. */
const mailsTo = async (email, n) => {
	const mails = (await stack.sim.outbox()).resend.filter(({ to }) => [to].flat().includes(email));
	return mails.length >= n && mails;
};
const linkIn = (mail) => /http:\S+token=\S+/.exec(mail.text)[0];
/* The same mail as it was a month ago, with what its link was then. Its job is over a moment after
 * it was sent. */
const expiredLink = async (email) => {
	await poll(async () => {
		const [[state]] = await sql(stack, 'select state from jobs order by id desc limit 1');
		return state === 'done';
	});
	await sql(stack, `update email_signups set mail_sent_at = null,
		mail_queued_at = now() - interval '30 days 1 minute' where id = (select key::uuid from jobs
		where kind = 'confirm_mail' order by id desc limit 1);
		update jobs set state = 'ready', run_at = now() where id = (select max(id) from jobs)`);
	return linkIn((await poll(() => mailsTo(email, 2)))[1]);
};
const statusOf = async (link) => {
	const id = /token=([0-9a-f-]{36})/.exec(link)[1];
	const query = `select status from email_signups where id = :'id'`;
	return (await sql(stack, query, { id }))[0][0];
};

/* A tab and everything wrong with it: what its browser complains of (a blocked style, a refused
 * form), and whatever it asks for besides the page itself. */
const open = async (link, options = {}) => {
	const tab = await browser.newPage(options);
	const problems = [];
	tab.on('console', (message) => problems.push(message.text()));
	tab.on('pageerror', (error) => problems.push(error.message));
	tab.on('request', (asked) => {
		if (!asked.isNavigationRequest()) problems.push(`it loads ${asked.url()}`);
	});
	const response = await tab.goto(link);
	return { tab, problems, response };
};
const buttons = (tab) => tab.getByRole('button').allTextContents();
const shows = (tab, name) => tab.getByRole('heading', { level: 1, name, exact: true }).waitFor();
const picture = async (tab, name) => {
	if (process.env.SCREENSHOTS)
		await tab.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
};

/* Text and ground of what the selector finds, and how far apart they are (WCAG 2.1). */
const contrastOf = (tab, selector) =>
	tab.$eval(selector, (element) => {
		const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
		const luminance = (colour) => {
			const [r, g, b] = channels(colour).slice(0, 3).map((value) => {
				const part = value / 255;
				return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
			});
			return 0.2126 * r + 0.7152 * g + 0.0722 * b;
		};
		const isClear = (colour) => channels(colour)[3] === 0;
		let ground = element;
		while (isClear(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
		const pair = [
			luminance(getComputedStyle(element).color),
			luminance(getComputedStyle(ground).backgroundColor),
		].sort((a, b) => b - a);
		return (pair[0] + 0.05) / (pair[1] + 0.05);
	});

test('its owner sees a page with its style, confirms, and may leave', LIMIT, async () => {
	const { link } = await invited();
	const { tab, problems, response } = await open(link);
	assert.equal(response.status(), 200);
	assert.equal(await tab.title(), 'May we write to you?');
	await shows(tab, 'May we write to you?');
	assert.deepEqual(await buttons(tab), ['Yes, confirm my address', 'No, take me off the list']);
	const look = await tab.$eval('button.main', (button) => {
		const { backgroundColor, minHeight, borderRadius } = getComputedStyle(button);
		return { backgroundColor, minHeight, borderRadius };
	});
	assert.deepEqual(look, {
		backgroundColor: 'rgb(67, 56, 202)', minHeight: '48px', borderRadius: '10.4px',
	});
	await picture(tab, 'ask');
	assert.equal(await statusOf(link), 'active', 'a look changes nothing');

	await tab.getByRole('button', { name: 'Yes, confirm my address' }).click();
	await shows(tab, 'Thank you, your address is confirmed.');
	assert.equal(await statusOf(link), 'confirmed');
	await picture(tab, 'confirmed');

	await tab.goto(link);
	await shows(tab, 'Your address is already confirmed.');
	assert.deepEqual(await buttons(tab), ['Take me off the list']);
	await picture(tab, 'already');

	await tab.getByRole('button', { name: 'Take me off the list' }).click();
	await shows(tab, 'You are off the list.');
	assert.equal(await statusOf(link), 'unsubscribed');
	await tab.goto(link);
	await shows(tab, 'You are off the list.');
	await picture(tab, 'unsubscribed');
	await tab.getByRole('button', { name: 'Put me on the list again' }).click();
	await shows(tab, 'Thank you, your address is confirmed.');
	assert.equal(await statusOf(link), 'confirmed');
	assert.deepEqual(problems, []);
	await tab.close();
});

test('it works from the keyboard and without scripts', LIMIT, async () => {
	const { link } = await invited();
	const { tab, problems } = await open(link, { javaScriptEnabled: false });
	await tab.keyboard.press('Tab');
	await tab.keyboard.press('Enter');
	await shows(tab, 'Thank you, your address is confirmed.');
	assert.equal(await statusOf(link), 'confirmed');
	assert.deepEqual(problems, []);
	await tab.close();
});

test('what follows every link confirms nothing', async () => {
	const { link } = await invited();
	const path = link.slice(stack.baseUrl.length);
	for (const method of ['GET', 'GET', 'HEAD', 'OPTIONS']) {
		const { status } = await request(stack, method, path);
		assert.ok([200, 204, 405].includes(status), `${method}: ${status}`);
	}
	assert.equal(await statusOf(link), 'active');
});

test('an expired link leads to a page that says so, and off the list', LIMIT, async () => {
	const { email, link } = await invited();
	const expired = await expiredLink(email);
	assert.notEqual(expired, link);
	const { tab, problems } = await open(expired);
	await shows(tab, 'This link is too old to confirm your address.');
	assert.deepEqual(await buttons(tab), ['Take me off the list']);
	await picture(tab, 'late');
	await tab.getByRole('button', { name: 'Take me off the list' }).click();
	await shows(tab, 'You are off the list.');
	assert.equal(await statusOf(link), 'unsubscribed');
	await tab.getByRole('button', { name: 'Put me on the list again' }).click();
	await shows(tab, 'Thank you, your address is confirmed.');
	assert.deepEqual(problems, []);
	await tab.close();
});

test('a bad link leads to a page that says so', LIMIT, async () => {
	const { link } = await invited();
	const cut = [link.slice(0, -1), link.replace(/token=.*/, 'token=')];
	for (const bad of [...cut, `${link}0`]) {
		const { tab, problems, response } = await open(bad);
		assert.equal(response.status(), 400);
		await shows(tab, 'This link does not work any more.');
		assert.deepEqual(await buttons(tab), []);
		assert.deepEqual(problems.filter((text) => !/status of 400/.test(text)), []);
		await picture(tab, 'stale');
		await tab.close();
	}
	assert.equal(await statusOf(link), 'active');
});

test('it fits a phone, and can be read in light and in dark', LIMIT, async () => {
	const { link } = await invited();
	const grounds = [];
	for (const colorScheme of [LIGHT, DARK]) {
		const { tab, problems } = await open(link, { viewport: PHONE, colorScheme });
		const width = await tab.evaluate(() => document.documentElement.scrollWidth);
		assert.ok(width <= PHONE.width, `${width} pixels wide`);
		for (const selector of ['h1', 'p', 'button.main', 'button:not(.main)']) {
			const contrast = await contrastOf(tab, selector);
			assert.ok(contrast >= CONTRAST_AA, `${colorScheme} ${selector}: ${contrast}`);
		}
		for (const box of await tab.$$eval('button', (all) =>
			all.map((button) => button.getBoundingClientRect().height)))
			assert.ok(box >= 48, `a button of ${box} pixels`);
		grounds.push(await tab.$eval('body', (body) => getComputedStyle(body).backgroundColor));
		await picture(tab, `phone-${colorScheme}`);
		assert.deepEqual(problems, []);
		await tab.close();
	}
	assert.notEqual(grounds[0], grounds[1]);
});

test('its policy allows its own style and form, and nothing put into it', LIMIT, async () => {
	const { link } = await invited();
	const { tab, response } = await open(link);
	const { 'content-security-policy': policy, 'x-frame-options': frame } = response.headers();
	assert.match(policy, new RegExp("^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'$"));
	assert.equal(frame, 'DENY');
	const before = await tab.$eval('h1', (h1) => getComputedStyle(h1).color);
	await tab.evaluate(() => {
		const foreign = document.createElement('style');
		foreign.textContent = 'h1 { color: rgb(1, 2, 3) !important }';
		document.head.append(foreign);
	});
	assert.equal(await tab.$eval('h1', (h1) => getComputedStyle(h1).color), before);
	await tab.close();
});
