/* Providers that fail on purpose: what the tests of fallback share. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { keyHeaders, pairOf, post } from './client.mjs';
import { audio } from './recordings.mjs';

/** Settings of a stack that asks a provider first and this machine then. */
export const CHAINS = {
	LLM_PROVIDERS: 'groq,builtin',
	STT_PROVIDERS: 'groq,local',
	TTS_PROVIDERS: 'elevenlabs,local',
};

/* Layout of the file in common/call/breaker.c: a head, then 64 slots of a name and two words. */
const SLOTS = 64;
const SLOT_BYTES = 64;
const WORD_AT = 48;
const WORD_BYTES = 16;

/* What the breakers know is set back to nothing, as if it were long ago. */
const forgetFailures = (stack) => {
	const file = openSync(join(stack.dir, 'run/breakers'), 'r+');
	for (let slot = 1; slot <= SLOTS; slot++)
		writeSync(file, Buffer.alloc(WORD_BYTES), 0, WORD_BYTES, slot * SLOT_BYTES + WORD_AT);
	closeSync(file);
};

/** All providers are well, and trusted. */
export const heal = async (stack) => {
	await stack.sim.reset();
	forgetFailures(stack);
};

/** A fault of each call of a provider until it is healed. */
export const always = (provider, fault) => ({ provider, fault, times: -1 });

export const turn = (stack, session, user_message, more = {}, headers = {}) =>
	post(
		stack,
		'agent_reply',
		{ ...pairOf(session), user_message, audio: false, ...more },
		headers,
	);

let spoken = 0;

/** Speaks a few words, never the same twice, lest the cache answers. */
export const speak = (stack) =>
	post(stack, 'text_to_speech', { text: `Number ${++spoken}.` }, keyHeaders(stack));

/** "The air is pure", and more, in base64. */
export const CLIP = audio('speech/spk1_snt3.wav').toString('base64');

export const hear = (stack, session) =>
	post(stack, 'speech_to_text', { ...pairOf(session), audio_base64: CLIP });

/** A turn in which that is said. */
export const spokenTurn = (stack, session) =>
	post(stack, 'agent_reply', { ...pairOf(session), audio_base64: CLIP });
