/* The fault matrix in short: of each outcome in tests/faults/table.mjs a cell or two. `make faults`
 * plays all of them, and at the settings that the table's times are for. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { play } from '../faults/scenes.mjs';
import { startBroken } from '../faults/start.mjs';
import { asMarkdown, BEGIN, cells, END } from '../faults/table.mjs';
import { root } from './env/index.mjs';

/* With sanitizers, beside other tests, even who is well is late. */
const PATIENT = {
	LLM_CONNECT_MS: '6000',
	LLM_FIRST_TOKEN_MS: '6000',
	ELEVENLABS_FIRST_MS: '6000',
};

let context;
before(async () => {
	const flavour = process.env.FLAVOUR ?? 'asan';
	context = await startBroken({ flavour, env: PATIENT, isBodily: false });
});
after(() => context?.stop());

for (const cell of cells({ short: true }))
	test(`${cell.row.of}, ${cell.fault}: ${cell.row.gets}`, () => play(context, cell));

test('the table in the README is the one that is played', () => {
	const readme = readFileSync(join(root, 'README.md'), 'utf8');
	const [from, to] = [readme.indexOf(BEGIN) + BEGIN.length, readme.indexOf(END)];
	assert.equal(
		readme.slice(from, to).trim(),
		asMarkdown(),
		'run node tests/faults/main.mjs --write',
	);
});
