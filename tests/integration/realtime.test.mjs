/* Channels: who may be in which, what happens in them, and what a client may do to others. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { createClient } from '@supabase/supabase-js';
import pg from 'pg';
import { createClient as createLatest } from 'supabase-js-latest';
import WebSocket from 'ws';
import {
	newSession, pairOf, poll, post, request, root, signToken, sql, superuser, TALK, useStack,
} from './env/index.mjs';

const FILE = join(root, 'tests/data/realtime.md');
const ORIGIN = 'https://app.example.com';
const SOCKETS = 40;
const MESSAGE_BYTES = 8192;
const stack = useStack({
	functions: [...TALK, 'auth', 'realtime', 'rest'],
	name: 'realtime',
	env: {
		SCRIBE_ALLOWED_ORIGINS: ORIGIN,
		RATE_REALTIME: '100000',
		SCRIBE_CONNECTIONS_PER_CLIENT: String(SOCKETS),
		REALTIME_JOIN_MS: '8000',
		REALTIME_CHANNELS: '4',
		REALTIME_MESSAGES: '200',
		REALTIME_MESSAGE_BYTES: String(MESSAGE_BYTES),
		REALTIME_QUEUE_BYTES: '65536',
	},
});
stack.expectRestart('realtime');

const LEAD =
	'I am Dana Reed, VP of product at Northwind. We have $100,000 for search and need it this ' +
	'quarter. Write to dana@northwind.example. Referred by a friend.';
const now = () => Math.floor(Date.now() / 1000);

/* ---- people and clients ---- */

/* Somebody who is signed in; `role` null: an account that nobody admitted. */
const signIn = async (role) => {
	const id = randomUUID();
	const session = randomUUID();
	await sql(
		stack,
		`insert into profiles (id, role) values (:'id', :'role');
		 insert into people (id, email, email_hash, admitted_at)
			values (:'id', 'sealed:x', sha256(:'id'::bytea), case when :'admitted' then now() end);
		 insert into auth_sessions (id, person, ends_at)
			values (:'session', :'id', now() + interval '1 day')`,
		{ id, role: role ?? 'owner', admitted: role !== null, session },
	);
	const claims = { role: 'authenticated', sub: id, session_id: session };
	return { id, session, token: signToken(stack, claims), claims };
};

const serviceKey = () => signToken(stack, { role: 'service_role' });

const CREATE = { 2.55: createClient, current: createLatest };
const VERSIONS = Object.keys(CREATE);
const clients = new Set();
const clientOf = async (version, token) => {
	const client = CREATE[version](stack.baseUrl, stack.anonKey, {
		accessToken: async () => token,
		realtime: { transport: WebSocket },
	});
	clients.add(client);
	await client.realtime.setAuth();
	return client;
};

const subscribed = (channel) =>
	new Promise((resolve, reject) => {
		channel.subscribe((status, error) => {
			if (status === 'SUBSCRIBED') resolve(channel);
			else if (status !== 'CLOSED') reject(error ?? new Error(status));
		});
	});

/* All broadcasts of a channel, as they come. */
const gather = (channel) => {
	const heard = [];
	channel.on('broadcast', { event: '*' }, ({ event, payload }) => heard.push({ event, payload }));
	return heard;
};
const named = (heard, event) => heard.filter((one) => one.event === event);

/* A socket that says what it is told to, in version 1. */
const sockets = new Set();
const addressOf = (query) =>
	`${stack.baseUrl.replace('http', 'ws')}/realtime/v1/websocket?${query}`;
const rawSocket = (headers = {}, version = '1.0.0') => {
	const url = addressOf(`apikey=${stack.anonKey}&vsn=${version}`);
	const socket = new WebSocket(url, { headers });
	const peer = { socket, heard: [], closed: null, refused: null };
	sockets.add(socket);
	socket.on('message', (data, isBinary) =>
		peer.heard.push(isBinary ? data : JSON.parse(data.toString())));
	socket.on('close', (code, reason) => (peer.closed = { code, reason: reason.toString() }));
	socket.on('unexpected-response', (_, response) => {
		peer.refused = response.statusCode;
		response.destroy();
	});
	socket.on('error', () => {});
	peer.open = new Promise((resolve) => socket.once('open', () => resolve(peer)));
	peer.send = (message) => socket.send(JSON.stringify(message));
	peer.reply = (ref) =>
		poll(() => peer.heard.find((m) => m.event === 'phx_reply' && m.ref === ref)?.payload);
	peer.join = async (name, access_token, config = {}) => {
		const ref = randomUUID();
		peer.send({ topic: `realtime:${name}`, event: 'phx_join', ref, join_ref: ref,
			payload: { config, access_token } });
		return peer.reply(ref);
	};
	peer.beat = async () => {
		const ref = randomUUID();
		peer.send({ topic: 'phoenix', event: 'heartbeat', ref, payload: {} });
		return peer.reply(ref);
	};
	return peer;
};

/* One address may have only so many. */
const hangUp = async () => {
	for (const socket of sockets) socket.terminate();
	for (const client of clients) await client.realtime.disconnect();
	sockets.clear();
	clients.clear();
};
afterEach(hangUp);

const turn = (session, more = {}) =>
	post(stack, 'agent_reply', { ...pairOf(session), audio: false, ...more });

/* ---- what happens ---- */

for (const version of VERSIONS)
	test(`supabase-js ${version}: visitor and admins hear what happens in a turn`, async () => {
		const session = await newSession(stack);
		const other = await newSession(stack);
		const name = `session:${session.session_id}`;
		const visitor = (await clientOf(version, session.realtime_token)).channel(name);
		const stranger = (await clientOf(version, other.realtime_token))
			.channel(`session:${other.session_id}`);
		const admin = (await clientOf(version, (await signIn('admin')).token)).channel('admin:all');
		const [mine, theirs, all, rows, foreign] =
			[gather(visitor), gather(stranger), gather(admin), [], []];
		const changesOf = (table, filter, into) =>
			admin.on('postgres_changes', { event: '*', schema: 'public', table, filter },
				(change) => into.push(change));
		changesOf('sessions', `id=eq.${session.session_id}`, rows);
		changesOf('extracts', `session_id=eq.${session.session_id}`, rows);
		changesOf('sessions', `id=eq.${other.session_id}`, foreign);
		await Promise.all([visitor, stranger, admin].map(subscribed));

		const answer = await turn(session, { user_message: LEAD, mode: 'mentor' });
		assert.equal(answer.status, 200, answer.text);
		await poll(() => named(mine, 'turn').some(({ payload }) => payload.state === 'done'));
		const speakers = () => named(mine, 'utterance').map(({ payload }) => payload.speaker);
		await poll(() => new Set(speakers()).size === 2);
		await poll(() => named(all, 'extract').length && named(all, 'lead').length);
		await poll(() => rows.some(({ table }) => table === 'extracts') &&
			rows.some(({ table, new: row }) => table === 'sessions' && row.lead_score >= 70));

		assert.deepEqual(
			[...new Set(mine.map(({ event }) => event))].sort(), ['mode', 'turn', 'utterance'],
			'the visitor hears of words, turns and modes',
		);
		assert.equal(named(mine, 'turn')[0].payload.state, 'typing');
		assert.deepEqual(named(mine, 'mode')[0].payload,
			{ session_id: session.session_id, current_mode: 'mentor' });
		const said = named(mine, 'utterance').find((e) => e.payload.speaker === 'visitor').payload;
		assert.match(said.text, /\[email\]/);
		const [lead] = named(all, 'lead');
		assert.equal(lead.payload.session_id, session.session_id);
		assert.ok(lead.payload.lead_score >= 70);
		const told = JSON.stringify([mine, all, rows]);
		assert.doesNotMatch(told, /Dana|northwind\.example|secret|visitor_id|sealed|notes/);
		assert.doesNotMatch(JSON.stringify(mine), /score|intent/);
		assert.deepEqual(theirs, [], 'another session hears nothing');
		assert.deepEqual(foreign, [], 'and what was not asked for is not told');
	});

test('a session that begins and ends is told, and a summary, to admins alone', async () => {
	const admin = (await clientOf('current', (await signIn('owner')).token)).channel('admin:x');
	const all = gather(admin);
	await subscribed(admin);
	const session = await newSession(stack);
	const visitor = (await clientOf('current', session.realtime_token))
		.channel(`session:${session.session_id}`);
	const mine = gather(visitor);
	await subscribed(visitor);
	const of = (event) =>
		named(all, event).find((e) => e.payload.session_id === session.session_id);
	await poll(() => of('session_started'));
	await sql(
		stack,
		`insert into summaries (session_id, executive_summary) values (:'id', 'They met.');
		 update sessions set ended_at = now() where id = :'id'`,
		{ id: session.session_id },
	);
	await poll(() => of('summary') && of('session_ended') && named(mine, 'session_ended').length);
	assert.equal(of('summary').payload.executive_summary, 'They met.');
	assert.deepEqual(named(mine, 'summary'), []);
});

test('changes of tables: inserts, updates and deletions, to a viewer in a room', async () => {
	const room = (await clientOf('2.55', (await signIn('viewer')).token)).channel('changes');
	const heard = [];
	room.on('postgres_changes', { event: 'INSERT', schema: 'public', table: 'email_signups' },
		(change) => heard.push(change));
	room.on('postgres_changes',
		{ event: '*', schema: 'public', table: 'email_signups',
			filter: 'status=in.(confirmed,bounced)' },
		(change) => heard.push(change));
	room.on('postgres_changes', { event: 'DELETE', schema: 'public', table: 'email_signups' },
		(change) => heard.push(change));
	await subscribed(room);
	const [[id]] = await sql(
		stack,
		`insert into email_signups (email, email_hash, signup_type)
			values ('sealed:y', sha256('realtime'), 'beta') returning id`,
	);
	await poll(() => heard.some(({ eventType }) => eventType === 'INSERT'));
	await sql(stack, `update email_signups set status = 'confirmed' where id = :'id'`, { id });
	await poll(() => heard.some(({ eventType }) => eventType === 'UPDATE'));
	await sql(stack, `delete from email_signups where id = :'id'`, { id });
	await poll(() => heard.some(({ eventType }) => eventType === 'DELETE'));
	const [inserted, updated, deleted] = heard;
	assert.deepEqual(Object.keys(inserted.new).sort(),
		['created_at', 'id', 'signup_type', 'status']);
	assert.equal(updated.new.status, 'confirmed');
	assert.deepEqual(deleted.old, { id });
	assert.equal(heard.length, 3, JSON.stringify(heard));
});

test('what is said in distress is told to nobody', async () => {
	const session = await newSession(stack, { consent: true });
	const name = `session:${session.session_id}`;
	const visitor = (await clientOf('current', session.realtime_token)).channel(name);
	const admin = (await clientOf('current', (await signIn('admin')).token)).channel('admin:care');
	const room = (await clientOf('current', (await signIn('viewer')).token)).channel('care');
	const [mine, all, rows] = [gather(visitor), gather(admin), []];
	const filter = `session_id=eq.${session.session_id}`;
	room.on('postgres_changes', { event: '*', schema: 'public', table: 'utterances', filter },
		({ new: row }) => rows.push(row));
	await Promise.all([visitor, admin, room].map(subscribed));
	const answer = await turn(session, { user_message: "I don't want to live any more." });
	assert.match(answer.json.text, /emergency services/);
	const ofBoth = (list) => new Set(list.map(({ speaker }) => speaker)).size === 2;
	const said = (heard) => named(heard, 'utterance').map(({ payload }) => payload)
		.filter(({ session_id }) => session_id === session.session_id);
	const told = () => rows.filter(({ text }) => text);
	await poll(() => ofBoth(said(mine)) && ofBoth(said(all)) && ofBoth(told()));
	assert.ok(said(mine).every((one) => one.id && !('text' in one)), JSON.stringify(mine));
	for (const { text } of [...said(all), ...told()]) assert.equal(text, '(in distress)');
	assert.doesNotMatch(JSON.stringify([mine, all, rows]), /live any more|emergency/);
});

test('memories are told, and not the pieces of one', async () => {
	const session = await newSession(stack, { consent: true });
	const room = (await clientOf('2.55', (await signIn('viewer')).token)).channel('memories');
	const rows = [];
	const filter = `session_id=eq.${session.session_id}`;
	room.on('postgres_changes', { event: '*', schema: 'public', table: 'memories', filter },
		(change) => rows.push(change));
	await subscribed(room);
	const add = (content, part) => sql(
		stack,
		`insert into memories (session_id, owner, scope, content, content_hash, part_of)
			select id, memory_owner, 'long', :'content', sha256(:'hash'::bytea),
				nullif(:'part', '')::uuid
			from sessions where id = :'id' returning id`,
		{ id: session.session_id, hash: randomUUID(), content, part },
	);
	const [[whole]] = await add('"They sail."', '');
	await add('null', whole);
	await sql(stack, `update memories set importance = 9 where id = :'whole'`, { whole });
	await poll(() => rows.some(({ eventType }) => eventType === 'UPDATE'));
	assert.deepEqual(rows.map(({ eventType, new: row }) => [eventType, row.id, row.content]),
		[['INSERT', whole, 'They sail.'], ['UPDATE', whole, 'They sail.']]);
});

test('a viewer is told of no profile but their own', async () => {
	const [viewer, other, admin] = [await signIn('viewer'), await signIn('viewer'),
		await signIn('admin')];
	const heard = await Promise.all([viewer, admin].map(async ({ token }) => {
		const room = (await clientOf('current', token)).channel('people');
		const ids = [];
		room.on('postgres_changes', { event: '*', schema: 'public', table: 'profiles' },
			({ new: row, old }) => ids.push(row.id ?? old.id));
		await subscribed(room);
		return ids;
	}));
	const rename = ({ id }) =>
		sql(stack, `update profiles set display_name = 'Ada' where id = :'id'`, { id });
	await rename(other);
	/* A change of a row that is gone by then is told no more: its end is. */
	await poll(() => heard[1].includes(other.id));
	await sql(stack, `delete from profiles where id = :'id'`, { id: other.id });
	await rename(viewer);
	await poll(() => heard.every((ids) => ids.includes(viewer.id)));
	assert.equal(heard[1].filter((id) => id === other.id).length, 2, 'an admin is told of all');
	assert.deepEqual(heard[0], [viewer.id]);
});

/* ---- who may ---- */

const matrix = async () => {
	const session = await newSession(stack);
	const other = await newSession(stack);
	const channel = `session:${session.session_id}`;
	const visitor = { role: 'realtime', channel };
	const outsider = { role: 'authenticated', sub: randomUUID(), session_id: randomUUID() };
	const signedOut = await signIn('admin');
	await sql(stack, `update auth_sessions set revoked_at = now() where id = :'id'`,
		{ id: signedOut.session });
	const disabled = await signIn('owner');
	await sql(stack, `update people set disabled_at = now() where id = :'id'`, { id: disabled.id });
	const admin = await signIn('admin');
	const who = {
		'no token': undefined,
		'the anonymous key': stack.anonKey,
		'the visitor': session.realtime_token,
		'a visitor of another session': other.realtime_token,
		'the visitor, expired': signToken(stack, { ...visitor, exp: now() - 60 }),
		'the visitor, forged': signToken(stack, visitor, { secret: 'x'.repeat(64) }),
		'the visitor, unsigned': signToken(stack, visitor, { alg: 'none' }),
		'a viewer': (await signIn('viewer')).token,
		'an admin': admin.token,
		'an owner': (await signIn('owner')).token,
		'an admin, expired': signToken(stack, { ...admin.claims, exp: now() - 60 }),
		'an admin, forged': signToken(stack, admin.claims, { secret: 'x'.repeat(64) }),
		'an admin who signed out': signedOut.token,
		'an owner who was shut out': disabled.token,
		'somebody not admitted': (await signIn(null)).token,
		'an outsider': signToken(stack, outsider),
		'who claims to be an admin': signToken(stack,
			{ ...outsider, app_metadata: { role: 'admin' } }),
		'the service key': serviceKey(),
	};
	const postgres_changes = [{ event: '*', schema: 'public', table: 'sessions' }];
	const channels = {
		'its session': [channel],
		'its session, with changes of tables': [channel, { postgres_changes }],
		'admin:all': ['admin:all', { postgres_changes }],
		'a room': ['lobby', { postgres_changes }],
	};
	return { who, channels };
};

const askFor = async (token, [name, config]) => {
	const peer = await rawSocket().open;
	const { status, response } = await peer.join(name, token, config);
	peer.socket.terminate();
	if (status === 'ok') return 'joins';
	assert.match(response.reason, /^Unauthorized/);
	return '–';
};

test('who may join which channel', async () => {
	const { who, channels } = await matrix();
	const lines = [
		'# Who may join which channel',
		'',
		'Written by `AUTHORISATION=write tests/integration/run 1 realtime`.',
		'',
		`| who | ${Object.keys(channels).join(' | ')} |`,
		`|---|${'---|'.repeat(Object.keys(channels).length)}`,
	];
	for (const [name, token] of Object.entries(who)) {
		const answers = [];
		for (const channel of Object.values(channels)) answers.push(await askFor(token, channel));
		lines.push(`| ${name} | ${answers.join(' | ')} |`);
	}
	const text = `${lines.join('\n')}\n`;
	if (process.env.AUTHORISATION === 'write') writeFileSync(FILE, text);
	assert.equal(text, existsSync(FILE) ? readFileSync(FILE, 'utf8') : '');
});

test('who is not let in hears nothing and can say nothing', async () => {
	const session = await newSession(stack);
	const name = `session:${session.session_id}`;
	const inside = await rawSocket().open;
	await inside.join(name, session.realtime_token);
	const outside = await rawSocket().open;
	await outside.join(name, stack.anonKey);
	outside.send({ topic: `realtime:${name}`, event: 'broadcast', ref: 'b',
		payload: { type: 'broadcast', event: 'shout', payload: {} } });
	assert.equal((await outside.reply('b')).status, 'error');
	inside.send({ topic: `realtime:${name}`, event: 'broadcast', ref: 'c',
		payload: { type: 'broadcast', event: 'whisper', payload: {} } });
	await inside.beat();
	await outside.beat();
	const broadcasts = (peer) => peer.heard.filter(({ event }) => event === 'broadcast');
	assert.deepEqual([broadcasts(inside), broadcasts(outside)], [[], []]);
});

describe('tokens', () => {
	const closes = (peer) => poll(() => peer.heard.find(({ event }) => event === 'phx_close'));
	const push = (peer, name, access_token) =>
		peer.send({ topic: `realtime:${name}`, event: 'access_token', ref: randomUUID(),
			payload: { access_token } });
	/* Tokens have half a minute of leeway. */
	const shortToken = (channel, s) =>
		signToken(stack, { role: 'realtime', channel, exp: now() - 30 + s });

	test('what proves less changes nothing; a channel ends with its own token', async () => {
		const session = await newSession(stack);
		const name = `session:${session.session_id}`;
		const [ends, stays] = [await rawSocket().open, await rawSocket().open];
		await ends.join(name, shortToken(name, 4));
		await stays.join(name, shortToken(name, 4));
		for (const peer of [ends, stays]) {
			push(peer, name, stack.anonKey);
			push(peer, name, 'nonsense');
			push(peer, name, signToken(stack, { role: 'realtime', channel: 'session:other' }));
			assert.equal((await peer.beat()).status, 'ok');
		}
		push(stays, name, session.realtime_token);
		await stays.beat();
		assert.ok(!ends.heard.some(({ event }) => event === 'phx_close'), 'what was pushed');
		await closes(ends);
		const { payload } = ends.heard.find(({ event }) => event === 'system');
		assert.deepEqual([payload.status, payload.message], ['error', 'the token has expired']);
		await turn(session, { user_message: 'Hello.' });
		await poll(() => stays.heard.some(({ event }) => event === 'broadcast'));
		assert.ok(!ends.heard.some(({ event }) => event === 'broadcast'));
	});

	test('past half of its token\'s life a session is given fresh ones', async () => {
		const session = await newSession(stack);
		const young = await turn(session, { user_message: 'Hello.' });
		assert.equal(young.json.realtime_token, undefined);
		await sql(stack, `update sessions set started_at = now() - interval '31 minutes'
			where id = :'id'`, { id: session.session_id });
		const { json } = await turn(session, { user_message: 'And again.' });
		const peer = await rawSocket().open;
		const joined = await peer.join(`session:${session.session_id}`, json.realtime_token);
		assert.equal(joined.status, 'ok');
		const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
		assert.ok(claims(json.realtime_token).exp >= claims(session.realtime_token).exp);
	});

	for (const [what, statement] of [
		['signs out', `update auth_sessions set revoked_at = now() where id = :'session'`],
		['loses the role', `update profiles set role = 'viewer' where id = :'id'`],
		['is shut out', `update people set disabled_at = now() where id = :'id'`],
	])
		test(`who ${what} is thrown out, and nobody else`, async () => {
			const [admin, other] = [await signIn('admin'), await signIn('admin')];
			const [peer, stays] = [await rawSocket().open, await rawSocket().open];
			assert.equal((await peer.join('admin:all', admin.token)).status, 'ok');
			assert.equal((await stays.join('admin:all', other.token)).status, 'ok');
			await sql(stack, statement, admin);
			await closes(peer);
			await stays.beat();
			assert.ok(!stays.heard.some(({ event }) => event === 'phx_close'));
		});
});

test('where changes were missed who watches is told, and rights are asked again', async () => {
	const [stays, goes] = [await signIn('viewer'), await signIn('viewer')];
	const peers = await Promise.all([stays, goes].map(async ({ token }) => {
		const peer = await rawSocket().open;
		const postgres_changes = [{ event: '*', schema: 'public', table: 'sessions' }];
		assert.equal((await peer.join('missed', token, { postgres_changes })).status, 'ok');
		return peer;
	}));
	/* Signed out while nobody listens. */
	const db = new pg.Client(superuser(stack));
	await db.connect();
	try {
		const { rows } = await db.query(`select pid from pg_locks where locktype = 'advisory'
			and classid = 1380271180 and mode = 'ExclusiveLock' and granted
			and database = (select oid from pg_database where datname = current_database())`);
		assert.equal(rows.length, 1);
		await db.query('select pg_terminate_backend($1, 5000)', [rows[0].pid]);
		await db.query('update auth_sessions set revoked_at = now() where id = $1', [goes.session]);
	} finally {
		await db.end();
	}
	const closed = (peer) => peer.heard.some(({ event }) => event === 'phx_close');
	await poll(() => closed(peers[1]));
	await poll(() => peers[0].heard.some(({ payload }) => payload.event === 'missed'));
	assert.ok(!closed(peers[0]));
});

/* ---- what they tell each other ---- */

test('broadcasts: to all others, acknowledged; bytes to who can read them', async () => {
	const session = await newSession(stack);
	const name = `session:${session.session_id}`;
	const [old, young, third] = [await clientOf('2.55', session.realtime_token),
		await clientOf('current', session.realtime_token),
		await clientOf('current', session.realtime_token)];
	const channels = [old.channel(name),
		young.channel(name, { config: { broadcast: { self: true, ack: true } } }),
		third.channel(name)];
	const heard = channels.map(gather);
	await Promise.all(channels.map(subscribed));
	const payload = { text: 'Grüße', n: 1.5, list: [1, { a: null }] };
	assert.equal(await channels[1].send({ type: 'broadcast', event: 'note', payload }), 'ok');
	assert.equal(await channels[0].send({ type: 'broadcast', event: 'back', payload }), 'ok');
	const bytes = new Uint8Array([0, 1, 254, 255]).buffer;
	assert.equal(await channels[1].send({ type: 'broadcast', event: 'raw', payload: bytes }), 'ok');
	await poll(() => named(heard[2], 'raw').length && named(heard[2], 'back').length);
	await poll(() => named(heard[1], 'back').length && named(heard[0], 'note').length);
	for (const one of heard.slice(1)) {
		assert.deepEqual(named(one, 'note')[0].payload, payload);
		assert.deepEqual(new Uint8Array(named(one, 'raw')[0].payload), new Uint8Array(bytes));
	}
	assert.deepEqual(named(heard[0], 'note')[0].payload, payload);
	assert.deepEqual(named(heard[0], 'back'), [], 'who does not want its own does not get it');
});

test('POST broadcast: by the service key and who may join; all of it or nothing', async () => {
	const session = await newSession(stack);
	const topic = `session:${session.session_id}`;
	const channel = (await clientOf('2.55', session.realtime_token)).channel(topic);
	const heard = gather(channel);
	await subscribed(channel);
	const say = (messages, token) =>
		request(stack, 'POST', '/realtime/v1/api/broadcast', {
			body: JSON.stringify({ messages }),
			headers: { 'content-type': 'application/json', apikey: stack.anonKey, origin: ORIGIN,
				...(token && { authorization: `Bearer ${token}` }) },
		});
	const message = { topic, event: 'from_server', payload: { n: 1 } };
	const done = await say([message], serviceKey());
	assert.equal(done.status, 202, done.text);
	assert.equal(done.headers.get('access-control-allow-origin'), ORIGIN);
	await poll(() => named(heard, 'from_server').length === 1);
	assert.equal((await say([message], session.realtime_token)).status, 202);
	await poll(() => named(heard, 'from_server').length === 2);
	for (const token of [null, (await newSession(stack)).realtime_token, 'x.y.z']) {
		const refused = await say([message], token);
		assert.equal(refused.status, 401, refused.text);
		assert.equal(refused.json.code, 'unauthorized');
	}
	const mixed = await say([message, { ...message, topic: 'admin:all' }], session.realtime_token);
	assert.equal(mixed.status, 401);
	for (const messages of [undefined, 'x', [{}], [{ topic }], Array(51).fill(message)])
		assert.equal((await say(messages, serviceKey())).status, 400);
	const last = await say([{ ...message, event: 'last' }], serviceKey());
	assert.equal(last.status, 202);
	await poll(() => named(heard, 'last').length);
	assert.equal(named(heard, 'from_server').length, 2, 'what is refused is not said');
	const preflight = await request(stack, 'OPTIONS', '/realtime/v1/api/broadcast',
		{ headers: { origin: ORIGIN } });
	assert.equal(preflight.status, 204);
	assert.match(preflight.headers.get('access-control-allow-headers'), /authorization/);
});

test('a visitor tells no event that is ours to tell', async () => {
	const session = await newSession(stack);
	const topic = `session:${session.session_id}`;
	const [says, hears] = await Promise.all([1, 2].map(() => rawSocket().open));
	for (const peer of [says, hears]) await peer.join(topic, session.realtime_token);
	const say = async (event) => {
		const ref = randomUUID();
		says.send({ topic: `realtime:${topic}`, event: 'broadcast', ref,
			payload: { type: 'broadcast', event, payload: {} } });
		return (await says.reply(ref)).status;
	};
	const post = async (event, token) => {
		const { status } = await request(stack, 'POST', '/realtime/v1/api/broadcast', {
			body: JSON.stringify({ messages: [{ topic, event, payload: {} }] }),
			headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
		});
		return status;
	};
	for (const event of ['utterance', 'turn', 'mode', 'session_started', 'session_ended',
		'extract', 'summary', 'lead', 'missed', 'Utterance']) {
		assert.equal(await say(event), 'error', event);
		assert.equal(await post(event, session.realtime_token), 401, event);
	}
	assert.equal(await post('mode', serviceKey()), 202, 'who runs this may');
	await poll(() => hears.heard.some(({ payload }) => payload.event === 'mode'));
	assert.equal(hears.heard.filter(({ event }) => event === 'broadcast').length, 1);
});

for (const version of VERSIONS)
	test(`supabase-js ${version}: people see who is there, and who leaves`, async () => {
		const watch = (await clientOf(version, (await signIn('admin')).token))
			.channel('admin:desk', { config: { presence: { key: 'watch' } } });
		const come = (await clientOf(version, (await signIn('owner')).token))
			.channel('admin:desk', { config: { presence: { key: 'come' } } });
		for (const channel of [watch, come])
			channel.on('presence', { event: 'sync' }, () => {});
		await Promise.all([watch, come].map(subscribed));
		assert.equal(await come.track({ name: 'Ada', at: 1 }), 'ok');
		await poll(() => watch.presenceState().come?.[0].name === 'Ada');
		assert.equal(await come.track({ name: 'Ada', at: 2 }), 'ok');
		await poll(() => watch.presenceState().come?.[0].at === 2);
		assert.equal(watch.presenceState().come.length, 1);
		await come.unsubscribe();
		await poll(() => !watch.presenceState().come);
	});

test('who is there is told to who comes, and never in the channel of a session', async () => {
	const admin = await signIn('admin');
	const session = await newSession(stack);
	const track = async (peer, name, payload) => {
		const ref = randomUUID();
		peer.send({ topic: `realtime:${name}`, event: 'presence', ref,
			payload: { type: 'presence', event: 'track', payload } });
		return (await peer.reply(ref)).status;
	};
	const [first, second, visitor] =
		await Promise.all([1, 2, 3].map(() => rawSocket().open));
	await first.join('admin:late', admin.token, { presence: { key: 'k"ey' } });
	assert.equal(await track(first, 'admin:late', { name: 'Ada' }), 'ok');
	assert.equal(await track(first, 'admin:late', { name: 'x'.repeat(5000) }), 'error');
	assert.equal(await track(first, 'admin:late', 'Ada'), 'error');
	await second.join('admin:late', admin.token);
	const state = await poll(() => second.heard.find(({ event }) => event === 'presence_state'));
	assert.equal(state.payload['k"ey'].metas[0].name, 'Ada');
	first.socket.terminate();
	await poll(() => second.heard.some(({ event, payload }) =>
		event === 'presence_diff' && payload.leaves['k"ey']));
	const name = `session:${session.session_id}`;
	await visitor.join(name, session.realtime_token);
	assert.equal(await track(visitor, name, { name: 'Eve' }), 'error');
	assert.deepEqual(visitor.heard.find(({ event }) => event === 'presence_state').payload, {});
});

/* ---- who means ill, and who is slow ---- */

describe('what is no message', () => {
	const binary = (...bytes) => Buffer.from(bytes);
	for (const [what, version, message] of [
		['nothing', '1.0.0', ''],
		['no JSON', '1.0.0', '{"topic":'],
		['an array in the first version', '1.0.0', '[null,"1","phoenix","heartbeat",{}]'],
		['an object in the second', '2.0.0', '{"topic":"phoenix","event":"heartbeat","ref":"1"}'],
		['no topic', '1.0.0', '{"event":"heartbeat","ref":"1"}'],
		['a ref that is no text', '1.0.0', '{"topic":"phoenix","event":"heartbeat","ref":{}}'],
		['a topic without an end', '1.0.0', JSON.stringify({ topic: 'x'.repeat(300), event: 'e' })],
		['six members', '2.0.0', '[null,"1","phoenix","heartbeat",{},1]'],
		['a broadcast of nothing', '2.0.0', '["1","2","realtime:x","broadcast",{}]'],
		['bytes in the first version', '1.0.0', binary(3, 0, 0, 1, 1, 0, 0, 120, 121)],
		['bytes that end early', '2.0.0', binary(3, 0, 0, 255, 1, 0, 0, 120)],
		['bytes of another kind', '2.0.0', binary(9, 0, 0, 1, 1, 0, 0, 120, 121)],
		['bytes that are no UTF-8', '2.0.0', binary(3, 0, 0, 1, 1, 0, 0, 255, 255)],
		['a hundred levels', '1.0.0', '['.repeat(100)],
	])
		test(`${what} closes the socket, and no other`, async () => {
			const other = await rawSocket().open;
			const peer = await rawSocket({}, version).open;
			peer.socket.send(message);
			assert.equal((await poll(() => peer.closed)).code, 1008);
			assert.equal((await other.beat()).status, 'ok');
			other.socket.terminate();
		});
});

describe('limits', () => {
	const closedWith = async (peer, code, reason) => {
		const closed = await poll(() => peer.closed);
		assert.equal(closed.code, code);
		assert.match(closed.reason, reason);
	};

	test('a message that is too large', async () => {
		const peer = await rawSocket().open;
		peer.send({ topic: 'phoenix', event: 'heartbeat', ref: '1',
			payload: { x: 'x'.repeat(MESSAGE_BYTES) } });
		await closedWith(peer, 1009, /too large/);
	});

	test('more messages than may be', async () => {
		const peer = await rawSocket().open;
		for (let i = 0; i < 1600; i++)
			peer.send({ topic: 'phoenix', event: 'heartbeat', ref: String(i), payload: {} });
		const { code, reason } = await poll(() => peer.closed);
		/* Who goes on sending may not hear why. */
		assert.ok(code === 1006 || /too many messages/.test(reason), `${code} ${reason}`);
		assert.equal((await (await rawSocket().open).beat()).status, 'ok');
	});

	test('more channels than may be', async () => {
		const peer = await rawSocket().open;
		const key = serviceKey();
		for (let i = 0; i < 4; i++)
			assert.equal((await peer.join(`room${i}`, key)).status, 'ok');
		assert.equal((await peer.join('room4', key)).response.reason, 'too many channels');
		assert.equal((await peer.join('room3', key)).status, 'ok', 'one it is in, anew');
	});

	test('a socket that joins nothing', async () => {
		await closedWith(await rawSocket().open, 1008, /in no channel/);
	});

	test('who may not come in at all', async () => {
		const refused = async (...args) => {
			const peer = rawSocket(...args);
			return poll(() => peer.refused);
		};
		assert.equal(await refused({ origin: 'https://evil.example' }), 403);
		assert.equal(await refused({ origin: 'null' }), 403);
		for (const [query, status] of [['vsn=1.0.0', 401], [`apikey=x&vsn=1.0.0`, 401],
			[`apikey=${stack.anonKey}&vsn=3`, 400], [`apikey=${'x'.repeat(20000)}`, 414]]) {
			const peer = new WebSocket(addressOf(query));
			peer.on('error', () => {});
			const response = await new Promise((resolve) =>
				peer.once('unexpected-response', (_, found) => resolve(found)));
			const text = Buffer.concat(await response.toArray()).toString();
			assert.equal(response.statusCode, status, query.slice(0, 40));
			assert.deepEqual(Object.keys(JSON.parse(text)), ['error', 'code', 'request_id']);
		}
		const welcome = await rawSocket({ origin: ORIGIN }).open;
		assert.equal((await welcome.beat()).status, 'ok');
	});

	test('one address has so many sockets, and gets others when these have gone', async () => {
		await hangUp();
		const peers = Array.from({ length: SOCKETS + 10 }, () => rawSocket());
		await poll(() => peers.every((peer) => peer.refused || peer.socket.readyState === 1));
		const refused = peers.filter((peer) => peer.refused);
		assert.ok(refused.length >= 10, `${refused.length}`);
		assert.ok(refused.every((peer) => peer.refused === 429));
		for (const { socket } of peers) socket.terminate();
		await poll(() => {
			const peer = rawSocket();
			return Promise.race([peer.open, poll(() => peer.refused).then(() => false)]);
		});
	});
});

test('who reads nothing is dropped, and does not hold up others', async () => {
	const key = serviceKey();
	const [slow, quick, says] = await Promise.all([1, 2, 3].map(() => rawSocket().open));
	for (const peer of [slow, quick, says]) await peer.join('noise', key);
	slow.socket.pause();
	const from = stack.logs('realtime').length;
	const payload = { type: 'broadcast', event: 'noise', payload: { x: 'x'.repeat(7000) } };
	let said = 0;
	await poll(() => {
		for (let i = 0; i < 15; i++)
			says.send({ topic: 'realtime:noise', event: 'broadcast', ref: `${said++}`, payload });
		return stack.logs('realtime', from).includes('slow_reader_dropped');
	}, { everyMs: 100 });
	await poll(() => quick.heard.filter(({ event }) => event === 'broadcast').length === said);
	slow.socket.resume();
	const { code, reason } = await poll(() => slow.closed);
	assert.ok(code === 1006 || /slowly/.test(reason), `${code} ${reason}`);
});

describe('while the database is slow to say who somebody is', () => {
	/* Nobody's role can be read meanwhile. */
	const withoutRoles = async (work) => {
		const db = new pg.Client(superuser(stack));
		await db.connect();
		try {
			await db.query('begin; lock table profiles in access exclusive mode');
			return await work();
		} finally {
			await db.end();
		}
	};

	test('who shows tokens again and again keeps nobody out', async () => {
		const { token } = await signIn('viewer');
		const [late, again, ...loud] =
			await Promise.all([1, 2, 3, 4, 5].map(() => rawSocket().open));
		for (const peer of loud) assert.equal((await peer.join('loud', token)).status, 'ok');
		const joining = await withoutRoles(async () => {
			for (let i = 0; i < 700; i++)
				for (const peer of loud)
					peer.send({ topic: 'realtime:loud', event: 'access_token', ref: `${i}`,
						payload: { access_token: token } });
			for (let i = 0; i < 50; i++)
				again.send({ topic: 'realtime:loud', event: 'phx_join', ref: `${i}`,
					join_ref: `${i}`, payload: { access_token: token } });
			for (const peer of [...loud, again]) await peer.beat();
			const refused = again.heard.filter(({ payload }) => payload.status === 'error');
			assert.equal(refused.length, 46, 'four of its joins wait');
			const answer = late.join('loud', token);
			await late.beat();
			return { answer };
		});
		assert.equal((await joining.answer).status, 'ok');
	});

	test('who has lost a right goes before others come in', async () => {
		const [goes, comes] = [await signIn('viewer'), await signIn('viewer')];
		const peer = await rawSocket().open;
		assert.equal((await peer.join('first', goes.token)).status, 'ok');
		const ear = new pg.Client(superuser(stack));
		const told = [];
		ear.on('notification', ({ payload }) => told.push(payload));
		await ear.connect();
		await ear.query('listen realtime');
		try {
			const answers = await withoutRoles(async () => {
				const all = ['a', 'b', 'c'].map((name) => peer.join(name, comes.token));
				await peer.beat();
				await sql(stack, `update auth_sessions set revoked_at = now()
					where id = :'session'`, goes);
				await poll(() => told.includes(`people U ${goes.id} -`));
				/* The program hears it in a thread of its own. */
				for (let i = 0; i < 100; i++) await peer.beat();
				return all;
			});
			for (const { status } of await Promise.all(answers)) assert.equal(status, 'ok');
		} finally {
			await ear.end();
		}
		const at = (is) => peer.heard.findIndex(is);
		const closed = at(({ event }) => event === 'phx_close');
		const last = at(({ event, topic }) => event === 'phx_reply' && topic === 'realtime:c');
		assert.ok(closed >= 0 && closed < last, JSON.stringify(peer.heard.map((m) => m.topic)));
	});
});

test('for many messages at once a person is asked for once', async () => {
	const { id, token } = await signIn('viewer');
	const db = new pg.Client(superuser(stack));
	await db.connect();
	const kind = `returns text language plpgsql security definer set search_path = public, pg_temp`;
	const { rows: [{ was }] } =
		await db.query(`select pg_get_functiondef('person_role()'::regprocedure) as was`);
	try {
		await db.query(`create sequence roles_asked; grant usage on sequence roles_asked to public;
			${was.replace('person_role', 'person_role_was')};
			grant execute on function person_role_was() to public;
			create or replace function person_role() ${kind} as $$
			begin
				if current_setting('scribe.claims', true) like '%${id}%' then
					perform nextval('roles_asked');
				end if;
				return person_role_was();
			end $$`);
		const messages = Array(50).fill({ topic: 'crowd', event: 'hello', payload: {} });
		const { status } = await request(stack, 'POST', '/realtime/v1/api/broadcast', {
			body: JSON.stringify({ messages }),
			headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
		});
		assert.equal(status, 202);
		const { rows: [{ n }] } = await db.query(`select nextval('roles_asked')::int - 1 as n`);
		assert.equal(n, 1);
	} finally {
		await db.query(`${was}; drop function person_role_was(); drop sequence roles_asked`);
		await db.end();
	}
});

/* ---- comings and goings of the program ---- */

test('a reload closes with 1012, and clients come back to the same channels', async () => {
	const session = await newSession(stack);
	const name = `session:${session.session_id}`;
	const channel = (await clientOf('2.55', session.realtime_token)).channel(name);
	const young = (await clientOf('current', session.realtime_token)).channel(name);
	const [heard, heardYoung] = [gather(channel), gather(young)];
	await Promise.all([channel, young].map(subscribed));
	const peer = await rawSocket().open;
	await peer.join(name, session.realtime_token);
	await stack.command('reload', 'realtime');
	assert.equal((await poll(() => peer.closed)).code, 1012);
	/* Until both have joined again. */
	await poll(async () => {
		await turn(session, { user_message: `Hello, ${randomUUID()}.` });
		return named(heard, 'utterance').length && named(heardYoung, 'utterance').length;
	}, { everyMs: 500 });
});

test('where nobody watches nothing is told', async () => {
	const ear = new pg.Client(superuser(stack));
	const told = [];
	await ear.connect();
	ear.on('notification', ({ payload }) => told.push(payload));
	await ear.query('listen realtime');
	const mark = async () => {
		const text = randomUUID();
		await ear.query(`select pg_notify('realtime', $1)`, [text]);
		await poll(() => told.includes(text));
		return told.splice(0).filter((one) => one !== text);
	};
	const toldOfOne = async () => {
		const { session_id } = await newSession(stack);
		return (await mark()).includes(`sessions I ${session_id} ${session_id}`);
	};
	try {
		const peer = await rawSocket().open;
		assert.equal((await peer.join('admin:all', serviceKey())).status, 'ok');
		assert.ok(await toldOfOne(), 'while somebody is in a channel');
		await hangUp();
		await poll(async () => !(await toldOfOne()), { everyMs: 500, deadlineMs: 60_000 });
		await turn(await newSession(stack), { user_message: LEAD });
		assert.deepEqual(await mark(), []);
		const stranger = await rawSocket().open;
		assert.equal((await stranger.join('admin:all')).status, 'error', 'without any token');
		const back = await rawSocket().open;
		assert.equal((await back.join('admin:all', serviceKey())).status, 'ok');
		assert.ok(await toldOfOne(), 'from the first who is let in again');
	} finally {
		await ear.end();
	}
});
