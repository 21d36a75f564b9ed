/* A client that leaves in the middle of its turn, and what is left of the turn. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import pg from 'pg';
import {
	databaseIsBack, familyOf, killUnit, restartUnit, whileFrozen,
} from './env/breaking.mjs';
import { always, CHAINS, CLIP, heal, turn } from './env/faults.mjs';
import {
	flacOfManyKeys, longSpeech, newSession, operate, pairOf, poll, pollJob, post, setJobDue, sql,
	superuser, TALK, useStack, whileLocked,
} from './env/index.mjs';
import { root } from './env/stack.mjs';
import { build, flavour } from './env/stack_command.mjs';
import { programUrl } from './env/workers.mjs';

/* No model but the simulated one: what it fails at has failed. Waits of the simulator are shorter
 * than these, so that a call that ends was ended by us. */
const stack = useStack({
	functions: [...TALK, 'metrics'],
	simulator: true,
	name: 'gone',
	env: {
		...CHAINS,
		LLM_PROVIDERS: 'groq',
		SCRIBE_DATA_KEY: 'the data key of those who leave', /* of processes beside it, too */
		LLM_FIRST_TOKEN_MS: '25000',
		EXTRACT_MS: '25000',
		ELEVENLABS_FIRST_MS: '25000',
		ELEVENLABS_MS: '25000',
		MEMORY_TURN_MS: '10000',
	},
});

const said = (session) =>
	sql(stack, `select speaker, text from utterances where session_id = :'id' order by position`, {
		id: session.session_id,
	});

/* Words of a turn that did not end are sealed only, until a job masks them. */
const saidInTheEnd = (session, lines) =>
	poll(async () => {
		const rows = await said(session);
		return rows.length === lines && rows.every(([, text]) => text) && rows;
	});

/* Though nobody has said anything since. */
const remembers = async (session, texts) => {
	const rows = await saidInTheEnd(session, texts.length);
	assert.deepEqual(rows.map(([, text]) => text), texts);
	await poll(async () => {
		const kept = await sql(stack, `select 1 from memories where session_id = :'id'`, {
			id: session.session_id,
		});
		return kept.length === texts.length;
	});
};

/* A turn whose client can leave: leave() ends when it has. */
const startTurn = (session, user_message, headers = {}, more = {}) => {
	const leaving = new AbortController();
	const left = assert.rejects(
		fetch(`${stack.baseUrl}/functions/v1/agent_reply`, {
			method: 'POST',
			headers: { 'content-type': 'application/json', ...headers },
			body: JSON.stringify({ ...pairOf(session), user_message, ...more }),
			signal: leaving.signal,
		}).then((response) => response.text()),
		{ name: 'AbortError' },
	);
	return () => {
		leaving.abort();
		return left;
	};
};

const CALLS = { thinking: ['groq', 'chat'], speaking: ['elevenlabs', 'speak_stream'] };

/* Leaves while the provider is asked, and comes back when the call has ended. */
const leaveWhile = async (stage, session, user_message) => {
	const [provider, operation] = CALLS[stage];
	await heal(stack);
	await stack.sim.fault({ provider, operation, fault: { silence: true }, times: 2 });
	const leave = startTurn(session, user_message);
	await stack.sim.wait({ provider, operation });
	await leave();
	await stack.sim.wait({ provider, operation, state: 'disconnected' });
	await heal(stack);
};

for (const stage of Object.keys(CALLS)) {
	test(`left while ${stage}: the same message is answered whole`, async () => {
		const session = await newSession(stack);
		await leaveWhile(stage, session, 'Hello there.');
		const { status, json, text } = await turn(stack, session, 'Hello there.', { audio: true });
		assert.equal(status, 200, text);
		assert.equal(json.degraded, undefined);
		assert.ok(json.audio_base64.length > 1000, 'aloud');
		assert.deepEqual(await said(session), [['visitor', 'Hello there.'], ['agent', json.text]]);
	});

	test(`left while ${stage}: what was said stays, what nobody heard does not`, async () => {
		const session = await newSession(stack);
		await leaveWhile(stage, session, 'Hello there.');
		await remembers(session, ['Hello there.']);
		const { status, json, text } = await turn(stack, session, 'Something else.');
		assert.equal(status, 200, text);
		assert.deepEqual(await saidInTheEnd(session, 3), [
			['visitor', 'Hello there.'],
			['visitor', 'Something else.'],
			['agent', json.text],
		]);
	});
}

/* The text is there and would be the answer; only the extraction is missing. */
const leaveWhileALeadIsSought = async (session, user_message) => {
	const chat = { provider: 'groq', operation: 'chat' };
	await heal(stack);
	await stack.sim.fault({ ...chat, match: { structured: true }, fault: { silence: true } });
	const leave = startTurn(session, user_message, {}, { audio: false });
	await stack.sim.wait({ ...chat, count: 2 });
	await stack.sim.wait({ ...chat, state: 'finished' });
	/* Meanwhile that reply has been read. */
	assert.equal((await turn(stack, await newSession(stack), 'Hi.')).status, 200);
	const from = stack.logs('agent_reply').length;
	await leave();
	await stack.sim.wait({ ...chat, state: 'disconnected' });
	await poll(() => /"event":"request"/.test(stack.logs('agent_reply', from)));
};

test('left while a lead is sought: a text nobody received is no history', async () => {
	const session = await newSession(stack);
	await leaveWhileALeadIsSought(session, 'Hello there.');
	const { status, json, text } = await turn(stack, session, 'Something else.');
	assert.equal(status, 200, text);
	assert.deepEqual(await saidInTheEnd(session, 3), [
		['visitor', 'Hello there.'],
		['visitor', 'Something else.'],
		['agent', json.text],
	]);
});

test('left while a lead is sought: the same message is thought about anew', async () => {
	const session = await newSession(stack);
	await leaveWhileALeadIsSought(session, 'Hello there.');
	const before = (await stack.sim.requests({ provider: 'groq', operation: 'chat' })).length;
	const { status, json, text } = await turn(stack, session, 'Hello there.');
	assert.equal(status, 200, text);
	const asked = await stack.sim.requests({ provider: 'groq', operation: 'chat' });
	assert.equal(asked.length - before, 2, 'a reply and an extraction');
	assert.deepEqual(await said(session), [['visitor', 'Hello there.'], ['agent', json.text]]);
});

test('the answer is kept for two seconds and is gone soon after', async () => {
	await heal(stack);
	const session = await newSession(stack);
	/* Who clears up waits for us. */
	const clearing = (when) => setJobDue(stack, 'clear_turns', when);
	await clearing('1 hour');
	assert.equal((await turn(stack, session, 'Hello there.', { audio: true })).status, 200);
	const kept = () =>
		sql(
			stack,
			`select a.due - t.finished_at from turns t join turn_answers a using (session_id, turn)
			 where session_id = :'id'`,
			{ id: session.session_id },
		);
	assert.deepEqual(await kept(), [['00:00:02']]);
	await clearing('0');
	await poll(async () => !(await kept()).length, { everyMs: 250 });
});

const waitingForLocks = async (n) =>
	Number(
		(
			await sql(
				stack,
				`select count(*) from pg_stat_activity
				 where wait_event_type = 'Lock' and usename = 'scribe_app'`,
			)
		)[0][0],
	) >= n;

const openHolder = async () => {
	const holder = new pg.Client(superuser(stack));
	await holder.connect();
	return holder;
};

/* The log tells, behind a length remembered earlier, of a request that nobody waited for. */
const wasGivenUp = (from) =>
	/"event":"request".*"status":503/.test(stack.logs('agent_reply', from));

/* Who waits for what it took to run out waits for more than half a minute. */
const AT_ONCE_MS = 25_000;

/* The message whose sender left, sent again in the same body until it is not "running" any more. */
const answeredAtLast = (session, headers) =>
	poll(
		async () => {
			const body = { audio: undefined };
			const now = await turn(stack, session, 'Hello there.', body, headers);
			return now.status !== 409 && now;
		},
		{ deadlineMs: AT_ONCE_MS },
	);

/* The statement waits for a lock and is carried out though nobody wants it any more. */
const leaveInDoubt = async (session, headers) => {
	await heal(stack);
	const holder = await openHolder();
	try {
		await holder.query('begin');
		await holder.query(
			headers['idempotency-key']
				? 'lock table idempotency_keys in share mode'
				: 'select from sessions for update',
		);
		const from = stack.logs('agent_reply').length;
		const leave = startTurn(session, 'Hello there.', headers);
		await poll(() => waitingForLocks(1));
		await leave();
		await poll(() => wasGivenUp(from));
		await holder.query('commit');
	} finally {
		await holder.end();
	}
};

for (const [what, headers] of [
	['its turn', {}],
	['its key', { 'idempotency-key': 'one of mine' }],
])
	test(`left while ${what} begins: the same message is answered at once`, async () => {
		const session = await newSession(stack);
		await leaveInDoubt(session, headers);
		const answer = await answeredAtLast(session, headers);
		assert.equal(answer.status, 200, answer.text);
		assert.deepEqual(await said(session), [
			['visitor', 'Hello there.'],
			['agent', answer.json.text],
		]);
	});

const stateOf = async ({ session_id: id }) =>
	(await sql(stack, `select state from turns where session_id = :'id'`, { id }))[0][0];

const MIRIAM = 'Hello, my name is Miriam Castellanos. I am head of product at Northwind, and we '
	+ 'have $100,000 for a new search.';

/* It looks for memories first. */
const isUnread = (session) =>
	poll(async () => (await said(session)).length > 0 && waitingForLocks(1));

/* With the process that has its turn; no job reads what was said in it. */
const kill = async () => {
	stack.expectRestart('agent_reply');
	await killUnit(stack, 'agent_reply');
};

/* And the session ends, long after. */
const killMidway = async (session) => {
	await kill();
	await sql(stack, `update turns set ends_by = now() where session_id = :'id';
		insert into jobs (kind, key, payload, session_id)
			values ('keep_utterances', :'id', '{}', :'id') on conflict do nothing`,
	{ id: session.session_id });
};

for (const [how, breakOff] of Object.entries({
	left: async (session) => {
		const leave = startTurn(session, MIRIAM);
		await isUnread(session);
		await leave();
		await poll(async () => (await stateOf(session)) === 'abandoned');
	},
	killed: async (session) => {
		const answer = turn(stack, session, MIRIAM);
		await isUnread(session);
		await killMidway(session);
		assert.equal((await answer).status, 502);
	},
}))
	test(`${how} before its words are read: who spoke them is masked, and is a lead`, async () => {
		await heal(stack);
		const session = await newSession(stack, { consent: true });
		await whileLocked(stack, 'memories', () => breakOff(session));
		const known = () => sql(stack, `select lead_score > 0, names_sealed is not null, (
				select string_agg(entities->>'org_name', ',') from extracts x
					where x.session_id = s.id)
			from sessions s where id = :'id'`, { id: session.session_id });
		await poll(async () => (await known())[0][0] === 't');
		assert.deepEqual(await known(), [['t', 't', 'Northwind']]);
		await poll(async () => (await sql(stack, `select words from memories
			where session_id = :'id'`, { id: session.session_id })).length === 1);
		const plain = await sql(stack, `select text from utterances where session_id = :'id'
			union all select content::text from memories where session_id = :'id'`,
		{ id: session.session_id });
		assert.equal(plain.length, 2);
		for (const [text] of plain) assert.match(text, /name is \[name\]\. I am head of product/);
	});

const standbys = async (names) => {
	await sql(stack, `alter system set synchronous_standby_names = '${names}'`);
	await sql(stack, 'select pg_reload_conf()');
	await poll(async () => (await sql(stack, 'show synchronous_standby_names'))[0][0] === names);
};

/* A commit that waits for a standby stands, though the statement is cancelled there. (The beginning
 * of a turn waits for none: it is promised to nobody before the turn ends.) */
test('left while it takes its key, which it does all the same: nobody waits for it', async () => {
	await heal(stack);
	const session = await newSession(stack);
	const headers = { 'idempotency-key': 'another of mine' };
	await standbys('nobody');
	try {
		const from = stack.logs('agent_reply').length;
		const leave = startTurn(session, 'Hello there.', headers);
		await poll(async () =>
			(await sql(stack, `select from pg_stat_activity where wait_event = 'SyncRep'
				and query ~ '^ *with taken'`)).length);
		await leave();
		await poll(() => wasGivenUp(from));
	} finally {
		await standbys('');
	}
	const answer = await answeredAtLast(session, headers);
	assert.equal(answer.status, 200, answer.text);
	assert.deepEqual(await said(session), [
		['visitor', 'Hello there.'],
		['agent', answer.json.text],
	]);
});

/* So does what is done by a statement whose cancelling came too late. */
test('left while its turn begins, which it does all the same: nobody waits for it', async () => {
	await heal(stack);
	const session = await newSession(stack);
	await sql(stack, `create function goes_on() returns trigger language plpgsql as $$
		begin
			perform pg_sleep(20);
			return new;
		exception when query_canceled then
			return new;
		end $$;
		create trigger goes_on before insert on turns for each row execute function goes_on()`);
	try {
		const from = stack.logs('agent_reply').length;
		const leave = startTurn(session, 'Hello there.');
		await poll(async () => (await sql(stack,
			`select from pg_stat_activity where wait_event = 'PgSleep'`)).length);
		await leave();
		await poll(() => wasGivenUp(from));
	} finally {
		await sql(stack, 'drop function goes_on cascade');
	}
	assert.match(await stateOf(session), /^(running|abandoned)$/, 'it has begun');
	const answer = await answeredAtLast(session, {});
	assert.equal(answer.status, 200, answer.text);
	assert.deepEqual(await said(session), [
		['visitor', 'Hello there.'],
		['agent', answer.json.text],
	]);
});

/* Its commit stands as well, and is told to nobody: whoever asks again finds it done. */
test('restarted behind the end of a turn that was not told: it is answered', async () => {
	await heal(stack);
	const session = await newSession(stack);
	await standbys('nobody');
	try {
		const answer = turn(stack, session, 'Hello there.');
		await poll(async () =>
			(await sql(stack, `select from pg_stat_activity where wait_event = 'SyncRep'
				and query ~ 'with owner as materialized'`)).length);
		await sql(stack, `alter system set synchronous_standby_names = ''`);
		await restartUnit(stack, 'postgresql');
		const { status, json, text } = await answer;
		assert.equal(status, 200, text);
		assert.deepEqual(await saidInTheEnd(session, 2), [
			['visitor', 'Hello there.'],
			['agent', json.text],
		]);
	} finally {
		await databaseIsBack(stack);
		await standbys('');
	}
});

/* A failed turn takes its words back, held up at its last lock, while a newer one begins. */
test('a turn that is given up and one that begins do not wait for each other', async () => {
	await heal(stack);
	const holder = await openHolder();
	try {
		await stack.sim.fault(always('groq', { hold: 'thinking', status: 500 }));
		const session = await newSession(stack);
		const failing = turn(stack, session, 'Hello there.');
		await stack.sim.wait({ provider: 'groq', operation: 'chat' });
		await holder.query('begin');
		await holder.query('select from utterances where session_id = $1 for update', [
			session.session_id,
		]);
		/* Reply and extraction are held one by one, and each release is for those that wait. */
		await poll(async () => {
			await stack.sim.release('thinking');
			return waitingForLocks(1);
		});
		await heal(stack);
		const newer = turn(stack, session, 'Something else.');
		await poll(() => waitingForLocks(2));
		await holder.query('commit');
		assert.equal((await failing).status, 502);
		const { status, json, text } = await newer;
		assert.equal(status, 200, text);
		assert.deepEqual(await said(session), [
			['visitor', 'Something else.'],
			['agent', json.text],
		]);
		assert.doesNotMatch(stack.logs('agent_reply'), /turn_not_given_up/);
		assert.doesNotMatch(stack.logs('postgresql'), /deadlock detected/);
	} finally {
		await holder.end();
	}
});

/* As a crash can: the commit of a beginning waits for no disk, and kept answers are in no log. */
const loseTurns = (session) =>
	sql(
		stack,
		`select from sessions where id = :'id' for update;
		 delete from turn_answers where session_id = :'id';
		 delete from turns where session_id = :'id';
		 delete from utterances where session_id = :'id';
		 update sessions set turn = 0, utterance_count = 0 where id = :'id'`,
		{ id: session.session_id },
	);

/* A turn held where it thinks and looks for a lead; what comes later is not held. */
const holdTurn = async (session) => {
	const call = { provider: 'groq', operation: 'chat' };
	await heal(stack);
	await stack.sim.fault({ ...call, fault: { hold: 'thinking' }, times: 2 });
	const answer = turn(stack, session, 'Hello there.');
	await stack.sim.wait({ ...call, count: 2 });
	return { answer };
};

const release = async ({ answer }) => {
	let isOver = false;
	answer.finally(() => (isOver = true));
	await poll(async () => {
		await stack.sim.release('thinking');
		return isOver;
	});
	return answer;
};

/* The same message again, which joins the turn that is held. */
const joinTurn = async (session) => {
	const requests = async () =>
		Number(
			(
				await sql(stack, `select rate_count from sessions where id = :'id'`, {
					id: session.session_id,
				})
			)[0][0],
		);
	const before = await requests();
	const answer = turn(stack, session, 'Hello there.');
	await poll(async () => (await requests()) > before);
	return { answer };
};

const outcome = ({ status, json }) => [status, json?.code];

test('a turn whose beginning the database lost was not overtaken', async () => {
	const session = await newSession(stack);
	const held = await holdTurn(session);
	const joined = await joinTurn(session);
	await loseTurns(session);
	assert.deepEqual(outcome(await release(held)), [503, 'unavailable']);
	const { status, json, text } = await joined.answer;
	assert.equal(status, 200, text);
	assert.deepEqual(await said(session), [['visitor', 'Hello there.'], ['agent', json.text]]);
});

test('what is said after the database lost a beginning is the newest', async () => {
	const session = await newSession(stack);
	const held = await holdTurn(session);
	const joined = await joinTurn(session);
	await loseTurns(session);
	const { status, json, text } = await turn(stack, session, 'Something else.');
	assert.equal(status, 200, text);
	for (const { answer } of [held, joined])
		assert.deepEqual(outcome(await answer), [409, 'superseded']);
	assert.deepEqual(await said(session), [['visitor', 'Something else.'], ['agent', json.text]]);
});

test('and so it is where the database lost more than one', async () => {
	const session = await newSession(stack);
	assert.equal((await turn(stack, session, 'Good morning.')).status, 200);
	const held = await holdTurn(session);
	await loseTurns(session);
	const { status, json, text } = await turn(stack, session, 'Something else.');
	assert.equal(status, 200, text);
	assert.deepEqual(outcome(await held.answer), [409, 'superseded']);
	assert.deepEqual(await said(session), [['visitor', 'Something else.'], ['agent', json.text]]);
});

/* A process of PostgreSQL that breaks off takes with it what no log carries. Until that is gone,
 * one may still be answered by a process that has not heard of it. */
const crash = async () => {
	const id = crypto.randomUUID();
	await sql(stack, `insert into turn_answers values (:'id', 0, 'infinity', '')`, { id });
	const isThere = () => sql(stack, `select from turn_answers where session_id = :'id'`, { id });
	const victim = await openHolder();
	victim.once('error', () => {});
	process.kill((await victim.query('select pg_backend_pid() as pid')).rows[0].pid, 'SIGQUIT');
	await poll(() => isThere().then((rows) => rows.length === 0, () => false));
};

test('after a crash of the database the same message has its answer all the same', async () => {
	await heal(stack);
	const session = await newSession(stack);
	const words = 'I am Ada Byron, ada@example.com, and we want to hire a consultant.';
	const first = await turn(stack, session, words, { audio: true });
	assert.equal(first.status, 200, first.text);
	await sql(
		stack,
		`update turns set finished_at = now() + interval '1 minute' where session_id = :'id'`,
		{ id: session.session_id },
	);
	await crash();
	const again = await poll(
		async () => {
			const answer = await turn(stack, session, words, { audio: true });
			return answer.status !== 503 && answer;
		},
	);
	assert.equal(again.status, 200, again.text);
	assert.equal(again.json.text, first.json.text);
	assert.deepEqual(again.json.extract, first.json.extract);
	assert.equal(again.json.turn_id, first.json.turn_id);
	assert.ok(again.json.audio_base64.length > 1000, 'aloud');
	assert.equal((await said(session)).length, 2, 'once in the history');
});

/* ---- a visitor who interrupts ---- */

const cancel = (session, turn_id, more = {}) =>
	post(stack, 'agent_reply', { ...pairOf(session), cancel: true, turn_id, ...more });

/* The same request to a process of its own, which knows of no turn. */
const askElsewhere = async (body) => {
	const child = spawn(join(build, flavour, 'bin/agent_reply'), [], {
		cwd: stack.dir,
		env: {
			...stack.env,
			SCRIBE_ANON_KEY: stack.anonKey,
			SCRIBE_JWT_SECRET: stack.jwtSecret,
			DATABASE_URL: programUrl(stack),
			REQUEST_METHOD: 'POST',
		},
	});
	child.stdin.end(JSON.stringify(body));
	const [out] = await Promise.all([child.stdout.toArray(), once(child, 'close')]);
	return JSON.parse(Buffer.concat(out).toString().split('\r\n\r\n')[1]);
};

/* A turn whose model is asked, for a reply and for a lead, and says nothing; and who joined it. */
const startSilent = async (session, user_message, turn_id, copies = 1) => {
	await heal(stack);
	await stack.sim.fault({ provider: 'groq', fault: { silence: true }, times: 2 });
	const turns = Array.from({ length: copies }, () =>
		turn(stack, session, user_message, { turn_id }));
	await stack.sim.wait({ provider: 'groq', operation: 'chat' });
	await poll(async () => Number((await sql(stack, `select rate_count from sessions
		where id = :'id'`, { id: session.session_id }))[0][0]) >= copies);
	return turns;
};

const rowsOf = (session) =>
	sql(stack, `select speaker, text, interrupted, text_sealed is not null from utterances
		where session_id = :'id' order by position`, { id: session.session_id });

const countOf = async ({ session_id: id }) => {
	const found = await sql(stack, `select utterance_count from sessions where id = :'id'`, { id });
	return Number(found[0][0]);
};

/* When the job has masked what was sealed only. */
const historyOf = (session) =>
	poll(async () => {
		const rows = await rowsOf(session);
		return rows.every(([, text]) => text) && rows.map((row) => row.slice(0, 3));
	});

test('cancelled: model and client hear of it at once, and nothing was said', async () => {
	const session = await newSession(stack);
	const [answer, copy] = await startSilent(session, 'Hello there.', 'mine', 2);
	const stranger = { ...session, session_secret: crypto.randomUUID() };
	assert.equal((await cancel(stranger, 'mine')).status, 401);
	assert.deepEqual((await cancel(session, 'other')).json, { cancelled: false });
	const { status, json, text } = await cancel(session, 'mine', { heard_ms: 0 });
	assert.deepEqual([status, json], [200, { cancelled: true }], text);
	await stack.sim.wait({ provider: 'groq', operation: 'chat', state: 'disconnected' });
	for (const one of [await answer, await copy])
		assert.deepEqual([one.status, one.json.code], [409, 'superseded'], one.text);
	assert.deepEqual((await cancel(session, 'mine')).json, { cancelled: false }, 'it is over');
	await heal(stack);
	const again = await turn(stack, session, 'Hello there.');
	assert.equal(again.status, 200, again.text);
	assert.deepEqual((await historyOf(session)).map(([who]) => who),
		['visitor', 'visitor', 'agent'], 'it was said twice');
});

/* That they still are is told by no word of theirs. */
for (const [how, say] of Object.entries({
	left: async (session, isAsked) => {
		const leave = startTurn(session, 'No.');
		await isAsked();
		await leave();
	},
	'cancelled, and told how much was heard': async (session, isAsked) => {
		const answer = turn(stack, session, 'No.', { turn_id: 'mine' });
		await isAsked();
		await cancel(session, 'mine', { heard_ms: 0 });
		assert.equal((await answer).status, 409);
	},
	superseded: async (session, isAsked) => {
		const answer = turn(stack, session, 'No.');
		await isAsked();
		assert.equal((await turn(stack, session, 'Never.')).json.extract, null, 'it knows');
		assert.equal((await answer).status, 409);
	},
}))
	test(`in distress and ${how}: what was said is no memory`, async () => {
		const session = await newSession(stack);
		await heal(stack);
		const first = await turn(stack, session, "I don't want to live any more.");
		assert.equal(first.status, 200, first.text);
		const call = { provider: 'groq', operation: 'chat' };
		await heal(stack);
		await stack.sim.fault({ ...call, fault: { silence: true } });
		await say(session, () => stack.sim.wait(call));
		const [, , no] = await sql(stack, `select in_distress, speaker from utterances
			where session_id = :'id' order by position`, { id: session.session_id });
		assert.deepEqual(no, ['t', 'visitor']);
	});

/* Nothing in the words tells of it: only what was said before. */
const BLUE = 'It is the blue one, over there.';

const breakOffUnread = (session, message, breakOff = kill) =>
	whileLocked(stack, 'memories', async () => {
		const before = (await said(session)).length;
		const answer = turn(stack, session, message);
		await poll(async () => (await said(session)).length > before && waitingForLocks(1));
		await breakOff(session);
		assert.equal((await answer).status, 502);
	});

const talkInDistress = async (breakOff) => {
	await heal(stack);
	const session = await newSession(stack, { consent: true });
	const first = await turn(stack, session, "I don't want to live any more.");
	assert.equal(first.status, 200, first.text);
	await breakOffUnread(session, BLUE, breakOff);
	return session;
};

test('in distress and killed unread: what was said is no memory', async () => {
	const session = await talkInDistress(killMidway);
	const kept = () => sql(stack, `select u.in_distress, u.speaker, exists (
				select from memories m where m.utterance_id = u.id)
			from utterances u where u.session_id = :'id' order by u.position`,
	{ id: session.session_id });
	const read = await poll(async () => {
		const rows = await kept();
		return (rows[2][0] === 't' || rows[2][2] === 't') && rows;
	});
	assert.deepEqual(read[2], ['t', 'visitor', 'f']);
});

test('in distress, and what was said last is unread: it lasts', async () => {
	const session = await talkInDistress(kill);
	const { status, json, text } = await turn(stack, session, 'It is warm in here.');
	assert.equal(status, 200, text);
	assert.equal(json.extract, null);
	const [row] = await sql(stack, `select in_distress from utterances
		where session_id = :'id' and speaker = 'visitor' order by position desc limit 1`,
	{ id: session.session_id });
	assert.deepEqual(row, ['t']);
});

test('in distress, and what was said last is unread: yes is an answer', async () => {
	const session = await talkInDistress(kill);
	const { json, text } = await turn(stack, session, 'Yes.', { barge_in: true });
	assert.ok(json.text, text);
});

test('in distress, and what was said last is unread: nobody is urged', async () => {
	const session = await talkInDistress(kill);
	const isHeld = () => sql(stack, `select is_held(instance, started_at) from turns
		where session_id = :'id' order by turn desc limit 1`, { id: session.session_id });
	await poll(async () => (await isHeld())[0][0] === 'f');
	const { json } = await turn(stack, session, '[PROACTIVE_FOLLOWUP: true]');
	assert.equal(json.text, '\u200b');
});

/* By what they mean: no single word of it tells. */
const DARK = "I don't see a reason to go on any more.";
const GOODBYE = 'My name is Miriam Castellanos, tell my sister, her mail is ann@castellanos.org.';

const leftOf = async ({ session_id: id }) => (await sql(stack, `select
		(select count(*) from extracts where session_id = :'id'),
		(select count(*) from memories where session_id = :'id'),
		(select string_agg(in_distress::text, ' ' order by turn) from utterances
			where session_id = :'id' and speaker = 'visitor')`, { id }))[0];

const isLeftAlone = async (session) => {
	assert.deepEqual(await leftOf(session), ['0', '0', 'true true']);
	return true;
};

test('in distress by meaning and unread: who speaks next is still', async () => {
	await heal(stack);
	const session = await newSession(stack, { consent: true });
	await breakOffUnread(session, DARK);
	const { status, json, text } = await turn(stack, session, GOODBYE);
	assert.deepEqual([status, json.extract], [200, null], text);
	await poll(() => isLeftAlone(session));
});

test('in distress by meaning, and all of it unread: it is no lead', async () => {
	await heal(stack);
	const session = await newSession(stack, { consent: true });
	await breakOffUnread(session, DARK);
	await breakOffUnread(session, GOODBYE, killMidway);
	await poll(() => isLeftAlone(session));
});

test('a session is the same however its id is spelled', async () => {
	const session = await newSession(stack);
	const upper = { ...session, session_id: session.session_id.toUpperCase() };
	const first = await turn(stack, upper, 'Hello.');
	assert.equal(first.json.session_id, session.session_id);
	const [answer] = await startSilent(upper, 'Hello there.', 'mine');
	assert.deepEqual((await cancel(session, 'mine')).json, { cancelled: true });
	assert.equal((await answer).status, 409);
});

test('what is wrong with a cancellation is told', async () => {
	const session = await newSession(stack);
	for (const [more, field] of [
		[{ turn_id: undefined }, 'turn_id'],
		[{ heard_ms: -1 }, 'heard_ms'],
		[{ heard_ms: 'all' }, 'heard_ms'],
		[{ cancel: 'yes' }, 'cancel'],
	]) {
		const { status, json, text } = await cancel(session, 'mine', more);
		assert.deepEqual([status, json.field], [400, field], text);
	}
});

for (const [name, more] of Object.entries({
	cancelled: { cancel: true, turn_id: 'mine' },
	superseded: { user_message: 'Something else.', audio: false },
}))
	test(`${name} by another process: the one that runs it hears of it at once`, async () => {
		const session = await newSession(stack);
		const [answer] = await startSilent(session, 'Hello there.', 'mine');
		const told = askElsewhere({ ...pairOf(session), ...more });
		if (more.cancel) assert.deepEqual(await told, { cancelled: true });
		await stack.sim.wait({ provider: 'groq', operation: 'chat', state: 'disconnected' });
		const { status, json, text } = await answer;
		assert.deepEqual([status, json.code], [409, 'superseded'], text);
		await heal(stack);
		await told;
		const [first] = await rowsOf(session);
		assert.equal(first[0], 'visitor');
	});

const wasSilent = () => stack.logs('agent_reply').split('"event":"instance_was_silent"').length;

/* As when the database was away: who cancelled the turn has told of it, and nobody heard. Gives
 * whether the process was back soon; else others may have taken its turn over. */
const cancelUnheard = async () => {
	const session = await newSession(stack);
	const [answer] = await startSilent(session, 'Hello there.', 'mine');
	const before = wasSilent();
	const ended = await sql(stack, `update turns set state = 'superseded', finished_at = now()
		where session_id = :'id' and state = 'running' returning turn`, { id: session.session_id });
	assert.equal(ended.length, 1);
	await sql(stack, `select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'agent_reply'`);
	await stack.sim.wait({ provider: 'groq', operation: 'chat', state: 'disconnected' });
	const { status, json, text } = await answer;
	if (wasSilent() > before) return false;
	assert.deepEqual([status, json.code], [409, 'superseded'], text);
	return true;
};

test('cancelled while nobody listened: that is found once somebody does', async () => {
	for (let i = 0; i < 10; i++) if (await cancelUnheard()) return heal(stack);
	assert.fail('it was silent each time');
});

const EAR = { provider: 'groq', operation: 'transcribe' };
const speak = (session, turn_id, audio_base64 = CLIP) =>
	post(stack, 'agent_reply', { ...pairOf(session), turn_id, audio_base64 });
for (const [where, ask] of Object.entries({
	here: async (body) =>
		assert.deepEqual((await post(stack, 'agent_reply', body)).json, { cancelled: true }),
	'by another process': (body) => askElsewhere(body),
}))
	test(`cancelled ${where} while it is heard: that stops, and no turn begins`, async () => {
		const session = await newSession(stack);
		await heal(stack);
		await stack.sim.fault({ ...EAR, fault: { silence: true } });
		const answer = speak(session, 'mine');
		await stack.sim.wait(EAR);
		await ask({ ...pairOf(session), cancel: true, turn_id: 'mine' });
		await stack.sim.wait({ ...EAR, state: 'disconnected' });
		const { status, json, text } = await answer;
		assert.deepEqual([status, json.code], [409, 'superseded'], text);
		assert.deepEqual(await rowsOf(session), []);
	});

test('cancelled by who looked for it before it began: it is over at once', async () => {
	const session = await newSession(stack);
	await heal(stack);
	await stack.sim.fault({ provider: 'groq', fault: { silence: true }, times: 2 });
	const holder = await openHolder();
	try {
		await holder.query('begin');
		await holder.query('select from sessions for update');
		const answer = turn(stack, session, 'Hello there.', { turn_id: 'mine' });
		await poll(() => waitingForLocks(1));
		const told = cancel(session, 'mine');
		await poll(() => waitingForLocks(2));
		await holder.query('commit');
		assert.deepEqual((await told).json, { cancelled: true });
		const { status, json, text } = await answer;
		assert.deepEqual([status, json.code], [409, 'superseded'], text);
	} finally {
		await holder.end();
	}
	const states = await sql(stack, `select state from turns where session_id = :'id'`, {
		id: session.session_id,
	});
	assert.deepEqual(states, [['superseded']]);
	await heal(stack);
	const again = await turn(stack, session, 'Hello there.');
	assert.equal(again.status, 200, again.text);
});

/* Its process hears of that before it knows that it has the turn, or behind that. */
test('stopped by another process as it begins: its model is not waited for', async () => {
	for (let i = 0; i < 4; i++) {
		const session = await newSession(stack);
		await heal(stack);
		await stack.sim.fault({ provider: 'groq', fault: { silence: true }, times: 2 });
		const holder = await openHolder();
		await holder.query('begin');
		await holder.query('select from sessions for update');
		const answer = turn(stack, session, 'Hello there.');
		await poll(() => waitingForLocks(1));
		await whileFrozen(familyOf(stack.pidOf('agent_reply')), async () => {
			await holder.query('commit');
			await poll(async () => (await sql(stack, `with ended as (
					update turns set state = 'superseded', finished_at = now()
						where session_id = :'id' returning claim)
				select pg_notify('scribe_jobs', 'turn ' || claim) from ended`,
			{ id: session.session_id })).length);
		});
		await holder.end();
		let isOver = false;
		answer.finally(() => (isOver = true));
		const asked = () => stack.sim.requests({ provider: 'groq', operation: 'chat' });
		await poll(async () => isOver || (await asked()).length);
		if (!isOver)
			await stack.sim.wait({ provider: 'groq', operation: 'chat', state: 'disconnected' });
		const { status, json, text } = await answer;
		assert.deepEqual([status, json.code], [409, 'superseded'], text);
	}
});

/* Every program is told of the cancellation, and hears it when it comes to it. */
test('sent behind the cancellation of its id: that is another message', async () => {
	await heal(stack);
	for (let i = 0; i < 60; i++) {
		const session = await newSession(stack);
		assert.deepEqual((await cancel(session, 'mine')).json, { cancelled: false });
		const { status, text } = await turn(stack, session, 'Hello.', {
			turn_id: 'mine', audio: false,
		});
		assert.equal(status, 200, `${i}: ${text}`);
	}
});

/* Turns that were asked for; of these some may wait for room for their bodies. */
const arrived = async () => {
	const { text } = await operate(stack, '/metrics');
	const count = /^scribe_request_queue_seconds_count\{program="agent_reply"\} (\d+)/m;
	return Number(count.exec(text)[1]);
};

/* An address has two such in hand until they are decoded, which takes these two seconds. */
test('cancelled as it waits for two large ones, like many of others: it is not heard', async () => {
	const [session, ...others] = await Promise.all([1, 2, 3].map(() => newSession(stack)));
	const strangers = await Promise.all([1, 2, 3, 4, 5].map(() => newSession(stack)));
	const slow = flacOfManyKeys(60000).toString('base64');
	await heal(stack);
	const before = await arrived();
	const two = others.map((other) => speak(other, 'theirs', slow));
	await poll(async () => (await arrived()) === before + 2);
	const answer = speak(session, 'mine', longSpeech(40).toString('base64'));
	await poll(async () => (await arrived()) === before + 3);
	await cancel(session, 'mine');
	await Promise.all(strangers.map(async (stranger) => {
		for (let i = 0; i < 60; i++)
			assert.equal((await cancel(stranger, `none ${i}`)).status, 200);
	}));
	const { status, json, text } = await answer;
	assert.deepEqual([status, json.code], [409, 'superseded'], text);
	assert.deepEqual((await Promise.all(two)).map((each) => each.status), [400, 400]);
	assert.deepEqual(await stack.sim.requests(EAR), []);
	assert.deepEqual(await rowsOf(session), []);
	assert.equal((await turn(stack, session, 'Hello again.', { turn_id: 'mine' })).status, 200);
});

test('what was said before it stands in no way of a newer message of another process', async () => {
	const session = await newSession(stack);
	await heal(stack);
	await stack.sim.fault({ ...EAR, fault: { hold: 'ear' } });
	const older = speak(session, 'older');
	await stack.sim.wait(EAR);
	await stack.sim.fault({ provider: 'groq', operation: 'chat', fault: { hold: 'model' } });
	const newer = askElsewhere({ ...pairOf(session), user_message: 'A newer one.', audio: false });
	await stack.sim.wait({ provider: 'groq', operation: 'chat' });
	await stack.sim.release('ear');
	const { status, json, text } = await older;
	assert.deepEqual([status, json.code], [409, 'superseded'], text);
	await stack.sim.release('model');
	assert.ok((await newer).text, 'it is answered');
	assert.deepEqual((await historyOf(session)).map(([who]) => who), ['visitor', 'agent']);
});

test('an answer that is played is cut to what was heard, and the model knows', async () => {
	await heal(stack);
	const session = await newSession(stack);
	const { json } = await turn(stack, session, 'Tell me more.', { audio: true, turn_id: 'one' });
	const ms = Buffer.from(json.audio_base64, 'base64').length / 16; /* 128 kbit/s */
	assert.deepEqual((await cancel(session, 'one', { heard_ms: 3_600_000 })).json,
		{ cancelled: false }, 'all of it was heard');
	assert.equal((await historyOf(session))[1][1], json.text);
	assert.deepEqual((await cancel(session, 'one', { heard_ms: Math.round(ms / 2) })).json,
		{ cancelled: true });
	const [, [who, heard, interrupted]] = await historyOf(session);
	assert.deepEqual([who, interrupted], ['agent', 't']);
	assert.ok(json.text.startsWith(heard) && heard.length < json.text.length && heard, heard);
	await turn(stack, session, 'And then?', { turn_id: 'two' });
	const asked = (await stack.sim.requests({ provider: 'groq', operation: 'chat' }))
		.filter(({ body }) => !body.tools).at(-1).body.messages;
	assert.match(asked[0].content, /interrupted your last reply/);
	assert.equal(asked[2].content, heard);
	assert.deepEqual((await cancel(session, 'one', { heard_ms: 0 })).json, { cancelled: true });
	assert.deepEqual((await historyOf(session)).map(([speaker]) => speaker),
		['visitor', 'visitor', 'agent'], 'nothing of it was heard after all');
	assert.equal(await countOf(session), 3);
});

/* ---- a reply that is being sent ---- */

/* A process that has one turn and sends its reply as told: progress_probe.c. */
const startSending = async (session, message) => {
	const child = spawn(join(build, flavour, 'integration/progress_probe'), [], {
		cwd: root,
		env: { ...stack.env, DATABASE_URL: programUrl(stack) },
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	after(() => child.kill());
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	const order = async (what) => {
		child.stdin.write(`${JSON.stringify(what)}\n`);
		const { value, done } = await lines.next();
		assert.ok(!done, 'it ended');
		return JSON.parse(value);
	};
	const begun = await order({ ...pairOf(session), message, turn_id: 'sent' });
	assert.equal(begun.code, 'ok');
	return { child, order, ended: once(child, 'close') };
};

const sentRow = (session) =>
	poll(async () => (await rowsOf(session)).find(([who]) => who === 'agent'));

test('what was sent is stored as the turn goes, sealed, and is whole at its end', async () => {
	const session = await newSession(stack);
	const { child, order, ended } = await startSending(session, 'Hello.');
	await order({ said: 'One.', ms: 500 });
	assert.deepEqual(await sentRow(session), ['agent', '', 't', 't']);
	await order({ said: 'One. Two.', ms: 1000 });
	await poll(async () => (await sql(stack, `select reply_pieces from turns
		where session_id = :'id'`, { id: session.session_id }))[0][0] === '{4,500,9,1000}');
	assert.deepEqual(await order({ finish: 'One. Two. Three.' }),
		{ cancelled: false, code: 'ok', turn: 1 });
	assert.deepEqual((await historyOf(session))[1], ['agent', 'One. Two. Three.', 'f']);
	child.stdin.end();
	assert.deepEqual(await ended, [0, null]);
});

test('a turn that ends before a tenth of a second has passed is stored once', async () => {
	const session = await newSession(stack);
	const { child, order, ended } = await startSending(session, 'Hello.');
	order({ said: 'One.', ms: 500 });
	await order({ finish: 'One.' });
	child.stdin.end();
	await ended;
	assert.deepEqual((await historyOf(session))[1], ['agent', 'One.', 'f']);
});

/* A process that was killed when two sentences of its reply had been sent. */
const dieSending = async (session) => {
	const { child, order, ended } = await startSending(session, 'Hello.');
	await order({ said: 'One. Two.', ms: 1000 });
	await sentRow(session);
	child.kill('SIGKILL');
	await ended;
};

test('a process that is killed leaves what it had sent', async () => {
	const session = await newSession(stack);
	await dieSending(session);
	await heal(stack);
	const next = await poll(async () => {
		const answer = await turn(stack, session, 'Are you there?');
		return answer.status === 200 && answer;
	});
	assert.deepEqual((await historyOf(session)).slice(1), [
		['agent', 'One. Two.', 't'],
		['visitor', 'Are you there?', 'f'],
		['agent', next.json.text, 'f'],
	]);
});

test('and that is remembered once the session has ended, though nobody comes back', async () => {
	const session = await newSession(stack);
	await dieSending(session);
	await sql(
		stack,
		`update turns set ends_by = now() where session_id = :'id';
		 update sessions set last_active_at = now() - interval '1 day' where id = :'id'`,
		{ id: session.session_id },
	);
	await pollJob(stack, 'close_idle', async () =>
		(await rowsOf(session)).every(([, text]) => text));
	await remembers(session, ['Hello.', 'One. Two.']);
});

test('interrupted before it was stored: history has all that was sent', async () => {
	const session = await newSession(stack);
	const { child, order, ended } = await startSending(session, 'Hello.');
	order({ said: 'One. Two.', ms: 1000 });
	await order({ interrupt: true });
	child.stdin.end();
	await ended;
	assert.deepEqual((await historyOf(session))[1], ['agent', 'One. Two.', 't']);
});

test('who sends and hears nothing learns with the next sentence that it is cancelled', async () => {
	const session = await newSession(stack);
	const { child, order, ended } = await startSending(session, 'Hello.');
	await order({ said: 'One two. Three.', ms: 2000 });
	await sentRow(session);
	assert.deepEqual((await cancel(session, 'sent', { heard_ms: 800 })).json,
		{ cancelled: true });
	await order({ said: 'One two. Three. Four.', ms: 3000 });
	assert.equal((await order({ wait: 20_000 })).cancelled, true);
	await order({ interrupt: true });
	assert.notEqual((await order({ finish: 'All of it.' })).code, 'ok');
	child.stdin.end();
	await ended;
	assert.deepEqual((await historyOf(session))[1], ['agent', 'One', 't'], 'it stays cut');
});

/* Who sends it hears of the end when that is told and, elsewhere, cut already. */
for (const stored of ['One.', ''])
	test(`cancelled when ${stored ? 'part' : 'none'} of what was heard is stored`, async () => {
		const session = await newSession(stack);
		const { child, order, ended } = await startSending(session, 'Hello.');
		if (stored) {
			await order({ said: stored, ms: 1000 });
			await sentRow(session);
		}
		assert.deepEqual((await cancel(session, 'sent', { heard_ms: 2000 })).json,
			{ cancelled: true });
		if (!stored) await order({ said: 'One.', ms: 1000 });
		await order({ said: 'One. Two three.', ms: 3000 });
		await order({ interrupt: true });
		child.stdin.end();
		await ended;
		assert.deepEqual((await historyOf(session))[1], ['agent', 'One. Two', 't']);
		assert.equal(await countOf(session), 2);
	});

for (const end of [{ interrupt: true }, { finish: 'One.' }])
	test(`a reply that was stored as it went counts once (${Object.keys(end)})`, async () => {
		const session = await newSession(stack);
		const { child, order, ended } = await startSending(session, 'Hello.');
		await order({ said: 'One.', ms: 1000 });
		await sentRow(session);
		assert.equal(await countOf(session), 2);
		assert.equal((await order(end)).code, 'ok');
		assert.equal(await countOf(session), 2);
		child.stdin.end();
		await ended;
	});

test('a reply of which nothing was heard counts no more, and what was said is kept', async () => {
	const session = await newSession(stack);
	const { child, order, ended } = await startSending(session, 'Hello.');
	await order({ said: 'One.', ms: 1000 });
	await sentRow(session);
	await cancel(session, 'sent', { heard_ms: 0 });
	await order({ interrupt: true });
	child.stdin.end();
	await ended;
	assert.deepEqual(await historyOf(session), [['visitor', 'Hello.', 'f']]);
	assert.equal(await countOf(session), 1);
});
