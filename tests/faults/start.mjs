/* A stack that can be broken everywhere: gates before its providers, a disk and a clock of its
 * own. */
import { keyHeaders, newSession, post, startStack } from '../integration/env/index.mjs';
import { turn } from '../integration/env/faults.mjs';
import { SLACK_PATH } from '../simulator/slack.mjs';
import { makeBodily } from './bodily.mjs';
import { makeGates } from './gates.mjs';

const PROVIDERS = ['groq', 'openai', 'elevenlabs', 'resend', 'slack'];

/* What the harness is patient with, as a stack by itself is; and nothing to wait for between
 * messages. */
const AS_EVER = {
	DB_CONNECT_MS: '2000',
	MEMORY_EMBED_MS: '2000',
	RECALL_EMBED_MS: '2000',
	OPENAI_EMBED_MS: '5000',
	LLM_CONNECT_MS: '2000',
	LLM_FIRST_TOKEN_MS: '3000',
	ELEVENLABS_FIRST_MS: '2000',
	ELEVENLABS_MS: '10000',
};
const BRISK = { MAIL_INTERVAL_MS: '0', SLACK_INTERVAL_MS: '0', JOBS_RETRY_MS: '100' };

const urlsOf = (gates) => {
	const at = (name) => `https://127.0.0.1:${gates[name].port}`;
	return {
		SCRIBE_CA_FILE: gates.caFile,
		GROQ_BASE_URL: at('groq'),
		OPENAI_BASE_URL: `${at('openai')}/v1`,
		ELEVENLABS_BASE_URL: at('elevenlabs'),
		RESEND_BASE_URL: at('resend'),
		SLACK_WEBHOOK_URL: `${at('slack')}${SLACK_PATH}`,
	};
};

/* Models are loaded, connections made. */
const warmUp = async (stack) => {
	const session = await newSession(stack);
	await turn(stack, session, 'Hello there.', { audio: true });
	await post(stack, 'text_to_speech', { text: 'Hello.' }, keyHeaders(stack));
};

/** {stack, gates, bodily, stop()}, the first three for scenes.mjs. `env`: settings besides;
 * `isBodily`: with another disk and clock than the machine's. */
export const startBroken = async ({ env = {}, isBodily = true, ...more } = {}) => {
	const { flavour = process.env.FLAVOUR ?? 'release' } = more;
	const gates = await makeGates(PROVIDERS);
	const bodily = isBodily ? makeBodily(flavour) : undefined;
	const clean = async () => {
		await gates.stop();
		bodily?.stop();
	};
	try {
		const stack = await startStack({
			flavour,
			name: 'faults',
			simulator: true,
			env: { ...AS_EVER, ...BRISK, ...urlsOf(gates), ...bodily?.settings, ...env },
		});
		await gates.open(stack.simulatorUrl);
		await warmUp(stack);
		const stop = async () => {
			await stack.stop();
			await clean();
		};
		return { stack, gates, bodily, stop };
	} catch (error) {
		await clean();
		throw error;
	}
};
