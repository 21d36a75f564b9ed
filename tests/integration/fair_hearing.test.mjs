/* One address asks for all the hearing there is; a visitor at another one talks. Rates, budget and
 * numbers of connections are those that a stack has without settings. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
	audio, flacOfManyKeys, longSpeech, newSession, pairOf, poll, postFrom, useStack,
} from './env/index.mjs';

const stack = useStack({
	functions: ['create_session', 'speech_to_text'],
	env: { RATE_SPEECH_TO_TEXT: '', STT_SECONDS_PER_MINUTE: '' },
});

const VISITOR = '127.0.0.1';
const GREEDY = Array.from({ length: 4 }, (_, i) => `127.0.0.${i + 2}`);
const AT_ONCE = 4; /* as many as an address may have */
const LONG_S = 110; /* of sound, which takes half a minute */
const TURNS = 3;
const BEHIND = 2; /* long recordings heard at the same time */
const ASK_AGAIN_MS = 500;

const hear = (from, pair, audio_base64) =>
	postFrom(stack, from, 'speech_to_text', { ...pair, audio_base64 });

const short = audio('speech/spk1_snt3.wav').toString('base64');
const long = longSpeech(LONG_S).toString('base64');

const talk = async (pair) => {
	for (let i = 0; i < TURNS; i++) {
		const { status, text, json } = await hear(VISITOR, pair, short);
		assert.equal(status, 200, text);
		assert.notEqual(json.text, '');
	}
};

/* Asks again as soon as there is an answer. */
const ask = async (from, answers, isOver) => {
	const pair = pairOf(await newSession(stack));
	while (!isOver()) {
		answers.push(await hear(from, pair, long));
		await pause(ASK_AGAIN_MS); /* or this test would be most of what keeps the machine busy */
	}
};

/* They got what a place for long recordings was held for. */
const countBegun = (answers) => answers.filter(({ status }) => [200, 504].includes(status)).length;

const readStat = (path) => {
	try {
		return readFileSync(`${path}/stat`, 'utf8');
	} catch {
		return ''; // it has just ended
	}
};

const niceness = (path) => Number(readStat(path).replace(/^.*\) /s, '').split(' ')[16]);

const ofThreads = (pid) =>
	readdirSync(`/proc/${pid}/task`).map((thread) => niceness(`/proc/${pid}/task/${thread}`));

/* Behind, but not so far that nothing would come of it while others keep all processors busy. */
const isHeardBehind = () => {
	const pid = stack.pidOf('speech_to_text');
	return ofThreads(pid).some((nice) => nice > niceness(`/proc/${pid}`) && nice < 19);
};

test('who talks is heard beside addresses that send as much as they may', async () => {
	const pair = pairOf(await newSession(stack));
	const answers = [];
	let isOver = false;
	const greedy = GREEDY.flatMap((from) =>
		Array.from({ length: AT_ONCE }, () => ask(from, answers, () => isOver)));
	/* By then all that may be in hand is, and the rest was refused. */
	await poll(() => answers.some(({ status }) => status === 503), { deadlineMs: 60_000 });
	await poll(isHeardBehind, { deadlineMs: 60_000 });
	const before = countBegun(answers);
	await talk(pair).finally(() => (isOver = true));
	const during = countBegun(answers) - before;
	await Promise.all(greedy);
	/* It waited for none of those that wait, though they were first. */
	assert.ok(during <= BEHIND * TURNS, `${during} long recordings went before ${TURNS} turns`);
	for (const { status, headers, text } of answers) {
		/* 504: it was begun, and the machine was too busy. */
		assert.ok([200, 429, 503, 504].includes(status), text);
		if ([429, 503].includes(status)) assert.ok(Number(headers['retry-after']) >= 1, text);
	}
});

const childrenOf = (pid) => {
	try {
		return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
	} catch {
		return [];
	}
};

/* Of a process and all that it has started, and these. */
const nicenesses = (pid) => [
	niceness(`/proc/${pid}`),
	...childrenOf(pid).flatMap(nicenesses),
];

test('what an address wants beside much else gets what others leave', async () => {
	const pair = pairOf(await newSession(stack));
	const slow = flacOfManyKeys(60000).toString('base64');
	let hasEnded = false;
	const many = Promise.all(Array.from({ length: 4 }, () => hear('127.0.0.50', pair, slow)));
	many.finally(() => (hasEnded = true));
	await poll(() => hasEnded || nicenesses(stack.pidOf('speech_to_text')).includes(19));
	assert.ok(!hasEnded, 'no decoder of theirs is behind');
	const other = await hear('127.0.0.51', pair, short);
	assert.equal(other.status, 200, other.text);
	assert.ok(!hasEnded, 'who came last was not served first');
	await many;
});

test('an address has as many seconds as the budget tells; others have theirs', async () => {
	const pair = pairOf(await newSession(stack));
	await stack.commandWith({ STT_SECONDS_PER_MINUTE: '3' }, 'reload', 'speech_to_text');
	stack.expectRestart('speech_to_text');
	const first = await hear('127.0.0.40', pair, short);
	const second = await hear('127.0.0.40', pair, short);
	const other = await hear('127.0.0.41', pair, short);
	assert.deepEqual([first.status, second.status, other.status], [200, 429, 200], second.text);
	assert.equal(second.json.code, 'rate_limited');
	const wait = Number(second.headers['retry-after']);
	assert.ok(wait > 1 && wait < 60, `${wait} s`);
});

test('who sends recordings that break decoders has less for others', async () => {
	const pair = pairOf(await newSession(stack));
	const slow = flacOfManyKeys(60000).toString('base64');
	const bad = audio('malformed/bad.wav').toString('base64');
	const broken = await hear('127.0.0.42', pair, slow);
	assert.equal(broken.status, 400, broken.text);
	const next = await hear('127.0.0.42', pair, short);
	assert.equal(next.status, 429, next.text);
	assert.ok(Number(next.headers['retry-after']) > 1);
	const statuses = [];
	for (let i = 0; i < 4; i++) statuses.push((await hear('127.0.0.43', pair, bad)).status);
	assert.ok(statuses.includes(429), `${statuses}`);
	assert.equal(statuses[0], 400);
	const other = await hear('127.0.0.44', pair, short);
	assert.equal(other.status, 200, other.text);
});
