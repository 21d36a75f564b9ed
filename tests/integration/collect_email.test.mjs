/* collect_email: an address is kept sealed and once, its owner is asked by one mail, and decides
 * by the link in it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import {
	dump, keyHeaders, newSession, pairOf, poll, post, request, root, sql, supabase,
	supabaseVersions, useStack,
} from './env/index.mjs';

const stack = useStack({
	functions: ['collect_email', 'create_session'],
	simulator: true,
	env: { MAIL_INTERVAL_MS: '0', JOBS_RETRY_MS: '50', MAIL_TIMEOUT_MS: '3000' },
});

let counter = 0;
const newAddress = (label = 'dana') => `${label}.${++counter}.northwind@mail-test.example`;
const signUp = (body, headers) => post(stack, 'collect_email', body, headers);
const mailsTo = async (email) =>
	(await stack.sim.outbox()).resend.filter(({ to }) => [to].flat().includes(email));
const mailTo = (email) =>
	poll(async () => (await mailsTo(email))[0]);
const linkIn = (mail) => /http:\S+token=\S+/.exec(mail.text)[0];
const pathOf = (link) => link.slice(stack.baseUrl.length);
const quiet = () => stack.sim.settings({ resend: { per_second: 0 } });
const statusOf = async (link) => {
	const id = /token=([0-9a-f-]{36})/.exec(link)[1];
	const [row] = await sql(stack, `select status from email_signups where id = :'id'`, { id });
	return row?.[0];
};
const jobsDone = () =>
	poll(async () => {
		const rows = await sql(stack, `select 1 from jobs where kind = 'confirm_mail'
			and state in ('ready', 'running')`);
		return rows.length === 0;
	});
/* As if all had been written to eight days ago. */
const agedMailboxes = () =>
	sql(stack, `update mailboxes set mail_queued_at = mail_queued_at - interval '8 days';
		update email_signups set mail_queued_at = mail_queued_at - interval '8 days',
			mail_sent_at = mail_sent_at - interval '8 days'`);
/* Whose the newest sign-up is. */
const newest = async (column) => (await sql(stack,
	`select ${column} from email_signups order by created_at desc limit 1`))[0][0] || null;
const press = (link, body) =>
	request(stack, 'POST', pathOf(link), {
		body,
		headers: { 'content-type': 'application/x-www-form-urlencoded', origin: stack.baseUrl },
	});
const decide = async (link, action) =>
	assert.equal((await signUp({ token: link.split('token=')[1], action })).status, 200);
/* Postponed jobs need not be waited for. */
const hurry = () => sql(stack, `update jobs set run_at = now() where state = 'ready'`);

test('a sign-up is answered, sealed, and mailed with both parts and an escaped name', async () => {
	await quiet();
	const email = newAddress();
	const answer = await signUp({ email, name: "Dana O'Neill" });
	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.json.success, true);
	assert.equal(answer.json.alreadySignedUp, false);
	assert.equal(typeof answer.json.message, 'string');

	const mail = await mailTo(email);
	assert.ok(mail.html.includes('Hello Dana O&#39;Neill,'));
	assert.ok(mail.text.startsWith("Hello Dana O'Neill,"));
	assert.equal(mail.from, 'Scribe <hello@scribe.test>');
	assert.equal(mail.headers['List-Unsubscribe'], `<${linkIn(mail)}>`);
	assert.equal(mail.headers['List-Unsubscribe-Post'], 'List-Unsubscribe=One-Click');
	assert.match(mail.idempotency_key, /^confirm-/);
	assert.ok(linkIn(mail).startsWith(`${stack.baseUrl}/functions/v1/collect_email?token=`));

	const [row] = await sql(stack, `select email like 'sealed:v2:%', name like 'sealed:v2:%',
		signup_type, status from email_signups order by created_at desc limit 1`);
	assert.deepEqual(row, ['t', 't', 'waitlist', 'active']);
});

test('a mail says nothing in the place of a name', async () => {
	for (const name of [
		'Your account is locked, call 415 555 0123', 'Account Locked', 'evil.example',
		'<script>alert("Dana & Co")</script> x.example',
	]) {
		const email = newAddress();
		assert.equal((await signUp({ email, name })).status, 200);
		const mail = await mailTo(email);
		assert.ok(mail.text.startsWith('Hello,\n'), mail.text);
		assert.ok(!/locked|alert|x\. ?example|<script/i.test(mail.html + mail.text));
	}
});

test('supabase-js signs up as a page does', async () => {
	for (const version of supabaseVersions) {
		const client = supabase(stack, { version });
		const { data, error } = await client.functions.invoke('collect_email', {
			body: { email: newAddress(), signup_type: 'newsletter' },
		});
		assert.equal(error, null, version);
		assert.equal(data.alreadySignedUp, false, version);
	}
});

test('the same address in another case is the same, and not mailed again', async () => {
	const email = newAddress('Mixed.Case');
	await signUp({ email: `  ${email} ` });
	await mailTo(email);
	for (const again of [email, email.toUpperCase(), email.toLowerCase()]) {
		const answer = await signUp({ email: again, name: 'Other' });
		assert.equal(answer.json.alreadySignedUp, true);
	}
	await jobsDone();
	assert.equal((await mailsTo(email)).length, 1);
	/* After seven days a repeat is a new wish. */
	await sql(stack, `update email_signups set mail_queued_at = now() - interval '8 days',
		mail_sent_at = now() - interval '8 days'
		where id in (select id from email_signups order by created_at desc limit 1)`);
	await signUp({ email });
	await jobsDone();
	assert.equal((await mailsTo(email)).length, 1, 'the mailbox has had its mail');
	await agedMailboxes();
	await signUp({ email });
	await poll(async () => (await mailsTo(email)).length === 2);
});

test('sent many times at once it is one row and one mail', async () => {
	const email = newAddress();
	const [[before]] = await sql(stack, 'select count(*) from email_signups');
	const answers = await Promise.all(Array.from({ length: 24 }, () => signUp({ email })));
	for (const answer of answers) assert.equal(answer.status, 200, answer.text);
	assert.equal(answers.filter(({ json }) => !json.alreadySignedUp).length, 1);
	const [[after]] = await sql(stack, 'select count(*) from email_signups');
	assert.equal(Number(after) - Number(before), 1);
	await mailTo(email);
	await jobsDone();
	assert.equal((await mailsTo(email)).length, 1);
});

test('what is wrong is told by field, with success false', async () => {
	for (const [body, field] of [
		[{}, 'email'],
		[{ email: 5 }, 'email'],
		[{ email: '' }, 'email'],
		[{ email: 'dana' }, 'email'],
		[{ email: 'dana@nowhere' }, 'email'],
		[{ email: 'a@b.example\r\nBcc: c@d.example' }, 'email'],
		[{ email: newAddress(), name: 'x'.repeat(201) }, 'name'],
		[{ email: newAddress(), signup_type: 'x'.repeat(51) }, 'signup_type'],
		[{ token: 'x', action: 'confirm' }, 'token'],
		[{ token: 'x', action: 'dance' }, 'action'],
	]) {
		const answer = await signUp(body);
		assert.equal(answer.status, 400, answer.text);
		assert.equal(answer.json.success, false);
		assert.equal(answer.json.code, 'invalid_request');
		assert.equal(answer.json.field, field);
		assert.ok(answer.json.error);
	}
});

test('a session is checked first and gets the address', async () => {
	const session = await newSession(stack);
	const email = newAddress();
	for (const pair of [
		{ ...pairOf(session), session_secret: crypto.randomUUID() },
		{ session_id: 'nonsense', session_secret: session.session_secret },
		{ session_id: session.session_id },
	]) {
		const answer = await signUp({ email, ...pair });
		assert.equal(answer.status, 401, answer.text);
		assert.equal(answer.json.code, 'invalid_session');
		assert.equal(answer.json.success, false);
	}
	const answer = await signUp({ email, name: 'Dana', signup_type: 'demo', ...pairOf(session) });
	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.json.alreadySignedUp, false, 'nothing was kept before');
	const [row] = await sql(stack, `select s.email like 'sealed:%', s.contact_name like 'sealed:%',
		s.cta_chosen, s.email_hash = m.email_hash
		from sessions s join email_signups m on m.made_by = s.id where s.id = :'id'`,
	{ id: session.session_id });
	assert.deepEqual(row, ['t', 't', 'demo', 't']);
	assert.equal(await newest('session_id'), null, 'not before it is confirmed');
	await decide(linkIn(await mailTo(email)), 'confirm');
	assert.equal(await newest('session_id'), session.session_id);
});

test('the same Idempotency-Key answers the same', async () => {
	const headers = { ...keyHeaders(stack), 'idempotency-key': crypto.randomUUID() };
	const email = newAddress();
	const first = await signUp({ email }, headers);
	const second = await signUp({ email }, headers);
	assert.equal(second.text, first.text);
	assert.equal(second.json.alreadySignedUp, false);
	const session = pairOf(await newSession(stack));
	const mine = { ...headers, 'idempotency-key': 'of my session' };
	const kept = await signUp({ email, ...session }, mine);
	assert.equal(kept.status, 200, kept.text);
	const other = await signUp({ email: newAddress(), ...session }, mine);
	assert.equal(other.status, 422);
	assert.equal(other.json.code, 'idempotency_mismatch');
});

test('the page asks, a look at it changes nothing, its buttons do', async () => {
	const email = newAddress();
	await signUp({ email });
	const link = linkIn(await mailTo(email));
	const page = await request(stack, 'GET', pathOf(link));
	assert.equal(page.status, 200);
	assert.match(page.headers.get('content-type'), /^text\/html/);
	assert.match(page.headers.get('content-security-policy'), /default-src 'none'/);
	assert.ok(page.text.includes('value="confirm"') && page.text.includes('value="unsubscribe"'));
	assert.ok(!/<script|<img|src=|href=|url\(/.test(page.text), 'it loads nothing');
	assert.equal(await statusOf(link), 'active');

	const token = link.split('token=')[1];
	const pressed = async (action) =>
		(await press(link, `token=${token}&action=${action}`)).status;
	assert.equal(await pressed('confirm'), 200);
	assert.equal(await statusOf(link), 'confirmed');
	assert.equal(await pressed('unsubscribe'), 200);
	assert.equal(await statusOf(link), 'unsubscribed');
	assert.equal(await pressed('dance'), 400);

	const json = await signUp({ token, action: 'confirm' });
	assert.equal(json.json.success, true, json.text);
	assert.equal(await statusOf(link), 'confirmed');
	assert.equal((await press(link, 'List-Unsubscribe=One-Click')).status, 200);
	assert.equal(await statusOf(link), 'unsubscribed');
	const actions = await sql(stack, `select action from audit_log where subject =
		'email_signups:' || :'id' order by id`, { id: token.slice(0, 36) });
	assert.deepEqual(actions.flat(), ['contact_added', 'contact_read', 'contact_confirmed',
		'contact_unsubscribed', 'contact_confirmed', 'contact_unsubscribed']);
});

const same = ({ status, json }) => ({ status, ...json });

test('who has left is not written to again until they say so by a link of ours', async () => {
	const email = newAddress('left');
	await signUp({ email });
	const link = linkIn(await mailTo(email));
	const before = same(await signUp({ email }));
	assert.equal((await press(link, 'List-Unsubscribe=One-Click')).status, 200);
	await agedMailboxes();
	const tagged = email.replace('@', '+again@');
	assert.deepEqual(same(await signUp({ email, name: 'Mallory' })), before, 'nothing tells');
	const fresh = same(await signUp({ email: newAddress() }));
	assert.deepEqual(same(await signUp({ email: tagged })), fresh);
	await jobsDone();
	assert.equal((await mailsTo(email)).length, 1);
	assert.deepEqual(await mailsTo(tagged), [], 'it is one mailbox');

	await decide(link, 'confirm');
	assert.equal(await statusOf(link), 'confirmed');
	await signUp({ email });
	await signUp({ email: tagged });
	await mailTo(tagged);
	await jobsDone();
	assert.equal((await mailsTo(email)).length, 1, 'what is confirmed needs no question');
});

test('a mail that waits is not sent to who has left meanwhile', async () => {
	for (const tag of ['', '+tag']) {
		const email = newAddress('waits');
		const other = email.replace('@', `${tag}@`);
		await signUp({ email });
		const link = linkIn(await mailTo(email));
		await agedMailboxes();
		await stack.sim.fault({ provider: 'resend', fault: { status: 429, quota: 'daily' } });
		await signUp({ email: other });
		await poll(async () => (await sql(stack, `select 1 from jobs where kind = 'confirm_mail'
			and state = 'ready' and last_error like '%quota%'`)).length === 1);
		await decide(link, 'unsubscribe');
		await hurry();
		await jobsDone();
		assert.equal((await mailsTo(other)).length, tag ? 0 : 1);
	}
});

test('tags, and dots where they mean nothing, are one mailbox and get one mail', async () => {
	const n = ++counter;
	const dotted = (k) => `${'northwind'.slice(0, k)}.${'northwind'.slice(k)}.${n}@gmail.com`;
	const emails = [
		...Array.from({ length: 8 }, (_, i) => `northwind${n}+${i}@gmail.com`),
		...Array.from({ length: 8 }, (_, i) => dotted(i + 1)),
		`northwind${n}@googlemail.com`,
	];
	const answers = await Promise.all(emails.map((email) => signUp({ email })));
	for (const { status, json } of answers) {
		assert.equal(status, 200);
		assert.equal(json.alreadySignedUp, false, 'each is an address of its own');
	}
	const apart = [1, 2].map((k) => dotted(k).replace('gmail.com', 'mail-test.example'));
	for (const email of apart) await signUp({ email });
	await jobsDone();
	const sent = await Promise.all(emails.map(mailsTo));
	assert.equal(sent.flat().length, 1);
	for (const email of apart) assert.equal((await mailsTo(email)).length, 1, 'dots count there');
});

test('a link that is old leaves the list, and confirms nothing nobody has decided', async () => {
	const email = newAddress('old');
	await signUp({ email });
	await mailTo(email);
	await sql(stack, `update email_signups set mail_sent_at = null, mail_queued_at =
		now() - interval '31 days' where id = (select id from email_signups
			order by created_at desc limit 1);
		insert into jobs (kind, key) select 'confirm_mail', id from email_signups
			order by created_at desc limit 1`);
	await jobsDone();
	const old = linkIn(await poll(async () => (await mailsTo(email))[1]));
	const page = await request(stack, 'GET', pathOf(old));
	assert.match(page.text, /too old to confirm/);
	const token = old.split('token=')[1];
	assert.equal((await signUp({ token, action: 'confirm' })).status, 400);
	assert.equal(await statusOf(old), 'active');
	assert.equal((await press(old, 'List-Unsubscribe=One-Click')).status, 200);
	assert.equal(await statusOf(old), 'unsubscribed');
	assert.equal((await signUp({ token, action: 'confirm' })).status, 200);
	assert.equal(await statusOf(old), 'confirmed');
});

const aVisitor = async () => {
	const visitor_id = crypto.randomUUID();
	return { visitor_id, pair: pairOf(await newSession(stack, { visitor_id, consent: true })) };
};
const forget = async ({ visitor_id }) =>
	(await promisify(execFile)(join(root, 'scripts/forget'), [visitor_id],
		{ env: { ...process.env, ...stack.env } })).stdout;
const left = async (id) => (await sql(stack, `select exists (select from email_signups
	where id = :'id')::int, exists (select from mailboxes where former_signups <> '{}')::int`,
{ id }))[0].map(Number);
const idIn = (link) => link.split('token=')[1].slice(0, 36);

test('a stranger who names an address gets nothing of its sign-up', async () => {
	const owner = await aVisitor();
	const stranger = await aVisitor();
	const email = newAddress('owner');
	await signUp({ email, name: 'Dana', ...owner.pair });
	const link = linkIn(await mailTo(email));
	await signUp({ email, name: 'Mallory', ...stranger.pair });
	const names = async ({ session_id }) => JSON.parse((await sql(stack,
		`select coalesce(jsonb_array_length(session_names(:'session_id')), 0)`,
		{ session_id }))[0][0]);
	const known = await names(stranger.pair);
	await decide(link, 'confirm');
	assert.equal(await names(stranger.pair), known, 'no name of the sign-up');
	assert.equal(await newest('session_id'), null, 'several gave it: it is nobody\'s');
	assert.match(await forget(stranger), /^email_signups 0$/m);
	assert.equal(await statusOf(link), 'confirmed');
	assert.match(await forget(owner), /^email_signups 0$/m, 'it stands for itself');
	assert.equal(await statusOf(link), 'confirmed');
});

test('nor does a stranger who was first', async () => {
	const stranger = await aVisitor();
	const email = newAddress('second');
	await signUp({ email, ...stranger.pair });
	const link = linkIn(await mailTo(email));
	await signUp({ email });
	await decide(link, 'confirm');
	assert.match(await forget(stranger), /^email_signups 0$/m);
	assert.equal(await statusOf(link), 'confirmed');
});

test('a visitor takes their sign-up along, confirmed or not', async () => {
	for (const isConfirmed of [false, true]) {
		const visitor = await aVisitor();
		const email = newAddress('gone');
		await signUp({ email, name: 'Dana', ...visitor.pair });
		const link = linkIn(await mailTo(email));
		const again = pairOf(await newSession(stack,
			{ visitor_id: visitor.visitor_id, consent: true }));
		await signUp({ email, ...again });
		if (isConfirmed) await decide(link, 'confirm');
		else await signUp({ email: email.replace('@', '+other@') });
		assert.match(await forget(visitor), /^email_signups 1$/m);
		assert.equal(await statusOf(link), undefined);
		const page = await request(stack, 'GET', pathOf(link));
		assert.equal(page.status, 400);
	}
	assert.deepEqual(await sql(stack, `select from mailboxes b where not exists
		(select from email_signups where mailbox_id = b.id)`), [], 'and their mailbox');
});

test('who is forgotten stays unwritten to, and may come back', async () => {
	const visitor = await aVisitor();
	const email = newAddress('forgotten');
	await signUp({ email, ...visitor.pair });
	const link = linkIn(await mailTo(email));
	await decide(link, 'unsubscribe');
	assert.match(await forget(visitor), /^email_signups 1$/m);
	assert.deepEqual(await left(idIn(link)), [0, 1]);
	const page = await request(stack, 'GET', pathOf(link));
	assert.match(page.text, /You are off the list/);
	await agedMailboxes();
	assert.equal((await signUp({ email })).json.alreadySignedUp, false);
	await jobsDone();
	assert.equal((await mailsTo(email)).length, 1);
	const welcome = await press(link, `token=${link.split('token=')[1]}&action=confirm`);
	assert.equal(welcome.status, 200);
	assert.match(welcome.text, /You may sign up again/);
	assert.equal((await request(stack, 'GET', pathOf(link))).status, 400, 'nothing is to decide');
	await signUp({ email });
	await poll(async () => (await mailsTo(email)).length === 2);
});

test('sign-ups from before there were mailboxes are placed by a job', async () => {
	const emails = [newAddress('leaver'), newAddress('keeper')];
	const tagged = emails.map((email) => email.replace('@', '+later@'));
	const links = [];
	for (const email of emails) {
		await signUp({ email });
		links.push(linkIn(await mailTo(email)));
	}
	await decide(links[0], 'unsubscribe');
	await sql(stack, 'update email_signups set mailbox_id = null; delete from mailboxes');
	for (const email of emails) await signUp({ email });
	await jobsDone();
	for (const email of emails) assert.equal((await mailsTo(email)).length, 1, 'not before either');

	await sql(stack, `delete from mailboxes;
		insert into jobs (kind, key) values ('place_mailboxes', 'all')`);
	await poll(async () => (await sql(stack,
		`select 1 from email_signups where mailbox_id is null`)).length === 0);
	await signUp({ email: tagged[1] });
	await agedMailboxes();
	await signUp({ email: tagged[0] });
	await jobsDone();
	assert.deepEqual(await mailsTo(tagged[1]), [], 'the mailbox has had its mail');
	assert.deepEqual(await mailsTo(tagged[0]), [], 'its owner had left');
});

test('a changed, cut or old token opens nothing', async () => {
	const email = newAddress();
	await signUp({ email });
	const link = linkIn(await mailTo(email));
	const token = link.split('token=')[1];
	const [id, expiry, mac] = token.split('.');
	const flipped = mac.slice(0, -1) + (mac.endsWith('0') ? '1' : '0');
	for (const bad of [
		`${id}.${expiry}.${flipped}`,
		`${id}.${Number(expiry) + 1}.${mac}`,
		`${crypto.randomUUID()}.${expiry}.${mac}`,
		token.slice(0, -1),
		'',
		'"><script>alert(1)</script>',
	]) {
		const page = await request(stack, 'GET',
			`/functions/v1/collect_email?token=${encodeURIComponent(bad)}`);
		assert.equal(page.status, 400);
		assert.match(page.headers.get('content-type'), /^text\/html/);
		assert.ok(!page.text.includes('<script'));
		assert.equal((await signUp({ token: bad || 'x', action: 'confirm' })).status, 400);
	}
	assert.equal(await statusOf(link), 'active');
});

test('a service that is busy, broken or silent costs time and never a second mail', async () => {
	const emails = Array.from({ length: 200 }, () => newAddress('load'));
	const fault = (fault, times) => stack.sim.fault({ provider: 'resend', fault, times });
	await fault({ status: 429, retry_after: 1 }, 3);
	await fault({ status: 500 }, 5);
	await fault({ status: 500, after_effect: true }, 5);
	await fault({ silence: true }, 4);
	await fault({ cut_after_bytes: 0 }, 4);
	await fault({ status: 409 }, 2);
	await fault({ garbage: 'html' }, 1);
	await Promise.all(emails.map((email) => signUp({ email })));
	await poll(async () => {
		await hurry();
		return (await stack.sim.outbox()).resend.filter(({ to }) =>
			emails.includes([to].flat()[0])).length >= emails.length;
	}, { deadlineMs: 120000, everyMs: 500 });
	await jobsDone();
	const sent = (await stack.sim.outbox()).resend.map(({ to }) => [to].flat()[0]);
	for (const email of emails)
		assert.equal(sent.filter((to) => to === email).length, 1, 'exactly one mail each');
});

test('a used-up quota or a refused key keeps the mail; a hopeless address is told', async () => {
	for (const [fault, note] of [
		[{ status: 429, quota: 'daily' }, /quota/],
		[{ status: 403 }, /invalid_api_key/],
		[{ status: 422, code: 'invalid_from_address' }, /invalid_from_address/],
	]) {
		const email = newAddress();
		await stack.sim.fault({ provider: 'resend', fault });
		await signUp({ email });
		const [attempts, error] = await poll(async () => (await sql(stack,
			`select attempts, last_error from jobs where kind = 'confirm_mail' and state = 'ready'
			 and last_error is not null
			 and run_at > now() + interval '5 min'`))[0]);
		assert.equal(attempts, '0', 'it does not count');
		assert.match(error, note);
		await hurry();
		await mailTo(email);
		await jobsDone();
	}
	const email = newAddress();
	await stack.sim.fault({ provider: 'resend', fault: { status: 422 } });
	await signUp({ email });
	await poll(async () => (await sql(stack, `select 1 from jobs where kind = 'confirm_mail'
		and state = 'dead' and last_error like '%invalid_parameter%'`)).length === 1);
	const [row] = await sql(stack, `select status, bounced_at is not null from email_signups
		order by created_at desc limit 1`);
	assert.deepEqual(row, ['bounced', 't']);
});

test('no address and no name is in a log, a job, or the database in plain', async () => {
	const made = dump(stack);
	assert.equal(made.status, 0, made.stderr);
	assert.ok(made.stdout.includes('email_signups'));
	const dir = join(stack.dir, 'log');
	const logs = readdirSync(dir).filter((name) => name.endsWith('.log'))
		.map((name) => [name, readFileSync(join(dir, name), 'utf8')]);
	assert.ok(logs.some(([name]) => name === 'collect_email.log'));
	for (const [name, text] of [['the dump', made.stdout], ...logs])
		/* A name as a word: four letters may stand in a row in what is sealed. */
		for (const datum of [/mail-test\.example/i, /northwind/i, /(?<![\w+/=-])dana(?![\w+/=-])/i])
			assert.doesNotMatch(text, datum, name);
});
