/* A test's hand on the control interface of a simulator. */

const call = async (url, method, path, body) => {
	const response = await fetch(`${url}/__sim/${path}`, {
		method,
		body: body && JSON.stringify(body),
		headers: { connection: 'close' },
	});
	const answer = await response.json();
	if (!response.ok) throw new Error(`simulator ${path}: ${answer.error}`);
	return answer;
};

/** Everything a test asks of the simulator at `url`. */
export const simulatorAt = (url) => ({
	url,
	/** Queue a fault: {provider, operation?, match?, fault: {…}, times?}, or a list of them. */
	fault: (item) => call(url, 'POST', 'faults', item),
	/** Queue a scripted reply: {provider, operation?, match?, reply: {…}, times?}, or a list. */
	reply: (item) => call(url, 'POST', 'replies', item),
	/** Forget faults, replies, requests, sent messages; default settings. */
	reset: () => call(url, 'POST', 'reset', {}),
	/** Forget faults and scripted replies only: all is well from here on. */
	mend: () => call(url, 'POST', 'mend', {}),
	/** Let replies held under this name go on. */
	release: (hold) => call(url, 'POST', 'release', { hold }),
	/** Change rates and the like: {slack: {per_second, burst}, resend: {…, domains}}. */
	settings: (values) => call(url, 'POST', 'settings', values),
	/** Wait for requests: {provider?, operation?, state?, count?, timeout_ms?}; throws if late. */
	wait: async (what) => (await call(url, 'POST', 'wait', what)).requests,
	/** The requests recorded, oldest first; filter {provider?, operation?}. */
	requests: async (filter = {}) =>
		(await call(url, 'GET', `requests?${new URLSearchParams(filter)}`)).requests,
	/** What was really delivered: {slack: […], resend: […]}. */
	outbox: () => call(url, 'GET', 'outbox'),
	/** Faults and replies that no call has used up yet. */
	pending: () => call(url, 'GET', 'pending'),
});
