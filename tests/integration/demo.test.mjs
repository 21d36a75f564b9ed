/* scripts/demo: what a person sees first. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { poll } from './env/client.mjs';
import { takePort } from './env/ports.mjs';
import { root } from './env/stack.mjs';
import { build, flavour, run, START, START_MS } from './env/stack_command.mjs';

const AUDIO = join(root, 'tests/data/audio');
const HEADER_MASK = 0xfffff0c0; /* sync, version, layer, bit rate; channel mode */
const HEADER_MONO_128 = 0xfffb90c0 & HEADER_MASK; /* MPEG-1 layer III, 128 kbit/s, mono */
const BYTES_PER_SECOND = 16_000;

/* Somebody at the same machine may be looking at a demo of their own. */
const demo = async (more = {}) => {
	const { PATH, HOME, SCRIBE_CACHE } = process.env;
	const given = { PATH, HOME, BUILD: build, FLAVOUR: flavour, ...START, ...more };
	const env = SCRIBE_CACHE ? { ...given, SCRIBE_CACHE } : given;
	let result;
	await poll(
		async () => {
			result = await run(join(root, 'scripts/demo'), [], { cwd: root, env });
			return !/another demo is running/.test(result.stderr);
		},
		{ deadlineMs: START_MS, everyMs: 1000 },
	);
	return result;
};
const left = (name) => readFileSync(join(root, 'var/demo', name));

test('three turns, spoken and answered aloud, with no key', async () => {
	const { status, stdout, stderr } = await demo();
	assert.equal(status, 0, stderr);
	for (const word of ['Turn 1', 'Turn 2', 'Turn 3', 'heard', 'reply', 'lead', 'speech_to_text'])
		assert.ok(stdout.includes(word), word);
	assert.match(stdout, /ms  text [^]*ms  audio +0\.0 [^]*ms  done/, 'what came when');
	const transcript = JSON.parse(left('transcript.json'));
	const reply = JSON.parse(left('reply.json'));
	assert.match(transcript.text, /this quarter/i);
	const scores = [...stdout.matchAll(/ lead +(\d+) of 100, (\w+)/g)].map(([, score]) => +score);
	assert.equal(scores.length, 3);
	assert.ok(scores[0] < scores[1] && scores[1] < scores[2], `a lead emerges: ${scores}`);
	assert.equal(reply.extract.priority, 'high', JSON.stringify(reply.extract));
	assert.match(stdout, /slack_lead +\| ready .*waiting for SLACK_WEBHOOK_URL/);
	assert.equal(transcript.provider, 'local');
	assert.ok(stdout.includes(transcript.text) && stdout.includes(reply.text));
	const mp3 = left('reply.mp3');
	assert.deepEqual(mp3, Buffer.from(reply.audio_base64, 'base64'));
	assert.equal((mp3.readUInt32BE(0) & HEADER_MASK) >>> 0, HEADER_MONO_128 >>> 0);
	assert.ok(mp3.length > BYTES_PER_SECOND, 'it speaks for less than a second');
});

test('a recording of your own, at a port of your own', async () => {
	const { port, release } = await takePort();
	const more = { AUDIO: join(AUDIO, 'speech/jfk.wav'), PORT: String(port) };
	const { status, stdout, stderr } = await demo(more);
	await release?.();
	assert.equal(status, 0, stderr);
	assert.ok(stdout.includes(`at http://127.0.0.1:${port}\n`), stdout);
	assert.match(stdout, /ask not what your country can do for you/i);
});

test('a recording that is not there, or is none', async () => {
	const absent = await demo({ AUDIO: '/nope.wav' });
	assert.equal(absent.status, 1);
	assert.match(absent.stderr, /'\/nope\.wav' can not be read/);
	const text = await demo({ AUDIO: join(root, 'scripts/demo') });
	assert.equal(text.status, 1);
	assert.match(text.stderr, /speech_to_text answered 400: .*invalid_audio/);
});
