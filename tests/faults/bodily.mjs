/* A stack whose database and programs believe in another clock and disk than the machine's:
 * wrappers that put preload.c before them. */
import { execFileSync } from 'node:child_process';
import {
	chmodSync, closeSync, mkdirSync, openSync, readdirSync, rmSync, symlinkSync, writeFileSync,
	writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { functionNames, root } from '../integration/env/index.mjs';
import { makeDir } from '../integration/env/dirs.mjs';

const BUILD = resolve(process.env.BUILD ?? join(root, 'build'));
const PG_BIN = process.env.PG_BIN ?? '/usr/lib/postgresql/15/bin';
const BYTES = 16;

const wrap = (dir, name, library, file, program) => {
	const lines = [
		'#!/bin/sh',
		`export LD_PRELOAD='${library}' FAULTS_FILE='${file}'`,
		'export ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS-}"',
		`exec '${program}' "$@"`,
	];
	writeFileSync(join(dir, name), `${lines.join('\n')}\n`, { mode: 0o755 });
};

const wrapPrograms = (dir, flavour, library, file) => {
	const build = join(dir, 'build', flavour);
	mkdirSync(join(build, 'bin'), { recursive: true });
	for (const name of readdirSync(join(BUILD, flavour)))
		if (name !== 'bin') symlinkSync(join(BUILD, flavour, name), join(build, name));
	for (const name of functionNames())
		wrap(join(build, 'bin'), name, library, file, join(BUILD, flavour, 'bin', name));
};

const wrapDatabase = (dir, library, file) => {
	const bin = join(dir, 'pg');
	mkdirSync(bin);
	for (const name of readdirSync(PG_BIN))
		if (name !== 'postgres') symlinkSync(join(PG_BIN, name), join(bin, name));
	wrap(bin, 'postgres', library, file, join(PG_BIN, 'postgres'));
	return bin;
};

/** `settings` for the stack; jump(seconds) sets its clock off, fill(isFull) its disk; stop(). */
export const makeBodily = (flavour) => {
	const dir = makeDir('bodily');
	const [library, file] = [join(dir, 'preload.so'), join(dir, 'faults')];
	const source = join(root, 'tests/faults/preload.c');
	execFileSync('cc', ['-O1', '-shared', '-fPIC', '-D_GNU_SOURCE', '-o', library, source]);
	writeFileSync(file, Buffer.alloc(BYTES));
	for (const path of [library, file]) chmodSync(path, 0o644);
	wrapPrograms(dir, flavour, library, file);
	const set = (place, value) => {
		const bytes = Buffer.alloc(8);
		bytes.writeBigInt64LE(BigInt(value));
		const out = openSync(file, 'r+');
		writeSync(out, bytes, 0, 8, place);
		closeSync(out);
	};
	return {
		settings: { BUILD: join(dir, 'build'), PG_BIN: wrapDatabase(dir, library, file) },
		jump: (seconds) => set(0, seconds),
		fill: (isFull) => set(8, isFull ? 1 : 0),
		stop: () => rmSync(dir, { recursive: true }),
	};
};
