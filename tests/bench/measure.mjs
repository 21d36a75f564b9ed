/* What the benchmarks share: requests that must succeed, and percentiles. */

/** post(name, body): the JSON answer of a function; anything but 200 throws. */
export const poster =
	(stack) =>
	async (name, body) => {
		const response = await fetch(`${stack.baseUrl}/functions/v1/${name}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body),
		});
		const text = await response.text();
		if (response.status !== 200) throw new Error(`${name}: ${response.status} ${text}`);
		return JSON.parse(text);
	};

/** The value that p percent of the values do not exceed. */
export const percentile = (values, p) => {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil((sorted.length * p) / 100) - 1)] ?? 0;
};
