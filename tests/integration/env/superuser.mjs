/* The superuser of a stack's database, which root is not: he lets in the user that PostgreSQL runs
 * as, and asks the kernel who comes. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';

const isRoot = process.getuid() === 0;

/** A command of his, for psql and its like: what goes before it. */
export const asSuperuser = isRoot
	? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', '--']
	: [];

/** His URL. */
export const superuserUrl = (stack) =>
	`postgresql:///scribe?host=${encodeURIComponent(join(stack.dir, 'run/pg'))}&user=postgres`;

/** All of the database, as pg_dump writes it; or {status, stderr} of its failure. */
export const dump = (stack, ...options) => {
	const [first, ...rest] = [...asSuperuser, 'pg_dump', ...options, superuserUrl(stack)];
	return spawnSync(first, rest, { cwd: '/', maxBuffer: 1 << 28, encoding: 'utf8' });
};

/* The call that connects is made before connect() returns. Without a server there is no socket. */
class SuperusersSocket extends Socket {
	connect(path) {
		process.seteuid(statSync(path, { throwIfNoEntry: false })?.uid ?? 0);
		try {
			return super.connect(path);
		} finally {
			process.seteuid(0);
		}
	}
}

/** What a client of `pg` needs to connect as him. */
export const superuser = (stack) => ({
	host: join(stack.dir, 'run/pg'),
	user: 'postgres',
	database: 'scribe',
	...(isRoot && { stream: () => new SuperusersSocket() }),
});
