/* The tables of leads, asked as the frontend's admin half asks them, by who may look and who may
 * not. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import {
	keyHeaders, newSession, pairOf, poll, post, request, serviceKey, signIn, sql, supabase,
	supabaseVersions, useStack,
} from './env/index.mjs';
import { checkRestMatrix } from './rest_matrix.mjs';
import { newPerson } from './people.mjs';

const stack = useStack();
const mark = randomUUID().slice(0, 8);
const EMAIL = `dana.reyes@${mark}.example`;
const HOT =
	'Hi, I am Dana Reyes, CTO at Northwind, an enterprise company. We need retrieval for search ' +
	`this month, our budget is $100,000. Write to ${EMAIL}`;
const MORE = ['Could you send me an offer by Friday?', 'Dana Reyes is all I need to be called.'];

const people = {};
const lead = { visitor_id: randomUUID() };
const cold = {};

/* Whatever is asked by plain HTTP. */
const ask = (who, path, { method = 'GET', body, headers = {} } = {}) =>
	request(stack, method, `/rest/v1/${path}`, {
		body: body && JSON.stringify(body),
		headers: {
			...keyHeaders(stack),
			...(who && { authorization: `Bearer ${who.token}` }),
			...(body && { 'content-type': 'application/json' }),
			...headers,
		},
	});
const client = (who, options = {}) =>
	supabase(stack, { headers: { authorization: `Bearer ${who.token}` }, ...options });
const rowsOf = ({ data, error, status }) => {
	assert.equal(error, null, `${status} ${JSON.stringify(error)}`);
	return data;
};
const audited = async (person) =>
	(await sql(stack, `select action, subject, detail from audit_log
		where actor = 'person:' || :'id' order by id`, { id: person.id }))
		.map(([action, subject, detail]) => ({ action, subject, ...JSON.parse(detail) }));

before(async () => {
	for (const role of ['owner', 'admin', 'viewer']) people[role] = await newPerson(stack, role);
	Object.assign(lead, await newSession(stack, { visitor_id: lead.visitor_id, consent: true }));
	Object.assign(cold, await newSession(stack));
	for (const user_message of [HOT, ...MORE]) {
		const { status, text } = await post(stack, 'agent_reply',
			{ ...pairOf(lead), user_message, audio: false });
		assert.equal(status, 200, text);
	}
	const { json } = await post(stack, 'summarize_session',
		{ ...pairOf(lead), force_summarize: true });
	assert.ok(json.success, JSON.stringify(json));
	/* What was said before the name was known is masked by a job. */
	await poll(async () => {
		const [[n]] = await sql(stack, `select count(*) from jobs where session_id = :'id'
			and kind = 'keep_utterances' and state in ('ready', 'running')`,
			{ id: lead.session_id });
		return n === '0';
	});
});

for (const version of supabaseVersions)
	test(`the page's own requests, by supabase-js ${version}`, async () => {
		const db = client(people.admin, { version });
		const since = new Date(Date.now() - 3600000).toISOString();
		const recent = () => db.from('sessions').select('*').gte('created_at', since);
		const all = rowsOf(await recent().order('created_at', { ascending: false }));
		const ids = all.map(({ id }) => id);
		assert.ok(ids.includes(lead.session_id) && ids.includes(cold.session_id));
		const times = all.map(({ created_at }) => Date.parse(created_at));
		assert.deepEqual(times, [...times].sort((a, b) => b - a));
		const hot = all.find(({ id }) => id === lead.session_id);
		assert.equal(hot.email, EMAIL);
		assert.equal(hot.contact_name, 'Dana Reyes');
		assert.ok(hot.lead_score >= 70);

		const asked = rowsOf(await recent().order('created_at', { ascending: false })
			.eq('final_intent', hot.final_intent));
		assert.ok(asked.some(({ id }) => id === lead.session_id));
		assert.ok(asked.every(({ final_intent }) => final_intent === hot.final_intent));

		const mine = [lead.session_id, cold.session_id];
		const summaries = rowsOf(await db.from('summaries').select('*').in('session_id', mine));
		assert.deepEqual(summaries.map(({ session_id }) => session_id), [lead.session_id]);
		const counted = rowsOf(await db.from('utterances').select('session_id')
			.in('session_id', mine));
		assert.deepEqual(counted, Array(6).fill({ session_id: lead.session_id }));
		const { role } = rowsOf(await db.from('profiles').select('role')
			.eq('id', people.admin.id).single());
		assert.equal(role, 'admin');

		const one = rowsOf(await db.from('sessions').select('*')
			.eq('id', lead.session_id).single());
		assert.deepEqual(one, hot);
		const of = (table) => db.from(table).select('*').eq('session_id', lead.session_id);
		const said = rowsOf(await of('utterances').order('ts', { ascending: true }));
		assert.deepEqual(said.map(({ speaker }) => speaker),
			['visitor', 'agent', 'visitor', 'agent', 'visitor', 'agent']);
		assert.equal(said[0].text, HOT);
		assert.equal(said[4].text, MORE[1]);
		const summary = rowsOf(await of('summaries').single());
		assert.ok(summary.executive_summary && Array.isArray(summary.action_items));
		const [newest] = rowsOf(await of('extracts').order('created_at', { ascending: false }));
		assert.equal(newest.entities.person_name, 'Dana Reyes');
		assert.equal(newest.entities.contact_email, EMAIL);
		assert.equal(newest.entities.org_name, 'Northwind');
		const events = rowsOf(await of('events').order('ts', { ascending: true }));
		assert.equal(events[0].kind, 'session_started');
		const none = await db.from('summaries').select('*').eq('session_id', cold.session_id)
			.single();
		assert.equal(none.error.code, 'PGRST116');
		assert.equal(none.status, 406);
		assert.equal(rowsOf(await db.from('summaries').select('*')
			.eq('session_id', cold.session_id).maybeSingle()), null);
	});

test('nothing that opens anything is in any answer', async () => {
	const [[secret_hash, owner]] = await sql(stack, `select encode(secret_hash, 'hex'),
		memory_owner from sessions where id = :'id'`, { id: lead.session_id });
	for (const table of ['sessions', 'utterances', 'extracts', 'summaries', 'events', 'memories',
		'email_signups', 'profiles', 'action_items'])
		for (const who of [people.owner, people.viewer]) {
			const { status, text } = await ask(who, table);
			assert.equal(status, 200, text);
			for (const secret of [lead.session_secret, lead.visitor_id, secret_hash, owner,
				'sealed:v'])
				assert.ok(!text.includes(secret), `${table}: ${secret}`);
		}
});

test('contact data is opened for owner and admin, masked for a viewer, and told of', async () => {
	const path = `sessions?id=eq.${lead.session_id}`;
	const reader = await newPerson(stack, 'viewer');
	const [masked] = (await ask(reader, path)).json;
	assert.deepEqual([masked.email, masked.contact_name], ['[email]', '[name]']);
	const [[text]] = [(await ask(reader, `utterances?session_id=eq.${lead.session_id}`)).json
		.map((row) => row.text)];
	assert.ok(text.includes('[name]') && !text.includes('Dana'), text);
	const [extract] = (await ask(reader, `extracts?session_id=eq.${lead.session_id}`)).json;
	assert.ok(!('person_name' in extract.entities) && extract.entities.org_name);
	assert.deepEqual(await audited(reader), []);

	const opener = await newPerson(stack, 'admin');
	assert.equal((await ask(opener, `${path}&select=id,lead_score,visitor_id`)).json.length, 1);
	assert.deepEqual(await audited(opener), []);
	assert.equal((await ask(opener, `${path}&select=email,notes`)).json[0].email, EMAIL);
	assert.deepEqual(await audited(opener), [{ action: 'contact_read', subject: 'sessions',
		filter: `id=eq.${lead.session_id}`, ids: [lead.session_id] }]);
	await ask(opener, `utterances?session_id=eq.${lead.session_id}&text=ilike.*${EMAIL}*`);
	await ask(opener, `utterances?session_id=eq.${lead.session_id}`);
	const rows = await audited(opener);
	assert.equal(rows.length, 2, 'a request that found nothing opened nothing');
	assert.ok(rows[1].ids.length >= 2);
	await ask(opener, `utterances?session_id=eq.${lead.session_id}&text=ilike.*I*&limit=1`);
	assert.equal((await audited(opener)).at(-1).filter,
		`session_id=eq.${lead.session_id}&text=ilike.[text]`);
});

test('a name that only an extract knows is shown', async () => {
	const before = await sql(stack, `update sessions set contact_name = null, email = null,
		email_hash = null from (select contact_name, email, email_hash from sessions
		where id = :'id') b where id = :'id'
		returning b.contact_name, b.email, encode(b.email_hash, 'hex')`, { id: lead.session_id });
	const [row] = (await ask(people.admin, `sessions?id=eq.${lead.session_id}`)).json;
	assert.deepEqual([row.contact_name, row.email], ['Dana Reyes', EMAIL]);
	await sql(stack, `update sessions set contact_name = :'name', email = :'email',
		email_hash = decode(:'hash', 'hex') where id = :'id'`,
		{ id: lead.session_id, name: before[0][0], email: before[0][1], hash: before[0][2] });
});

test('rows are found by address and by visitor, and by nothing else that is sealed', async () => {
	const ids = async (who, query) => (await ask(who, query)).json.map(({ id }) => id);
	const seeker = await newPerson(stack, 'admin');
	const email = encodeURIComponent(EMAIL.toUpperCase());
	assert.deepEqual(await ids(seeker, `sessions?select=id&email=eq.${email}`), [lead.session_id]);
	assert.deepEqual(await ids(seeker, `sessions?select=id&email=in.(a@b.example,${email})`),
		[lead.session_id]);
	assert.deepEqual(await ids(seeker, 'sessions?select=id&email=eq.nobody@b.example'), []);
	const rows = await audited(seeker);
	assert.deepEqual(rows.map(({ action }) => action), Array(3).fill('contact_sought'));
	assert.ok(rows.every(({ filter }) => !filter.includes('@')), JSON.stringify(rows));
	/* However it is asked: by a count, an error, or a change that changes nothing. */
	const counts = { prefer: 'count=exact' };
	const single = { accept: 'application/vnd.pgrst.object+json' };
	for (const [path, status, options = {}] of [
		['', 206, { headers: counts }],
		['', 206, { headers: counts, method: 'HEAD' }],
		['&offset=2', 416, { headers: counts }],
		['&channel=eq.none', 406, { headers: single }],
		['&channel=eq.none', 406, { headers: single, method: 'PATCH', body: { notes: 'x' } }],
		['&channel=eq.none', 204, { method: 'DELETE' }],
	]) {
		const before = await audited(seeker);
		const limit = options.method === 'PATCH' || options.method === 'DELETE' ? '' : '&limit=0';
		const { status: answered, text } = await ask(seeker,
			`sessions?email=eq.${email}${path}${limit}`, options);
		assert.equal(answered, status, `${path}: ${text}`);
		const told = (await audited(seeker)).slice(before.length);
		assert.deepEqual(told.map(({ action, ids: found }) => [action, found]),
			[['contact_sought', [lead.session_id]]], path);
	}
	assert.deepEqual(await ids(people.viewer, `sessions?select=id&email=eq.${email}`), []);

	const address = `signup@${mark}.example`;
	const signup = await post(stack, 'collect_email', { email: address, name: 'Sig Nup' },
		keyHeaders(stack));
	assert.equal(signup.status, 200, signup.text);
	const [opened] = (await ask(seeker, `email_signups?email=eq.${address}`)).json;
	assert.deepEqual([opened.email, opened.name], [address, 'Sig Nup']);
	const [masked] = (await ask(people.viewer, `email_signups?id=eq.${opened.id}`)).json;
	assert.deepEqual([masked.email, masked.name], ['[email]', '[name]']);

	const [{ visitor_id }] = (await ask(people.viewer,
		`sessions?select=visitor_id&id=eq.${lead.session_id}`)).json;
	assert.match(visitor_id, /^visitor-/);
	assert.deepEqual(await ids(people.viewer, `sessions?select=id&visitor_id=eq.${visitor_id}`),
		[lead.session_id]);
	const memories = (await ask(people.viewer,
		`memories?select=id,visitor_id&visitor_id=eq.${visitor_id}`)).json;
	assert.ok(memories.length && memories.every((memory) => memory.visitor_id === visitor_id));
	assert.deepEqual(await ids(people.admin, `sessions?select=id&visitor_id=eq.${lead.visitor_id}`),
		[]);
});

test('what is not understood is refused in words, and shows nothing', async () => {
	for (const [path, code, status = 400] of [
		['sessions?select=*,utterances(text)', 'PGRST100'],
		['sessions?select=name:channel', 'PGRST100'],
		['sessions?select=lead_score::text', 'PGRST100'],
		['sessions?select=secret_hash', 'PGRST100'],
		['sessions?secret_hash=is.null', 'PGRST100'],
		['sessions?or=(lead_score.gt.1,id.is.null)', 'PGRST100'],
		['sessions?not.and=(lead_score.gt.1)', 'PGRST100'],
		['sessions?lead_score=over.1', 'PGRST100'],
		['sessions?lead_score=5', 'PGRST100'],
		['sessions?lead_score=gt.many', 'PGRST100'],
		['sessions?id=eq.1%20or%201=1', 'PGRST100'],
		['sessions?created_at=gte.yesterday', 'PGRST100'],
		['sessions?consent=is.maybe', 'PGRST100'],
		['sessions?channel=like.a%5C', 'PGRST100'],
		['sessions?email=like.*a*', 'PGRST100'],
		['sessions?email=neq.a@b.example', 'PGRST100'],
		['sessions?notes=is.null', 'PGRST100'],
		['sessions?order=email', 'PGRST100'],
		['sessions?order=created_at.up', 'PGRST100'],
		['sessions?limit=-1', 'PGRST100'],
		['sessions?channel=eq.%ff', 'PGRST100'],
		['sessions?channel=eq.%00', 'PGRST100'],
		['rpc/anything', 'PGRST100'],
		['audit_log', 'PGRST205', 404],
		['sessions%20s', 'PGRST205', 404],
	]) {
		const answer = await ask(people.owner, path);
		assert.deepEqual([answer.status, answer.json.code], [status, code],
			`${path}: ${answer.text}`);
		assert.ok(answer.json.message && 'details' in answer.json && 'hint' in answer.json);
	}
	const added = await client(people.owner).from('sessions').insert({ channel: 'web' });
	assert.deepEqual([added.status, added.error.code], [405, 'PGRST117']);
	const called = await client(people.owner).rpc('person_role');
	assert.equal(called.status, 400);
});

test('a query of sixty kilobytes is read whole, and a longer one is no other query', async () => {
	const others = Array.from({ length: 1500 }, () => randomUUID());
	const path = (ids) => `sessions?select=id&id=in.(${ids.join(',')})`;
	const found = await ask(people.admin, path([...others, lead.session_id]));
	assert.deepEqual(found.json, [{ id: lead.session_id }]);
	const long = await ask(people.admin, path([...others, ...others]));
	assert.equal(long.status, 414);
});

test('rows are counted and come in parts', async () => {
	const all = `utterances?select=id&order=position&session_id=eq.${lead.session_id}`;
	const count = { prefer: 'count=exact' };
	const part = await ask(people.viewer, `${all}&limit=2&offset=1`, { headers: count });
	assert.deepEqual([part.status, part.headers.get('content-range')], [206, '1-2/6']);
	const whole = await ask(people.viewer, all);
	assert.deepEqual([whole.status, whole.headers.get('content-range')], [200, '0-5/*']);
	assert.deepEqual(part.json, whole.json.slice(1, 3));
	const ranged = await ask(people.viewer, all, { headers: { range: '4-9', ...count } });
	assert.deepEqual([ranged.status, ranged.headers.get('content-range')], [206, '4-5/6']);
	assert.deepEqual(ranged.json, whole.json.slice(4));
	const behind = await ask(people.viewer, `${all}&offset=7`, { headers: count });
	assert.deepEqual([behind.status, behind.json.code], [416, 'PGRST103']);

	const db = client(people.viewer);
	const head = await db.from('utterances').select('*', { count: 'exact', head: true })
		.eq('session_id', lead.session_id);
	assert.deepEqual([head.count, head.data, head.error], [6, null, null]);
	const ranges = await db.from('utterances').select('id', { count: 'exact' })
		.eq('session_id', lead.session_id).order('position').range(0, 1);
	assert.deepEqual([ranges.count, ranges.data.length], [6, 2]);
	const sorted = await db.from('sessions').select('id,ended_at,lead_score')
		.in('id', [lead.session_id, cold.session_id])
		.order('ended_at', { nullsFirst: true }).order('lead_score', { ascending: false });
	assert.equal(sorted.data[0].id, lead.session_id);
	const like = await db.from('utterances').select('id').eq('session_id', lead.session_id)
		.ilike('text', '%OFFER%').not('speaker', 'eq', 'agent');
	assert.equal(like.data.length, 1);
});

test('the column that pages count is not cut off, and what is cut off says so', async () => {
	await sql(stack, `insert into utterances (session_id, speaker, text)
		select :'id', 'agent', 'x' from generate_series(1, 5100)`, { id: cold.session_id });
	const of = `session_id=eq.${cold.session_id}`;
	assert.equal((await ask(people.admin, `utterances?select=session_id&${of}`)).json.length, 5100);
	const cut = await ask(people.admin, `utterances?select=id&${of}`,
		{ headers: { prefer: 'count=exact' } });
	assert.deepEqual([cut.status, cut.json.length, cut.headers.get('content-range')],
		[206, 5000, '0-4999/5100']);
});

test('people change what is theirs to change, sealed where it is contact data', async () => {
	const db = client(people.admin);
	const at = () => db.from('sessions').update({ notes: `Call ${EMAIL}`, cta_chosen: 'demo' })
		.eq('id', lead.session_id);
	const changed = rowsOf(await at().select('notes,cta_chosen').single());
	assert.deepEqual(changed, { notes: `Call ${EMAIL}`, cta_chosen: 'demo' });
	const [[notes]] = await sql(stack, `select notes from sessions where id = :'id'`,
		{ id: lead.session_id });
	assert.match(notes, /^sealed:v2:/);
	const told = await audited(people.admin);
	const entries = told.filter(({ action }) => action === 'contact_changed');
	assert.deepEqual(entries.at(-1).ids, [lead.session_id]);
	const [seen] = (await ask(people.viewer, `sessions?id=eq.${lead.session_id}`)).json;
	assert.equal(seen.notes, '[notes]');
	const quiet = await db.from('sessions').update({ notes: null }).eq('id', lead.session_id);
	assert.deepEqual([quiet.status, quiet.data, quiet.error], [204, null, null]);
	const [gone] = (await ask(people.admin, `sessions?id=eq.${lead.session_id}`)).json;
	assert.deepEqual([gone.notes, gone.cta_chosen], [null, 'demo']);

	const [item] = rowsOf(await db.from('action_items').select('*')
		.eq('session_id', lead.session_id));
	assert.equal(item.status, 'open');
	const done = rowsOf(await db.from('action_items').update({ status: 'done' }).eq('id', item.id)
		.select());
	assert.deepEqual(done, [{ ...item, status: 'done' }]);
	const me = rowsOf(await client(people.viewer).from('profiles').update({ display_name: 'Vi' })
		.eq('id', people.viewer.id).select());
	assert.equal(me[0].display_name, 'Vi');
});

test('what may not be changed is refused, and is as it was', async () => {
	const path = `sessions?id=eq.${lead.session_id}`;
	const patch = (who, where, body) => ask(who, where, { method: 'PATCH', body });
	for (const [who, where, body, status, code] of [
		[null, path, { notes: 'x' }, 401, '42501'],
		[people.viewer, path, { notes: 'x' }, 403, '42501'],
		[people.admin, path, { lead_score: '100' }, 403, '42501'],
		[people.admin, path, { email: null }, 403, '42501'],
		[people.admin, path, { secret_hash: 'x' }, 400, 'PGRST204'],
		[people.admin, path, { notes: 7 }, 400, '22P02'],
		[people.admin, path, { notes: 'x'.repeat(10001) }, 400, '22001'],
		[people.admin, path, {}, 400, 'PGRST102'],
		[people.admin, path, [{ notes: 'x' }], 400, 'PGRST102'],
		[people.admin, 'sessions', { notes: 'x' }, 400, '21000'],
		[people.admin, `${path}&limit=1`, { notes: 'x' }, 400, 'PGRST109'],
		[people.admin, 'profiles?role=eq.viewer', { role: 'owner' }, 403, '42501'],
		[people.admin, 'action_items?status=eq.open', { status: 'lost' }, 400, '23514'],
		[people.viewer, `profiles?id=eq.${people.owner.id}`, { display_name: 'x' }, 204],
	]) {
		const answer = await patch(who, where, body);
		assert.deepEqual([answer.status, answer.json?.code], [status, code],
			`${where} ${JSON.stringify(body)}: ${answer.text}`);
	}
	for (const where of [`utterances?session_id=eq.${lead.session_id}`,
		`profiles?id=eq.${people.viewer.id}`])
		assert.equal((await ask(people.owner, where, { method: 'DELETE' })).status, 403);
	const [row] = (await ask(people.admin, path)).json;
	assert.deepEqual([row.notes, row.cta_chosen], [null, 'demo']);
	const [owner] = (await ask(people.owner, `profiles?id=eq.${people.owner.id}`)).json;
	assert.notEqual(owner.display_name, 'x');
});

test('a session is removed with all of it, by who may', async () => {
	const { session_id } = await newSession(stack);
	const path = `sessions?id=eq.${session_id}`;
	for (const [who, status] of [[null, 401], [people.viewer, 403]])
		assert.equal((await ask(who, path, { method: 'DELETE' })).status, status);
	const removed = await client(people.admin).from('sessions').delete().eq('id', session_id)
		.select('id');
	assert.deepEqual(rowsOf(removed), [{ id: session_id }]);
	const [[left]] = await sql(stack, `select count(*) from events where session_id = :'id'`,
		{ id: session_id });
	assert.equal(left, '0');
	assert.deepEqual((await audited(people.admin)).at(-1).action, 'deleted');

	const visitor_id = randomUUID();
	await sql(stack, `insert into sessions (visitor_id, secret_hash)
		select :'visitor', sha256(n::text::bytea) from generate_series(1, 201) n`,
	{ visitor: visitor_id });
	const [[alias]] = await sql(stack,
		`select visitor_alias(:'visitor', key) from visitor_alias_key`, { visitor: visitor_id });
	const many = `sessions?visitor_id=eq.${alias}`;
	const refused = await ask(people.admin, many, { method: 'DELETE' });
	assert.deepEqual([refused.status, refused.json.code, refused.json.details],
		[400, '54000', 'At most 200.']);
	assert.equal((await ask(people.admin, `${many}&select=id`)).json.length, 201);
	await sql(stack, 'delete from sessions where visitor_id = :\'visitor\'',
		{ visitor: visitor_id });
});

test('browsers may ask from where they may, with what supabase-js sends', async () => {
	const preflight = (origin) => request(stack, 'OPTIONS', '/rest/v1/sessions', { headers: {
		origin, 'access-control-request-method': 'PATCH',
		'access-control-request-headers':
			'accept-profile,apikey,authorization,content-profile,content-type,prefer,range,' +
			'x-client-info,x-region',
	} });
	const { status, headers } = await preflight(stack.baseUrl);
	assert.equal(status, 204);
	const allowed = headers.get('access-control-allow-headers').split(/, */);
	for (const name of ['accept-profile', 'content-profile', 'prefer', 'range', 'x-region'])
		assert.ok(allowed.includes(name), name);
	const methods = headers.get('access-control-allow-methods');
	for (const name of ['GET', 'PATCH', 'DELETE']) assert.ok(methods.includes(name), methods);
	const got = await ask(people.admin, 'sessions?select=id&limit=1',
		{ headers: { origin: stack.baseUrl } });
	assert.match(got.headers.get('access-control-expose-headers'), /content-range/i);
	assert.equal((await preflight('https://evil.example')).status, 403);
});

test('who is demoted or signed out sees so at once, whatever their token says', async () => {
	const person = await newPerson(stack, 'admin');
	const look = async () => (await ask(person, `sessions?id=eq.${lead.session_id}`)).json;
	assert.equal((await look())[0].email, EMAIL);
	await sql(stack, `update profiles set role = 'viewer' where id = :'id'`, { id: person.id });
	assert.equal((await look())[0].email, '[email]');
	await sql(stack, `update auth_sessions set revoked_at = now() where person = :'id'`,
		{ id: person.id });
	assert.deepEqual(await look(), []);
});

test('who signs in asks with what they got, until they sign out', async () => {
	const path = `sessions?select=email&id=eq.${lead.session_id}`;
	const { client: db, user, session } = await signIn(stack, 'admin');
	const { role } = rowsOf(await db.from('profiles').select('role').eq('id', user.id).single());
	assert.equal(role, 'admin');
	const seen = rowsOf(await db.from('sessions').select('email').eq('id', lead.session_id));
	assert.deepEqual(seen, [{ email: EMAIL }]);
	await db.auth.signOut();
	assert.deepEqual((await ask({ token: session.access_token }, path)).json, []);
	const token = await serviceKey(stack);
	assert.deepEqual((await ask({ token }, path)).json, [{ email: EMAIL }]);
});

test('who sees what of each table', async () => {
	await checkRestMatrix(stack, lead.session_id);
});
