/* People who sign in, as an operator makes them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { supabase } from './client.mjs';
import { root } from './stack.mjs';

let counter = 0;

/** scripts/admin with these words on this stack; `input` is its standard input. What it prints. */
export const admin = async (stack, words, input = '') => {
	const env = { ...stack.env, STACK_DIR: stack.dir };
	delete env.DATABASE_URL;
	const child = spawn(join(root, 'scripts/admin'), words, { env, cwd: stack.dir });
	let stdout = '';
	let stderr = '';
	child.stdout.on('data', (text) => (stdout += text));
	child.stderr.on('data', (text) => (stderr += text));
	child.stdin.on('error', () => {}); /* who reads no password may be gone by now */
	child.stdin.end(input);
	const [status] = await once(child, 'close');
	assert.equal(status, 0, `scripts/admin ${words[0]}: ${stderr}`);
	return stdout;
};

/** A key that may everything. */
export const serviceKey = async (stack) => (await admin(stack, ['service-key'])).trim();

/** Somebody new: {email, password}; `role` is owner, admin or viewer. */
export const addPerson = async (stack, role = 'viewer') => {
	const email = `person.${process.pid}.${++counter}@people.example`;
	const password = `a good password, ${crypto.randomUUID()}`;
	await admin(stack, ['add', email, '--role', role, '--stdin'], `${password}\n`);
	return { email, password };
};

/** Somebody new who has signed in: {client, user, session, email, password}; `options` are those of
 * supabase(). */
export const signIn = async (stack, role = 'viewer', options = {}) => {
	const person = await addPerson(stack, role);
	const client = supabase(stack, options);
	const { data, error } = await client.auth.signInWithPassword(person);
	assert.equal(error, null, error?.message);
	return { client, ...data, ...person };
};
