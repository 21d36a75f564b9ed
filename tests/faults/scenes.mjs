/* How each row of table.mjs is played: a scene breaks something as `fault` says, does what a
 * visitor does, asserts what the row promises, and mends it. It gives how long the visitor waited,
 * in milliseconds. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import {
	databaseIsBack, familyOf, killDatabase, killUnit, restartUnit, takeDatabaseAway, whileFrozen,
} from '../integration/env/breaking.mjs';
import { always, heal, spokenTurn, turn } from '../integration/env/faults.mjs';
import {
	functionNames, keyHeaders, newSession, pairOf, poll, pollJob, post, request, sql,
} from '../integration/env/index.mjs';

const HOT =
	'I am the CTO at Northwind, an enterprise company. We need retrieval for search ' +
	'this month, our budget is $100,000.';
const HOUR_S = 3600;

/* ---- what providers do wrong ---- */

const SIMULATED = {
	silent: { silence: true },
	'slow drip': { drip: { bytes: 1, pause_ms: 400 } },
	'cut mid-body': { cut_after_bytes: 1 },
	garbage: { garbage: 'html' },
	429: { status: 429, retry_after: 1 },
	401: { status: 401 },
	500: { status: 500 },
};

/* Of one operation, so that the other things the same provider does go on. */
const breakProvider = async ({ stack, gates }, provider, fault, operation) => {
	if (SIMULATED[fault])
		await stack.sim.fault({ ...always(provider, SIMULATED[fault]), operation });
	else await gates[provider].set(fault);
};

const mendProviders = async ({ stack, gates }) => {
	await heal(stack);
	await gates.open(stack.simulatorUrl);
};

/* ---- what visitors do ---- */

const timed = async (ask) => {
	const from = performance.now();
	const answer = await ask();
	return { ...answer, ms: performance.now() - from };
};

const rowsOf = (stack, session) =>
	sql(stack, `select speaker, text from utterances where session_id = :'id' order by position`, {
		id: session.session_id,
	});

let said = 0;
const newWords = () => `We build search number ${++said}.`;

const assertStored = async (stack, session, words, json) =>
	assert.deepEqual(await rowsOf(stack, session), [['visitor', words], ['agent', json.text]]);

/* One turn, aloud, that is to be answered: its answer and how long it took. */
const converse = async (stack, session, words = newWords()) => {
	const answer = await timed(() => turn(stack, session, words, { audio: true }));
	assert.equal(answer.status, 200, answer.text);
	assert.ok(answer.json.audio_base64?.length > 8000, 'aloud');
	await assertStored(stack, session, words, answer.json);
	return answer;
};

/* The same message until it is answered: all that a client can do. */
const insist = async (stack, session, words) => {
	const from = performance.now();
	const answer = await poll(async () => {
		const one = await turn(stack, session, words, { audio: true });
		assert.ok([200, 409, 502, 503].includes(one.status), one.text);
		return one.status === 200 && one;
	});
	await assertStored(stack, session, words, answer.json);
	return { ...answer, ms: performance.now() - from };
};

const assertUnavailable = (answer) => {
	assert.equal(answer.status, 503, answer.text);
	assert.equal(answer.json?.code, 'unavailable', answer.text);
	assert.ok(Number(answer.headers.get('retry-after')) >= 1);
};

/* ---- providers ---- */

const degradedTurn = (provider, fault, operation, capability) => async (context) => {
	const session = await newSession(context.stack);
	await breakProvider(context, provider, fault, operation);
	const { json, ms } = await converse(context.stack, session);
	assert.ok(json.degraded?.includes(capability), JSON.stringify(json.degraded));
	return ms;
};

const thinking = async (context, { fault }) =>
	degradedTurn('groq', fault, 'chat', 'llm')(context);

const thinkingNext = async (context, { fault }) => {
	const broken = { ...always('groq', { status: 500 }), operation: 'chat' };
	await context.stack.sim.fault(broken);
	return degradedTurn('openai', fault, 'chat', 'llm')(context);
};

const speaking = async (context, { fault }) =>
	degradedTurn('elevenlabs', fault, undefined, 'tts')(context);

const hearing = async (context, { fault }) => {
	const session = await newSession(context.stack);
	await breakProvider(context, 'groq', fault, 'transcribe');
	const { status, json, text, ms } = await timed(() => spokenTurn(context.stack, session));
	assert.equal(status, 200, text);
	assert.match(json.heard.text, /air is pure/i);
	assert.ok(json.degraded.includes('stt'), JSON.stringify(json.degraded));
	await assertStored(context.stack, session, json.heard.text, json);
	return ms;
};

const embedding = async (context, { fault }) => {
	const { stack } = context;
	const session = await newSession(stack);
	await breakProvider(context, 'openai', fault, 'embed');
	const { ms } = await converse(stack, session, 'My bakery in Lisbon is called Bluebird.');
	await pollJob(stack, 'keep_utterances', async () => {
		const asked = { ...pairOf(session), query: 'What is the bakery called?', limit: 1 };
		const { status, json, text } = await post(stack, 'recall_memories', asked);
		assert.equal(status, 200, text);
		return /Bluebird/.test(JSON.stringify(json.memories));
	});
	return ms;
};

/* ---- mails and messages ---- */

const hurry = (stack, kind) =>
	sql(stack, `update jobs set run_at = now() where kind = :'kind' and state = 'ready'`, { kind });

const providerAsked = (stack, fault, provider) =>
	fault in SIMULATED ? stack.sim.wait({ provider, timeout_ms: 60000 }) : pause(300);

const mail = async (context, { fault }) => {
	const { stack } = context;
	await stack.sim.settings({ resend: { per_second: 0 } });
	const email = `visitor.${++said}@mail-test.example`;
	await breakProvider(context, 'resend', fault);
	const { status, text, ms } = await timed(() => post(stack, 'collect_email', { email }));
	assert.equal(status, 200, text);
	await providerAsked(stack, fault, 'resend');
	await context.gates.open(stack.simulatorUrl);
	await stack.sim.mend();
	const mails = async () =>
		(await stack.sim.outbox()).resend.filter(({ to }) => [to].flat().includes(email));
	await poll(async () => {
		await hurry(stack, 'confirm_mail');
		const [[open]] = await sql(stack, `select count(*) from jobs
			where kind = 'confirm_mail' and state in ('ready', 'running')`);
		return open === '0';
	}, { everyMs: 200 });
	assert.equal((await mails()).length, 1, 'one mail');
	return ms;
};

const slack = async (context, { fault, row }) => {
	const { stack } = context;
	await stack.sim.settings({ slack: { per_second: 0 } });
	await breakProvider(context, 'slack', fault);
	const session = await newSession(stack);
	const { json, ms } = await converse(stack, session, `${HOT} Number ${++said}.`);
	assert.ok(json.extract.lead_score >= 70, JSON.stringify(json.extract));
	await providerAsked(stack, fault, 'slack');
	await context.gates.open(stack.simulatorUrl);
	await stack.sim.mend();
	const state = await poll(async () => {
		const rows = await sql(stack, `select state from jobs where kind = 'slack_lead'
			and key = :'id'`, { id: session.session_id });
		await hurry(stack, 'slack_lead');
		return ['done', 'dead'].includes(rows[0]?.[0]) && rows[0][0];
	}, { everyMs: 200 });
	const [[alert]] = await sql(stack, `select state from slack_alerts where session_id = :'id'`, {
		id: session.session_id,
	});
	const messages = (await stack.sim.outbox()).slack.filter((message) =>
		JSON.stringify(message).includes(session.session_id));
	const { expect } = row;
	assert.deepEqual([alert, state], [expect.alert, expect.alert === 'sent' ? 'done' : 'dead']);
	assert.ok(messages.length <= 1);
	if (expect.alert !== 'uncertain') assert.equal(messages.length, expect.messages);
	return ms;
};

/* ---- the database, its disk, the clock ---- */

const databaseAway = async ({ stack }, { fault }) => {
	const session = await newSession(stack);
	await converse(stack, session);
	const before = await rowsOf(stack, session);
	const ask = async () => {
		const answer = await timed(() => turn(stack, session, newWords()));
		assertUnavailable(answer);
		return answer.ms;
	};
	let ms;
	if (fault === 'silent')
		ms = await whileFrozen(familyOf(stack.pidOf('postgresql')), ask);
	else {
		const bringBack = await takeDatabaseAway(stack);
		ms = await ask();
		await bringBack();
	}
	const words = newWords();
	const later = await poll(async () => {
		const answer = await turn(stack, session, words);
		return answer.status === 200 && answer;
	});
	const rows = (await rowsOf(stack, session)).filter(([, text]) => text);
	assert.deepEqual(rows.slice(0, 2), before);
	assert.deepEqual(rows.slice(-2), [['visitor', words], ['agent', later.json.text]]);
	return ms;
};

const breakDatabase = {
	'kill -9': killDatabase,
	restart: async (stack) => {
		await restartUnit(stack, 'postgresql');
		await databaseIsBack(stack);
	},
};

/* A visitor asks all the while, each message until it is answered. */
const whileAsking = async (stack, body) => {
	const waits = [];
	let isOver = false;
	const visitor = (async () => {
		while (!isOver) {
			const session = await poll(() => newSession(stack));
			waits.push((await insist(stack, session, newWords())).ms);
		}
	})();
	try {
		await body();
	} finally {
		isOver = true;
	}
	await visitor;
	return Math.max(...waits);
};

const databaseBreaks = ({ stack }, { fault }) =>
	whileAsking(stack, () => breakDatabase[fault](stack));

const diskFull = async ({ stack, bodily }) => {
	const session = await newSession(stack);
	const words = newWords();
	bodily.fill(true);
	let refused;
	try {
		refused = await poll(async () => {
			const answer = await timed(() => turn(stack, session, words));
			if (answer.status !== 200) assertUnavailable(answer);
			return answer.status !== 200 && answer;
		});
	} finally {
		bodily.fill(false);
	}
	await databaseIsBack(stack);
	await insist(stack, session, words);
	return refused.ms;
};

/* The same session before and behind each jump; what waits for a job is done. */
const clock = async ({ stack, bodily }) => {
	const waits = [];
	const session = await newSession(stack);
	const expected = [];
	try {
		for (const seconds of [0, HOUR_S, -HOUR_S, 0]) {
			bodily.jump(seconds);
			const words = newWords();
			const answer = await timed(() => turn(stack, session, words, { audio: true }));
			assert.equal(answer.status, 200, `${seconds}: ${answer.text}`);
			expected.push(['visitor', words], ['agent', answer.json.text]);
			waits.push(answer.ms);
			await converse(stack, await newSession(stack));
		}
	} finally {
		bodily.jump(0);
	}
	assert.deepEqual(await rowsOf(stack, session), expected);
	return Math.max(...waits);
};

/* ---- our programs ---- */

/* A request of each that is answered with 200 when all is well; others are asked how they are. */
const requestOf = (name, session, stack) => {
	const pair = pairOf(session);
	const bodies = {
		create_session: {},
		agent_reply: { ...pair, user_message: newWords(), audio: false },
		text_to_speech: { ...pair, text: `Number ${++said}.` },
		recall_memories: { ...pair, query: 'What is it?' },
		save_memory: { ...pair, scope: 'long', content: { text: newWords() } },
		summarize_session: pair,
		groq_chat: { ...pair, messages: [{ role: 'user', content: 'Hello.' }] },
		collect_email: { email: `visitor.${++said}@mail-test.example` },
		action_items: { action: 'extract', text: 'I will write to Dana.' },
	};
	return bodies[name]
		? post(stack, name, bodies[name], keyHeaders(stack))
		: request(stack, 'GET', `/readyz/${name}`);
};

const isHealth = ({ json }) => json?.status === 'down';

/* Who asks how a program is does not wait for it. */
const requestOrHealth = (name, session, stack) =>
	poll(async () => {
		const answer = await requestOf(name, session, stack);
		return (answer.status === 200 || !isHealth(answer)) && answer;
	});

const programKilled = async ({ stack }) => {
	const waits = [];
	for (const name of functionNames()) {
		const session = await newSession(stack);
		await killUnit(stack, name);
		const { status, text, ms } = await timed(() => requestOrHealth(name, session, stack));
		assert.equal(status, 200, `${name}: ${text}`);
		waits.push(ms);
	}
	await stack.sim.fault({ ...always('groq', { hold: 'model' }), operation: 'chat' });
	const [session, words] = [await newSession(stack), newWords()];
	const inHand = turn(stack, session, words, { audio: true });
	await stack.sim.wait({ provider: 'groq', operation: 'chat' });
	await killUnit(stack, 'agent_reply');
	assert.equal((await inHand).status, 502);
	await stack.sim.reset();
	waits.push((await insist(stack, session, words)).ms);
	return Math.max(...waits);
};

const programSilent = async ({ stack }) => {
	const names = functionNames();
	const session = await newSession(stack);
	const pids = names.flatMap((name) => familyOf(stack.pidOf(name)));
	const waits = await whileFrozen(pids, () =>
		Promise.all(
			names.map(async (name) => {
				const { status, ms } = await timed(() => requestOf(name, session, stack));
				assert.ok([503, 504].includes(status), `${name}: ${status}`);
				return ms;
			}),
		),
	);
	for (const name of names) {
		const { status, text } = await poll(async () => {
			const answer = await requestOf(name, session, stack);
			return answer.status === 200 && answer;
		});
		assert.equal(status, 200, `${name}: ${text}`);
	}
	return Math.max(...waits);
};

/* ---- nginx ---- */

const askThrough = async (stack, body) => {
	const [session, words] = [await newSession(stack), newWords()];
	await stack.sim.fault({ ...always('groq', { hold: 'model' }), operation: 'chat' });
	const inHand = turn(stack, session, words, { audio: true }).catch((error) => error);
	await stack.sim.wait({ provider: 'groq', operation: 'chat' });
	await body();
	await stack.sim.release('model');
	await stack.sim.mend();
	await inHand;
	return (await insist(stack, session, words)).ms;
};

const nginxKilled = async ({ stack }) => {
	const waits = [];
	const master = () => poll(() => stack.pidOf('nginx'));
	for (const whom of [
		async () => familyOf(await master()),
		async () => [await master()],
	]) {
		await heal(stack);
		waits.push(await askThrough(stack, async () => {
			for (const pid of await whom()) process.kill(pid, 'SIGKILL');
		}));
	}
	await poll(async () => (await stack.command('status')) && true);
	return Math.max(...waits);
};

const nginxRestarted = ({ stack }) =>
	askThrough(stack, () => restartUnit(stack, 'nginx'));

const SCENES = {
	...{ thinking, thinkingNext, hearing, speaking, embedding, mail, slack },
	...{ databaseAway, databaseBreaks, diskFull, clock },
	...{ programKilled, programSilent, nginxKilled, nginxRestarted },
};

/** Plays a cell of table.mjs on {stack, gates, bodily}: how many ms the visitor waited. */
export const play = async (context, cell) => {
	await mendProviders(context);
	try {
		return await SCENES[cell.row.scene](context, cell);
	} finally {
		await mendProviders(context);
	}
};
