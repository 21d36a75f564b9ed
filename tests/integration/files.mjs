/* Files in buckets, as tests put them there and find them again. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql, supabase } from './env/index.mjs';

let made = 0;
export const newName = (end = 'txt') => `tests/${process.pid}-${++made}.${end}`;

/** What a client of Supabase answers, which may not be an error. */
export const ok = ({ data, error }) => {
	if (error) throw new Error(error.message, { cause: error });
	return data;
};

/** A person's (people.mjs) view of a bucket. */
export const bucketOf = (stack, person, bucket = 'uploads', version) =>
	supabase(stack, { version, headers: person.headers }).storage.from(bucket);

export const filesIn = (folder) =>
	readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile()).map((entry) => entry.name);
export const filesOnDisk = (stack) => filesIn(join(stack.dir, 'storage'));

/** Under what the bytes of that name are kept; undefined: there is no such object. */
export const versionOf = async (stack, name) => (await sql(stack,
	`select version from storage_objects where name = :'name'`, { name }))[0]?.[0];
