/* A client that leaves in the middle of its turn, and what is left of the turn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { always, CHAINS, heal, turn } from './env/faults.mjs';
import { newSession, pairOf, poll, setJobDue, sql, superuser, useStack } from './env/index.mjs';

/* No model but the simulated one: what it fails at has failed. Waits of the simulator are shorter
 * than these, so that a call that ends was ended by us. */
const stack = useStack({
	simulator: true,
	name: 'gone',
	env: {
		...CHAINS,
		LLM_PROVIDERS: 'groq',
		LLM_FIRST_TOKEN_MS: '25000',
		EXTRACT_MS: '25000',
		ELEVENLABS_FIRST_MS: '25000',
		ELEVENLABS_MS: '25000',
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
for (const [what, headers] of [
	['its turn', {}],
	['its key', { 'idempotency-key': 'one of mine' }],
])
	test(`left while ${what} begins: the same message is answered at once`, async () => {
		await heal(stack);
		const session = await newSession(stack);
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
			const answer = await answeredAtLast(session, headers);
			assert.equal(answer.status, 200, answer.text);
			assert.deepEqual(await said(session), [
				['visitor', 'Hello there.'],
				['agent', answer.json.text],
			]);
		} finally {
			await holder.end();
		}
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
		`delete from turn_answers where session_id = :'id';
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
