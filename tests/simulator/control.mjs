/* The simulator's own interface, under /__sim/. Every member is checked: a test that misspells
 * a fault gets a 400, not a test that proves nothing. */
import { anyObject, integer, object, oneOf, required, string } from './check.mjs';
import { queueRules } from './faults.mjs';
import { waitStates } from './journal.mjs';
import { json, refuse } from './reply.mjs';

const waitRule = (names) =>
	object({
		provider: oneOf(...names),
		operation: string(),
		state: oneOf(...waitStates),
		count: integer({ min: 1 }),
		timeout_ms: integer({ min: 1, max: 60000 }),
	});
const releaseRule = object({ hold: required(string({ min: 1 })) });

const check = (rule, body) => {
	const problem = rule(body, '');
	if (problem)
		refuse(json(400, { error: `${problem.path || 'body'}: ${problem.kind}`, problem }));
	return body;
};

const checkTarget = (providers, { provider, operation, fault }) => {
	const { routes, quotas } = providers.find(({ name }) => name === provider);
	if (operation !== undefined && !routes.some((route) => route.operation === operation))
		refuse(json(400, { error: `${provider} has no operation ${operation}` }));
	if (fault?.quota !== undefined && !quotas.includes(fault.quota))
		refuse(json(400, { error: `${provider} has no quota ${fault.quota}` }));
};

const settingsRule = (providers) =>
	object(
		Object.fromEntries(
			providers
				.filter((provider) => provider.settings)
				.map((provider) => [provider.name, anyObject()]),
		),
	);

/** What each control path does with the simulator's state and the request's body. */
export const controls = (state, providers) => {
	const names = providers.map(({ name }) => name);
	const rules = queueRules(names);
	const enqueue = (queue, rule) => (body) => {
		for (const item of [body].flat()) {
			checkTarget(providers, check(rule, item));
			state[queue].push(item);
		}
		return {};
	};
	return {
		'POST /__sim/faults': enqueue('faults', rules.fault),
		'POST /__sim/replies': enqueue('replies', rules.reply),
		'POST /__sim/reset': () => {
			state.reset();
			return {};
		},
		'POST /__sim/mend': () => {
			state.faults.length = 0;
			state.replies.length = 0;
			return {};
		},
		'POST /__sim/release': (body) => ({
			released: state.holds.release(check(releaseRule, body).hold),
		}),
		'POST /__sim/settings': (body) => {
			check(settingsRule(providers), body);
			for (const [name, value] of Object.entries(body))
				Object.assign(state.settings[name], value);
			return state.settings;
		},
		'POST /__sim/wait': async (body) => {
			const found = await state.journal.wait(check(waitRule(names), body));
			return found
				? { requests: found }
				: refuse(json(504, { error: 'nothing came' }));
		},
		'GET /__sim/requests': (body, query) => ({ requests: state.journal.list(query) }),
		'GET /__sim/outbox': () => state.outbox,
		'GET /__sim/pending': () => ({ faults: state.faults, replies: state.replies }),
		'GET /__sim/health': () => ({ status: 'ok' }),
	};
};
