/* Five minutes of kill -9 under load (make storm), with Prometheus and Alertmanager looking on:
 *
 *   node tests/faults/storm_main.mjs       SECONDS=300 RATE=20 PAUSE_MS=4000 SEED=N
 *
 * Any program, nginx or PostgreSQL dies each few seconds; at the end the database is away for as
 * long as its alert takes. Prints what clients were answered, how long each part was away at most,
 * what was lost or doubled (nothing, it should say), and which alerts came and went; all of it in
 * var/bench/storm.json. Ends with 1 where it is not as it should be. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { number } from '../bench/stage.mjs';
import { takeDatabaseAway } from '../integration/env/breaking.mjs';
import { poll, startStack } from '../integration/env/index.mjs';
import { alertsNow, placeMonitors } from '../integration/env/monitors.mjs';
import { root } from '../integration/env/stack.mjs';
import { storm, STORM_ENV } from './storm.mjs';

const OPTIONS = {
	seconds: number('SECONDS', 300),
	rate: number('RATE', 20),
	pause_ms: number('PAUSE_MS', 4000),
	seed: number('SEED', Date.now() % 1_000_000),
};
const ALERT_MS = 300000;
const RESOLVED_MS = 600000;

/* Every alert there was while it looked. */
const watchAlerts = (monitors) => {
	const seen = new Set();
	const look = async () => {
		for (const name of await alertsNow(monitors)) seen.add(name);
	};
	const timer = setInterval(() => look().catch((error) => console.error(error.message)), 1000);
	return { seen, stop: () => clearInterval(timer) };
};

const monitors = await placeMonitors();
const stack = await startStack({
	flavour: process.env.FLAVOUR ?? 'release',
	name: 'storm',
	simulator: true,
	withMetrics: true,
	env: { ...STORM_ENV, ...monitors.env, SCRIBE_SCRAPE_S: '5' },
});
const alerts = watchAlerts(monitors);
const report = await storm(stack, OPTIONS);
console.error(JSON.stringify(report));
const giveBack = await takeDatabaseAway(stack);
await poll(() => alerts.seen.has('ScribeDatabaseDown'), { deadlineMs: ALERT_MS, everyMs: 1000 });
await giveBack();
const isQuiet = async () => !(await alertsNow(monitors)).length;
await poll(isQuiet, { deadlineMs: RESOLVED_MS, everyMs: 1000 }).catch(async () => {
	report.problems.push(`alerts that stay: ${await alertsNow(monitors)}`);
});
alerts.stop();
report.alerts = [...alerts.seen];
await stack.stop();
monitors.release();

console.table(report.kills);
console.table(report.answers);
const { visitors, turns, slack, problems } = report;
console.table([{ seed: OPTIONS.seed, visitors, turns, ...slack, problems: problems.length }]);
console.log(`alerts that came and went: ${report.alerts.join(', ')}`);
mkdirSync(join(root, 'var/bench'), { recursive: true });
const text = `${JSON.stringify({ ...OPTIONS, ...report }, null, '\t')}\n`;
writeFileSync(join(root, 'var/bench/storm.json'), text);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length ? 1 : 0;
