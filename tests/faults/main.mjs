/* The whole fault matrix (make faults), or what of it ONLY names:
 *
 *   node tests/faults/main.mjs             plays each cell of table.mjs; var/bench/faults.json
 *   ONLY='Slack|clock' node tests/faults/main.mjs
 *   node tests/faults/main.mjs --write     puts the table between its markers in README.md
 *
 * At the settings that a stack has by itself, so that what the table says of time is what people
 * have. Ends with 1 where a cell is not as the table says. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../integration/env/stack.mjs';
import { play } from './scenes.mjs';
import { startBroken } from './start.mjs';
import { asMarkdown, BEGIN, cells, END } from './table.mjs';

const ONLY = new RegExp(process.env.ONLY ?? '');

const write = () => {
	const file = join(root, 'README.md');
	const text = readFileSync(file, 'utf8');
	const [from, to] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
	if (from < BEGIN.length || to < from) throw new Error('README.md has no markers');
	writeFileSync(file, `${text.slice(0, from)}\n\n${asMarkdown()}\n\n${text.slice(to)}`);
};

const playOne = async (context, cell) => {
	const { of, within_s } = cell.row;
	const result = { of, fault: cell.fault, within_s };
	try {
		result.took_s = Math.round((await play(context, cell)) / 100) / 10;
		if (result.took_s > within_s) result.problem = `later than ${within_s} s`;
	} catch (error) {
		result.problem = error.message.slice(0, 2000);
	}
	console.error(JSON.stringify(result).slice(0, 600));
	return result;
};

const playAll = async () => {
	const context = await startBroken();
	const results = [];
	try {
		for (const cell of cells())
			if (ONLY.test(`${cell.row.of}: ${cell.fault}`))
				results.push(await playOne(context, cell));
	} finally {
		await context.stop();
	}
	return results;
};

if (process.argv[2] === '--write') {
	write();
} else {
	const results = await playAll();
	console.table(results.map(({ problem, ...more }) => ({ ...more, ok: !problem })));
	mkdirSync(join(root, 'var/bench'), { recursive: true });
	writeFileSync(join(root, 'var/bench/faults.json'), `${JSON.stringify(results, null, '\t')}\n`);
	const bad = results.filter(({ problem }) => problem);
	for (const { of, fault, problem } of bad) console.error(`${of}, ${fault}: ${problem}`);
	console.log(`${results.length - bad.length} passed, ${bad.length} failed`);
	process.exitCode = bad.length ? 1 : 0;
}
