/* The two programs of the benchmark of turns: the provider that is played, and the load. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../integration/env/stack.mjs';

const BUILD = process.env.BUILD ?? join(root, 'build');
const FLAVOUR = process.env.FLAVOUR ?? 'release';

const words = (options) => Object.entries(options).map(([name, value]) => `${name}=${value}`);

/* Neither outlives us. */
const start = (program, flavour, options) => {
	const child = spawn(join(BUILD, flavour, 'bench', program), words(options), {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	const end = () => child.kill();
	process.once('exit', end);
	child.once('exit', () => process.off('exit', end));
	return child;
};

/** Start the provider; `options` as in provider.c. {url, port, pid, stats(), stop()}. */
export const startProvider = async ({ flavour = FLAVOUR, ...options } = {}) => {
	const child = start('provider', flavour, options);
	const port = Number(await once(child.stdout, 'data'));
	const url = `http://127.0.0.1:${port}`;
	return {
		url,
		port,
		pid: child.pid,
		stats: async () => (await fetch(`${url}/stats`)).json(),
		stop: async () => {
			child.kill();
			await once(child, 'exit');
		},
	};
};

/** Run the load; `options` as in load.c, with lists of lines in the place of files. Its report,
 * with the counts of marks and their times by their texts. */
export const runLoad = async (options) => {
	const { flavour = FLAVOUR, messages, lanes, marks = [], ...more } = options;
	const dir = mkdtempSync(join(tmpdir(), 'scribe-load-'));
	const file = (name, lines) => {
		writeFileSync(join(dir, name), lines.map((line) => `${line}\n`).join(''));
		return { [name]: join(dir, name) };
	};
	const all = {
		...more,
		...file('messages', messages),
		...(lanes && file('lanes', lanes)),
		...(marks.length && { marks: marks.join('|') }),
	};
	try {
		const child = start('load', flavour, all);
		const [text, [status]] = await Promise.all([
			child.stdout.setEncoding('utf8').reduce((whole, piece) => whole + piece, ''),
			once(child, 'exit'),
		]);
		if (status !== 0) throw new Error(`load ended with ${status}`);
		const report = JSON.parse(text);
		const byMark = (list) => Object.fromEntries(marks.map((mark, i) => [mark, list[i]]));
		report.marked = byMark(report.marked);
		report.marks_ms = byMark(report.marks_ms);
		return report;
	} finally {
		rmSync(dir, { recursive: true });
	}
};
