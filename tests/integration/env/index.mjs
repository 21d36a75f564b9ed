/* All that a test of the stack needs:
 *
 *   import { newSession, post, useStack } from './env/index.mjs';
 *   const stack = useStack();                  // the shared one: local providers, no limits
 *   const stack = useStack({ simulator: true, env: { RATE_AGENT_REPLY: '3' } });  // an own one
 */
export * from './client.mjs';
export { readEvents } from './events.mjs';
export { functionNames, root, Stack, startStack, TALK } from './stack.mjs';
export { addPerson, admin, serviceKey, signIn } from './people.mjs';
export { startProbe } from './probe.mjs';
export { audio, flacOfManyKeys, longSpeech } from './recordings.mjs';
export { asSuperuser, dump, superuser, superuserUrl } from './superuser.mjs';
export { encodePart, signToken } from './tokens.mjs';
export { useStack } from './use.mjs';
export { programUrl, startWorker } from './workers.mjs';
