/* scripts/ops: rules, alerts and the dashboard ask for what there is, and wake whom they should. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './env/stack.mjs';

const ops = join(root, 'scripts/ops');
const promtool = (...args) => {
	const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: ops, encoding: 'utf8' });
	assert.equal(status, 0, `promtool ${args.join(' ')}\n${stdout}${stderr}`);
};
const read = (name) => readFileSync(join(ops, name), 'utf8');
const dashboard = JSON.parse(read('dashboard.json'));
const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

test('rules and alerts are well made', () => {
	promtool('check', 'rules', 'rules.yml', 'alerts.yml');
});

test('alerts fire where they should, and the usual wakes nobody', () => {
	promtool('test', 'rules', 'tests.yml');
});

test('the dashboard asks in a language that Prometheus understands', () => {
	const dir = mkdtempSync(join(tmpdir(), 'scribe-ops-'));
	try {
		const rules = queries.map((expr, i) => ({
			record: `dashboard:${i}`,
			expr: expr.replaceAll('$__rate_interval', '1m'),
		}));
		const file = join(dir, 'queries.yml');
		writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
		promtool('check', 'rules', file);
	} finally {
		rmSync(dir, { recursive: true });
	}
});

/* As the sources name them: functions/metrics adds some to the list. */
test('nothing is asked for that nobody tells', () => {
	const sources = ['common/base/metric_list.h', 'common/base/metrics.c',
		'functions/metrics/metrics.c', 'common/engines/prices.c', 'functions/metrics/backups.c'];
	const told = new Set(sources.flatMap((path) =>
		[...readFileSync(join(root, path), 'utf8').matchAll(/"(scribe_\w+)"/g)].map(([, n]) => n)));
	const recorded = new Set([...read('rules.yml').matchAll(/record: (\S+)/g)].map(([, n]) => n));
	const rules = read('rules.yml') + read('alerts.yml');
	const groups = new Set([...rules.matchAll(/- name: (scribe_\w+)/g)].map(([, n]) => n));
	const asked = [...queries, rules].join('\n');
	for (const [name] of asked.matchAll(/\bscribe_[a-z_]+/g)) {
		if (groups.has(name)) continue;
		assert.ok(told.has(name.replace(/_(bucket|count|sum)$/, '')) || told.has(name), name);
	}
	for (const [name] of asked.matchAll(/\bscribe:[a-z_]+:[a-z0-9_]+/g))
		assert.ok(recorded.has(name), name);
});
