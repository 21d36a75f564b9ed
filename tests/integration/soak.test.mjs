/* The short form of make soak: what is not given back shows within a few rounds of conversation.
 * A sanitizer's build keeps what is freed, so of it memory tells nothing; and threads are begun as
 * they are wanted, more of them in a later round too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

/* Benches take what is released unless they are told. */
process.env.FLAVOUR ??= 'asan';
const { soak } = await import('../bench/soak.mjs');

const isSanitized = process.env.FLAVOUR !== 'release';
const ROUND = { rate: 10, round_s: 2 }; // of one that each turn leaves, twenty are too many
const SLACK = { descriptors: 12, ...(isSanitized ? {} : { rss_mb: 4 }) };

test('rounds of conversation leave nothing behind', async () => {
	const { problems, sent, table } = await soak({
		...{ ...ROUND, minutes: 0.3, slack: SLACK },
		env: { MEMORY_KEEP_MS: '200' },
	});
	assert.ok(sent >= 60);
	assert.ok(Object.keys(table).includes('agent_reply'));
	assert.deepEqual(problems, []);
});
