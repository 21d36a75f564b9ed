/* Directories for stacks and their data. */
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new one, of that name; nginx's workers and the postgres user must be able to pass. */
export const makeDir = (name) => {
	const dir = mkdtempSync(join(tmpdir(), `scribe-${name}-`));
	chmodSync(dir, 0o755);
	return dir;
};
