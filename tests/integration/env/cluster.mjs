/* A database cluster that is made and migrated once, for stacks that begin with a copy of it. How
 * a stack makes its own is shown by those that get none: the demo's, the README's, an ordinary
 * user's. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeDir } from './dirs.mjs';

const run = promisify(execFile);
const DEADLINE_MS = 600000;

/** The runner puts its directory here; without it every stack makes its own. */
export const CLUSTER = 'SCRIBE_TEST_CLUSTER';

/** Makes it; its directory lasts as long as this process. */
export const makeCluster = async () => {
	const dir = makeDir('cluster');
	process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
	const script = fileURLToPath(new URL('cluster', import.meta.url));
	await run(script, [dir], { timeout: DEADLINE_MS });
	return join(dir, 'pg');
};

/** Puts a copy where the stack in `stackDir` will look for its data. */
export const copyCluster = async (stackDir) => {
	const cluster = process.env[CLUSTER];
	if (!cluster) return;
	await mkdir(stackDir, { recursive: true });
	await run('cp', ['-a', cluster, join(stackDir, 'pg')], { timeout: DEADLINE_MS });
};
