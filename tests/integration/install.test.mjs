/* `make install`: what systemd, tmpfiles, logrotate and man make of what it puts where; without
 * root's places and without starting anything. `make check-deb` does the rest, in a Debian of its
 * own. */
import assert from 'node:assert/strict';
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from './env/stack.mjs';
import { build, flavour, run } from './env/stack_command.mjs';

const UNITS = 'usr/lib/systemd/system', MOST_EXPOSED = '25';
const ALONE = ['scribe-nginx.service', 'scribe-prepare.service'];
let dest, functions;

const ok = async (command, args) => {
	const { PATH, HOME } = process.env;
	const env = { PATH, HOME, DESTDIR: dest, PREFIX: '/usr', BUILD: build, FLAVOUR: flavour };
	const { status, stdout, stderr } = await run(command, args, { cwd: root, env });
	assert.equal(status, 0, `${command} ${args.join(' ')}: ${stdout}${stderr}`);
	return stdout + stderr;
};
const text = (path) => readFile(join(dest, path), 'utf8');
const listed = async (path) => (await readdir(join(dest, path))).sort();
const unitsOf = (name) => ['scribe@', 'scribe-next@'].map((unit) => `${unit}${name}.service`);

before(async () => {
	dest = await mkdtemp(join(tmpdir(), 'scribe-install-'));
	await chmod(dest, 0o755);
	functions = (await readdir(join(root, 'functions'))).sort();
	await ok('scripts/install', []);
});
after(() => rm(dest, { recursive: true, force: true }));

test('each function is a program with a socket and a service that everything wants', async () => {
	assert.deepEqual(await listed('usr/lib/scribe/bin'), functions);
	assert.deepEqual(await listed(`${UNITS}/scribe.target.wants`),
		functions.flatMap((name) => [`scribe@${name}.service`, `scribe@${name}.socket`]).sort());
	assert.match(await text('usr/lib/tmpfiles.d/scribe.conf'), /^f \/var\/log\/scribe\/auth.log /m);
});

/* systemd looks for what units name below dest, where the system's own units are lent to it. */
test('systemd understands the units, and they expose little', async () => {
	await cp('/lib/systemd/system', join(dest, UNITS), { recursive: true, force: false });
	await mkdir(join(dest, 'bin'));
	await cp('/bin/bash', join(dest, 'bin/bash'), { dereference: true });
	const services = [...ALONE, ...functions.flatMap(unitsOf)];
	const sockets = functions.map((name) => `scribe@${name}.socket`);
	const said = await ok('systemd-analyze', ['verify', `--root=${dest}`, '--man=no',
		'scribe.target', ...services, ...sockets]);
	assert.doesNotMatch(said, /scribe/);
	await ok('systemd-analyze', ['security', '--offline=true', `--root=${dest}`, '--no-pager',
		`--threshold=${MOST_EXPOSED}`, ...services]);
});

test('only who hears may have namespaces, and what can wait is patient', async () => {
	const dropIns = (await listed(UNITS)).filter((name) => /^scribe@.*\.d$/.test(name));
	const has = async (file) => {
		const found = [];
		for (const dir of dropIns)
			if ((await listed(`${UNITS}/${dir}`)).includes(file)) found.push(dir.slice(7, -10));
		return found;
	};
	assert.deepEqual(await has('decoders.conf'), ['agent_reply', 'speech_to_text']);
	assert.deepEqual(await has('patient.conf'), ['save_memory', 'summarize_session']);
});

test('each command has a page, with the words of its own --help', async () => {
	const commands = (await listed('usr/lib/scribe/scripts'))
		.filter((name) => !['lib', 'stages'].includes(name));
	const pages = commands.map((name) => name === 'scribe' ? 'scribe.8' : `scribe-${name}.8`);
	assert.deepEqual(await listed('usr/share/man/man8'), pages.sort());
	for (const page of [...pages.map((name) => `man8/${name}`), 'man5/scribe.env.5'])
		await ok('groff', ['-man', '-ww', '-z', '-Kutf8', join(dest, 'usr/share/man', page)]);
	assert.match(await text('usr/share/man/man8/scribe-jobs.8'), /^scribe jobs retry ID\.\.\. /m);
	const help = await ok(join(dest, 'usr/lib/scribe/scripts/jobs'), ['--help']);
	assert.match(help, /^ {2}scribe jobs retry ID\.\.\. /m);
	const settings = await text('usr/share/man/man5/scribe.env.5');
	assert.match(settings, /^\.B GROQ_API_KEY\nsecret: key for/m);
});

test('a statement that a command asks from its file is there', async () => {
	const asked = [];
	for (const name of await listed('usr/lib/scribe/scripts')) {
		if (['lib', 'stages'].includes(name)) continue;
		const command = await text(`usr/lib/scribe/scripts/${name}`);
		asked.push(...command.matchAll(/\$root\/(common\/\S+\.sql)/g));
	}
	assert.ok(asked.length > 0);
	for (const [, file] of asked)
		assert.equal(await text(join('usr/lib/scribe', file)),
			await readFile(join(root, file), 'utf8'));
});

test('users, places and logs are as their tools want them', async () => {
	if (process.getuid() === 0) {
		await cp('/usr/lib/sysusers.d/basic.conf', join(dest, 'usr/lib/sysusers.d/basic.conf'));
		await ok('systemd-sysusers', [`--root=${dest}`]);
		await ok('systemd-tmpfiles', [`--root=${dest}`, '--create', '--prefix=/var/lib/scribe',
			'--prefix=/var/log/scribe']);
		assert.match(await text('etc/passwd'), /^scribe-nginx:/m);
		assert.deepEqual(await listed('var/lib/scribe'), ['keys', 'storage']);
	}
	await ok('logrotate', ['-d', join(dest, 'etc/logrotate.d/scribe')]);
});

test('an installation over another keeps the settings', async () => {
	await rm(join(dest, 'usr/lib/scribe/bin/modes'));
	await writeFile(join(dest, 'etc/scribe/scribe.env'), 'PORT=8081\n');
	await ok('scripts/install', []);
	assert.equal(await text('etc/scribe/scribe.env'), 'PORT=8081\n');
	assert.deepEqual(await listed('usr/lib/scribe/bin'), functions);
});
