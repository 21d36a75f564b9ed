/* scripts/stack up --with-metrics: Debian's Prometheus and Alertmanager, asking this stack. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { killUnit } from './env/breaking.mjs';
import { everyOne } from './env/stack_command.mjs';
import { audio, newSession, pairOf, poll, post, TALK, useStack } from './env/index.mjs';
import {
	alertsNow, askPrometheus, dashboardQueries, placeMonitors, withoutNumber,
} from './env/monitors.mjs';

const run = promisify(execFile);
const dir = mkdtempSync(join(tmpdir(), 'scribe-monitors-'));
const monitors = await placeMonitors();

/* Somebody who is woken. */
const woken = [];
const server = createServer(async (request, response) => {
	woken.push(Buffer.concat(await request.toArray()).toString());
	response.end();
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const wakes = join(dir, 'alertmanager.yml');
const url = `http://127.0.0.1:${server.address().port}`;
writeFileSync(wakes, `route: {receiver: me, group_wait: 0s}
receivers: [{name: me, webhook_configs: [{url: "${url}"}]}]
`);

const stack = useStack({
	name: 'monitors',
	functions: [...TALK, 'browser_timings', 'metrics'],
	simulator: true,
	withMetrics: true,
	env: { ...monitors.env, SCRIBE_ALERTMANAGER_FILE: wakes },
});
stack.expectRestart(...TALK, 'browser_timings', 'metrics');
after(() => {
	server.close();
	monitors.release();
	rmSync(dir, { recursive: true });
});

const isAsked = async () => {
	const { result } = await askPrometheus(monitors, 'query', { query: 'up{job="scribe"}' });
	return result[0]?.value[1] === '1';
};

test('Prometheus asks the stack, knows every rule, and tells Alertmanager', async () => {
	await poll(isAsked);
	const { activeAlertmanagers } = await askPrometheus(monitors, 'alertmanagers');
	assert.deepEqual(
		activeAlertmanagers.map(({ url }) => new URL(url).origin),
		[monitors.alertmanager],
	);
	const { groups } = await askPrometheus(monitors, 'rules');
	const names = groups.flatMap(({ rules }) => rules.map(({ name }) => name));
	const written = ['rules.yml', 'alerts.yml'].flatMap((name) =>
		[...readFileSync(join(stack.dir, 'monitors', name), 'utf8')
			.matchAll(/- (?:record|alert): (\S+)/g)].map(([, found]) => found));
	assert.ok(written.length > 30);
	assert.deepEqual(names.sort(), written.sort());
});

/* Where all is well they have nothing to tell. */
const OF_TROUBLE = [
	/^sum by \(part\)/, /degraded/, /interruptions/, /signups/, /scribe_jobs_dead/,
	/fallbacks/, /retries/, /browser_errors/, /browser_stalled/, /scribe_leads/,
	/scribe_backup/, /* nothing is backed up here */
];

const speech = audio('speech/jfk.wav').toString('base64');

/* Somebody says something, and their browser tells how long it took. */
const speak = async () => {
	const session = pairOf(await newSession(stack));
	const { status, text } = await post(stack, 'agent_reply', { ...session, audio_base64: speech });
	assert.equal(status, 200, text);
	await post(stack, 'browser_timings', { first_audio_ms: [700], stalls: 0, stalled_ms: 0 });
};

test('a conversation is seen in all that the dashboard asks', async () => {
	const queries = dashboardQueries('10s').filter(
		(query) => !OF_TROUBLE.some((pattern) => pattern.test(query)),
	);
	assert.ok(queries.length > 25);
	let without;
	await poll(async () => {
		await speak();
		without = await withoutNumber(monitors, queries);
		return !without.length;
	}).catch((error) => {
		error.message += `\nno number: ${without?.join('\n')}`;
		throw error;
	});
	await withoutNumber(monitors, dashboardQueries('10s')); /* each is at least understood */
});

test('who is named is woken', async () => {
	const to = `--alertmanager.url=${monitors.alertmanager}`;
	await run('amtool', [to, 'alert', 'add', 'alertname=TestOfTheBell', 'severity=page']);
	await poll(() => woken.some((text) => text.includes('TestOfTheBell')));
	assert.ok((await alertsNow(monitors)).includes('TestOfTheBell'));
});

test('status tells of both, and who is killed is back', async () => {
	const old = await poll(() => supervised('prometheus'));
	process.kill(old, 'SIGKILL');
	await poll(async () => ![old, null].includes(supervised('prometheus')) && (await isAsked()));
	const { stdout } = await stack.command('status');
	assert.match(stdout, /^prometheus +\d+ +\d+s +healthy$/m);
	assert.match(stdout, /^alertmanager +\d+ +\d+s +healthy$/m);
});

const supervised = (name) =>
	Number(readFileSync(join(stack.dir, 'sv', name, 'a/supervise/pid'), 'utf8')) || null;

test('a reload keeps them and what they know, and refuses what is no file of theirs', async () => {
	const { METRICS_PORT, ...others } = stack.env;
	const broken = join(dir, 'broken.yml');
	writeFileSync(broken, 'route: {receiver: nobody}\n');
	await assert.rejects(
		stack.commandWith({ SCRIBE_ALERTMANAGER_FILE: broken }, 'reload'),
		/SCRIBE_ALERTMANAGER_FILE: .*undefined receiver/,
	);
	const pids = ['prometheus', 'alertmanager'].map(supervised);
	const settings = readFileSync(join(stack.dir, 'env.sh'), 'utf8');
	const prometheus = stack.env.SCRIBE_PROMETHEUS_PORT, taken = `${server.address().port}`;
	for (const [change, why] of [
		[{ SCRIBE_ALERTMANAGER_FILE: dir }, /SCRIBE_ALERTMANAGER_FILE: '.*' is not a file/],
		[{ SCRIBE_ALERTMANAGER_PORT: prometheus }, /SCRIBE_ALERTMANAGER_PORT: .* another part/],
		[{ SCRIBE_PROMETHEUS_PORT: taken }, /SCRIBE_PROMETHEUS_PORT: port \d+ .* is in use/],
		[{ METRICS_PORT: new URL(stack.baseUrl).port }, /METRICS_PORT: port \d+ is that of/],
	])
		await assert.rejects(stack.commandWith({ ...change, RETENTION_DAYS: '61' }, 'reload'), why);
	const relative = join(dir, 'relative.yml');
	writeFileSync(relative, `${readFileSync(wakes, 'utf8')}templates:
  - '/etc/scribe/*.tmpl'
  - mine/*.tmpl # beside this file
global: {slack_api_url_file: slack.url, smtp_auth_password_file: "/etc/scribe/mail"}
`);
	await assert.rejects(
		stack.commandWith({ SCRIBE_ALERTMANAGER_FILE: relative }, 'reload'),
		({ message }) => {
			assert.deepEqual([...message.matchAll(/'(\S+)' in it is no absolute path/g)]
				.map(([, path]) => path), ['mine/*.tmpl', 'slack.url']);
			return true;
		},
	);
	/* All of them are told at once. */
	await assert.rejects(
		stack.commandWith({
			SCRIBE_SCRAPE_S: '0', SCRIBE_ALERTMANAGER_FILE: dir, METRICS_PORT: '99999',
			SCRIBE_PROMETHEUS_PORT: taken, SCRIBE_ALERTMANAGER_PORT: '0', SCRIBE_DRAIN_S: 'soon',
		}, 'reload'),
		everyOne(
			/SCRIBE_SCRAPE_S: '0'/, /SCRIBE_ALERTMANAGER_FILE: '.*' is not a file/,
			/METRICS_PORT: '99999' is not a port/, /SCRIBE_PROMETHEUS_PORT: port \d+ .* is in use/,
			/SCRIBE_ALERTMANAGER_PORT: '0' is not a port/, /SCRIBE_DRAIN_S: /,
		),
	);
	assert.equal(readFileSync(join(stack.dir, 'env.sh'), 'utf8'), settings);
	assert.match(readFileSync(join(stack.dir, 'monitors/alertmanager.yml'), 'utf8'), /name: me/);
	assert.ok(METRICS_PORT);
	Object.assign(stack, { env: others });
	await stack.command('reload');
	assert.deepEqual(['prometheus', 'alertmanager'].map(supervised), pids);
	assert.match(
		readFileSync(join(stack.dir, 'monitors/prometheus.yml'), 'utf8'),
		new RegExp(`127.0.0.1:${METRICS_PORT}`),
	);
	await poll(isAsked);
	await killUnit(stack, 'metrics');
	await poll(isAsked);
});
