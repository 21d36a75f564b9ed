/* Half an hour of conversation, and whether anything grows:
 *
 *   node tests/bench/soak_main.mjs        (make soak)
 *   MINUTES=5 RATE=20                     a shorter one, or a busier
 *
 * Prints a table and writes var/bench/soak.json. Ends with 1 where something grows or failed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../integration/env/stack.mjs';
import { soak } from './soak.mjs';
import { number } from './stage.mjs';

const options = { minutes: number('MINUTES', 30), rate: number('RATE', 10), round_s: 30 };
const report = await soak(options, ({ sent, failed, sizes }) =>
	console.error(JSON.stringify({ sent, failed, agent_reply: sizes.agent_reply })));
console.table(report.table);
console.log(`${report.rounds.length} rounds, ${report.sent} turns, ${report.failed} failed`);
mkdirSync(join(root, 'var/bench'), { recursive: true });
writeFileSync(join(root, 'var/bench/soak.json'),
	`${JSON.stringify({ ...options, ...report }, null, '\t')}\n`);
for (const problem of report.problems) console.error(problem);
process.exitCode = report.problems.length ? 1 : 0;
