/* What the tests of the simulator share: one simulator per file and the official clients on it. */
import { File } from 'node:buffer';
import { after, before, beforeEach } from 'node:test';
import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js';
import Groq from 'groq-sdk';
import OpenAI from 'openai';
import { simulatorAt } from '../../simulator/client.mjs';
import { simulatorEnv, startSimulator } from '../../simulator/server.mjs';

/* Node 18 has the class but not the global that the clients' uploads look for. */
globalThis.File ??= File;

let Resend;

/** Starts a simulator for the calling test file, reset before each test. The members of what
 * is returned are there from the first test on: {sim, env}. */
export const useSimulator = () => {
	const used = {};
	let simulator;
	before(async () => {
		simulator = await startSimulator();
		used.sim = simulatorAt(simulator.url);
		used.env = simulatorEnv(simulator.url);
		/* Resend's client reads its address once, when it is loaded. */
		process.env.RESEND_BASE_URL = used.env.RESEND_BASE_URL;
		({ Resend } = await import('resend'));
	});
	beforeEach(() => used.sim.reset());
	after(() => simulator.stop());
	return used;
};

/** Official clients that do not retry unless told to. */
export const newGroq = (env, options) =>
	new Groq({
		apiKey: env.GROQ_API_KEY,
		baseURL: env.GROQ_BASE_URL,
		maxRetries: 0,
		...options,
	});
export const newOpenAI = (env, options) =>
	new OpenAI({
		apiKey: env.OPENAI_API_KEY,
		baseURL: env.OPENAI_BASE_URL,
		maxRetries: 0,
		...options,
	});
export const newVoice = (env, options) =>
	new ElevenLabsClient({
		apiKey: env.ELEVENLABS_API_KEY,
		baseUrl: env.ELEVENLABS_BASE_URL,
		maxRetries: 0,
		...options,
	});
export const newMailer = (env, key = env.RESEND_API_KEY) => new Resend(key);

/** Everything a stream yields. */
export const collect = async (stream) => {
	const chunks = [];
	for await (const chunk of stream) chunks.push(chunk);
	return chunks;
};

/** Lets waits of exactly `ms` end at once; the list returned tells that they were asked for. */
export const skipWaits = (t, ms) => {
	const real = globalThis.setTimeout;
	const waits = [];
	t.mock.method(globalThis, 'setTimeout', (fn, wait, ...rest) => {
		if (wait === ms) waits.push(wait);
		return real(fn, wait === ms ? 0 : wait, ...rest);
	});
	return waits;
};
