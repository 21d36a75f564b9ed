/* People with roles, as they look to programs, without signing in; and generated tables of who may
 * what. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, signToken, sql } from './env/index.mjs';

const known = new Map();

const headersOf = (stack, token) => ({
	headers: { Authorization: `Bearer ${token}` },
	keyed: { apikey: stack.anonKey, authorization: `Bearer ${token}` },
});

const claimsOf = (id, session) => ({
	iss: 'test', aud: 'authenticated', role: 'authenticated', sub: id, session_id: session,
});

/** Somebody new of that role who has signed in: {id, session, claims, token}, and what headersOf()
 * makes of these. Without a password: who only needs to be somebody needs no mail. */
export const newPerson = async (stack, role) => {
	const id = randomUUID();
	const session = randomUUID();
	await sql(stack, `with made as (select person_make(:'id', 'Somebody', :'role'))
		insert into people (id, email, email_hash, admitted_at)
			select :'id', 'sealed:v2:none:eA==', sha256(convert_to(:'id', 'UTF8')), now() from made;
		insert into auth_sessions (id, person, ends_at)
			values (:'session', :'id', now() + interval '1 day')`, { id, role, session });
	const claims = claimsOf(id, session);
	const token = signToken(stack, claims);
	return { id, session, claims, token, ...headersOf(stack, token) };
};

/* Those who are nobody any more, or never were. */
const SPECIAL = {
	anon: (stack) => headersOf(stack, stack.anonKey),
	service: (stack) => headersOf(stack, signToken(stack, { role: 'service_role' })),
	outsider: (stack) => headersOf(stack, signToken(stack, claimsOf(randomUUID(), randomUUID()))),
	forged: async (stack) => headersOf(stack, signToken(stack,
		(await newPerson(stack, 'owner')).claims, { secret: 'another than the stack has' })),
	expired: async (stack) => headersOf(stack, signToken(stack,
		{ ...(await newPerson(stack, 'owner')).claims, exp: 1000000000 })),
	'signed out': async (stack) => {
		const person = await newPerson(stack, 'owner');
		await sql(stack, `update auth_sessions set revoked_at = now() where id = :'id'`,
			{ id: person.session });
		return headersOf(stack, signToken(stack, person.claims));
	},
	demoted: async (stack) => {
		const person = await newPerson(stack, 'owner');
		await sql(stack, `update profiles set role = 'viewer' where id = :'id'`, { id: person.id });
		return headersOf(stack, signToken(stack, person.claims));
	},
};

/** Somebody of that role ('owner', 'admin', 'viewer'), or of SPECIAL: `headers` for supabase(),
 * `keyed` for a plain request; of people also `id` and `claims`. The same each time, unless
 * `fresh`. */
export const people = async (stack, role, { fresh = false } = {}) => {
	const make = async () => SPECIAL[role]?.(stack) ?? newPerson(stack, role);
	const key = `${stack.dir} ${role}`;
	if (fresh) return make();
	if (!known.has(key)) known.set(key, make());
	return known.get(key);
};

/** Compares what was found with tests/data/NAME; with AUTHORISATION=write it becomes that. */
export const checkTable = async (name, title, columns, rows) => {
	const file = join(root, 'tests/data', name);
	const line = (cells) => `| ${cells.join(' | ')} |`;
	const head = [`# ${title}`, '', line(columns), line(columns.map(() => '---'))];
	const text = [...head, ...rows.map(line), ''].join('\n');
	if (process.env.AUTHORISATION === 'write') writeFileSync(file, text);
	assert.equal(text, readFileSync(file, 'utf8'), `${name} says something else`);
};
