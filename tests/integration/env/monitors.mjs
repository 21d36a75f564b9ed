/* The Prometheus and the Alertmanager of a stack. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { takePort } from './ports.mjs';
import { root } from './stack.mjs';

/** Settings for a stack that is to have them, on ports that nobody else has, looking each second;
 * release() gives the ports back. */
export const placeMonitors = async () => {
	const [metrics, prometheus, alertmanager] = [
		await takePort(), await takePort(), await takePort(),
	];
	return {
		env: {
			METRICS_PORT: `${metrics.port}`,
			SCRIBE_PROMETHEUS_PORT: `${prometheus.port}`,
			SCRIBE_ALERTMANAGER_PORT: `${alertmanager.port}`,
			SCRIBE_SCRAPE_S: '1',
		},
		prometheus: `http://127.0.0.1:${prometheus.port}`,
		alertmanager: `http://127.0.0.1:${alertmanager.port}`,
		release: () => [metrics, prometheus, alertmanager].forEach((place) => place.release()),
	};
};

/** What Prometheus answers at /api/v1/<path>. */
export const askPrometheus = async ({ prometheus }, path, parameters = {}) => {
	const response = await fetch(
		`${prometheus}/api/v1/${path}?${new URLSearchParams(parameters)}`,
	);
	const { status, data, error } = await response.json();
	assert.equal(status, 'success', `${path} ${JSON.stringify(parameters)}: ${error}`);
	return data;
};

/** What the dashboard's panels ask, as Grafana would at this pace. */
export const dashboardQueries = (interval) => {
	const { panels } = JSON.parse(readFileSync(join(root, 'scripts/ops/dashboard.json'), 'utf8'));
	return panels.flatMap(({ targets = [] }) =>
		targets.map(({ expr }) => expr.replaceAll('$__rate_interval', interval)));
};

/** The queries among these that have no number now. */
export const withoutNumber = async (monitors, queries) => {
	const found = await Promise.all(queries.map(async (query) => {
		const { result } = await askPrometheus(monitors, 'query', { query });
		return result.some(({ value: [, text] }) => Number.isFinite(Number(text)));
	}));
	return queries.filter((_, i) => !found[i]);
};

/** The names of the alerts that Alertmanager has now. */
export const alertsNow = async ({ alertmanager }) => {
	const response = await fetch(`${alertmanager}/api/v2/alerts?active=true`);
	return (await response.json()).map(({ labels }) => labels.alertname);
};
