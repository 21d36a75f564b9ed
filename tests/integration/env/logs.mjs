/* What must never stand in a log of the stack: the last words of a program that broke a rule. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const BROKEN = new RegExp(
	'AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|runtime error:|' +
		'[Aa]ssert|stack smashing|buffer overflow detected|Segmentation|terminated by signal|' +
		'exited on signal|core dumped',
);
/** How an error begins that tells of one. */
export const BROKE_A_RULE = 'a program broke a rule';
const CONTEXT_BEFORE = 3;
const CONTEXT_AFTER = 40;

/* PostgreSQL ends itself so where its log finds no room on the disk, which a test may see to. */
const isForWantOfRoom = (line, before = '') =>
	/terminated by signal 6/.test(line) && /PANIC: .*No space left on device/.test(before);

/** The first broken rule in a log with the lines around it, or null. */
export const brokenSlice = (text) => {
	const lines = text.split('\n');
	const at = lines.findIndex((line, i) =>
		BROKEN.test(line) && !isForWantOfRoom(line, lines[i - 1]));
	if (at < 0) return null;
	return lines.slice(Math.max(0, at - CONTEXT_BEFORE), at + CONTEXT_AFTER).join('\n');
};

/** Every log below `dir` that tells of a broken rule: [{file, slice}]. */
export const brokenLogs = (dir) =>
	readdirSync(dir)
		.filter((file) => file.endsWith('.log'))
		.map((file) => ({
			file,
			slice: brokenSlice(readFileSync(join(dir, file), 'utf8')),
		}))
		.filter(({ slice }) => slice !== null);

/** Throws an error that shows the slices when a log tells of a broken rule. */
export const assertLogsClean = (dir) => {
	if (!existsSync(dir)) return; /* it never came to a first log */
	const broken = brokenLogs(dir);
	if (!broken.length) return;
	const told = broken.map(({ file, slice }) => `--- ${join(dir, file)}\n${slice}`);
	throw new Error(`${BROKE_A_RULE}:\n${told.join('\n')}`);
};
