/* How long a recall takes with 1k, 10k, 100k and 1M memories stored, through nginx:
 *
 *   node tests/bench/memory.mjs      (make bench-memory; SIZES=1000,10000 for some of them)
 *
 * Memories are generated in the database: one owner with up to 100 000 of them, all others with a
 * hundred each, words as uneven as in a language, vectors in clusters. Prints a table and writes
 * var/bench/memory.json. rest_ms is all but the embedding of the question, as the program logs it;
 * of that db_ms is what it waited for the database, all statements of the request together. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { poll, sql } from '../integration/env/client.mjs';
import { root, startStack } from '../integration/env/stack.mjs';
import { percentile, poster } from './measure.mjs';

const SIZES = (process.env.SIZES ?? '1000,10000,100000,1000000').split(',').map(Number);
const LARGE_OWNER = 100000;
const SMALL_OWNER = 100;
const ASKED_OWNERS = 20;
const QUESTIONS = 200;
const BATCH = 20000;

const open = (post) => post('create_session', { visitor_id: randomUUID(), consent: true });

/* Twelve words to a sentence; the power makes few words common and most of them rare. A memory is
 * a sentence among four others and a vector near one of 200 topics, all drawn from tables: drawn
 * number by number a million would take an hour. */
const FUNCTIONS = `
create schema bench;
create function bench.vector(size float8, n int) returns vector language sql volatile as $$
	select (select array_agg((random() - 0.5) * size) from generate_series(1, 384 + n * 0))
		::vector(384) $$;
create table bench.topic as select n, bench.vector(1, n) as v from generate_series(0, 199) n;
create table bench.noise as select n, bench.vector(0.5, n) as v from generate_series(0, 1999) n;
create table bench.sentence as select n, (select
	string_agg('w' || floor(30000 * power(random(), 4))::int, ' ')
	from generate_series(1, 12 + n * 0)) as t from generate_series(0, 199999) n;
alter table bench.topic add primary key (n);
alter table bench.noise add primary key (n);
alter table bench.sentence add primary key (n);
analyze bench.topic, bench.noise, bench.sentence;
create procedure bench.fill(session uuid, how_many int) language sql as $$
	with drawn as materialized (select i, (random() * 199)::int as topic,
			(random() * 1999)::int as near, (random() * 1999)::int as far,
			array(select (random() * 199999)::int from generate_series(1, 5 + i * 0)) as said
		from generate_series(1, how_many) i)
	insert into public.memories (session_id, owner, scope, content, words, index_text, embedding,
		embedding_near, embedding_model, content_hash, occurred_at)
	select s.id, s.memory_owner, 'episodic', to_jsonb(x.words), x.words, x.around, x.vector,
		x.vector::halfvec, 'all-MiniLM-L6-v2', sha256(convert_to(gen_random_uuid()::text, 'UTF8')),
		now() - x.i * interval '1 minute'
	from public.sessions s, (select i, b.t as words, t.v + n.v + f.v as vector,
			'8 May 2023 Monday ' || (select string_agg(t, E'\\n') from bench.sentence
				where n = any (said)) as around
		from drawn join bench.sentence b on b.n = said[1] join bench.topic t on t.n = topic
		join bench.noise n on n.n = near join bench.noise f on f.n = far) x
	where s.id = session $$;`;

/* Built after filling, as a restored dump would: row by row a million vectors take hours. */
const withoutIndexes = async (stack, work) => {
	const rows = await sql(
		stack,
		`select indexname, indexdef from pg_indexes
		 where indexname ~ '^memories_(words|code|minilm_.)_idx$'`,
	);
	await sql(stack, `drop index ${rows.map(([name]) => name).join(', ')}`);
	await work();
	await sql(
		stack,
		`update memories set is_indexed = true where not is_indexed and owner in
			(select owner from memories group by owner having count(*) > 1000)`,
	);
	for (const [, definition] of rows)
		await sql(
			stack,
			`set maintenance_work_mem = '2GB'; set role scribe_owner; ${definition}`,
		);
	await sql(stack, 'vacuum analyze memories');
};

const fillOwner = async (stack, session, count) => {
	for (let done = 0; done < count; done += BATCH) {
		const batch = Math.min(BATCH, count - done);
		await sql(stack, `set search_path = public; call bench.fill('${session}', ${batch})`);
	}
};

const fillOthers = async (stack, owners) => {
	for (let done = 0; done < owners; done += 200)
		await sql(
			stack,
			`set search_path = public;
			do $$ declare session uuid; begin
				for i in 1..${Math.min(200, owners - done)} loop
					insert into sessions (visitor_id, consent, secret_hash)
						values (gen_random_uuid()::text, true, sha256('x'))
						returning id into session;
					call bench.fill(session, ${SMALL_OWNER});
				end loop;
			end $$`,
		);
};

const word = () => `w${Math.floor(30000 * Math.random() ** 4)}`;
const question = () => `what about ${word()} ${word()} and ${word()} ${word()}?`;

const requestsLogged = (stack, from) =>
	stack
		.logs('recall_memories', from)
		.split('\n')
		.filter((line) => line.includes('"event":"request"'))
		.map((line) => JSON.parse(line));

/* A request is logged when its use is counted, behind the answer. */
const untilLogged = (stack, from) =>
	poll(() => {
		const logged = requestsLogged(stack, from);
		return logged.length === QUESTIONS && logged;
	});

const timed = async (stack, post, pairs) => {
	const times = [];
	const from = stack.logs('recall_memories').length;
	for (let i = 0; i < QUESTIONS; i++) {
		const { session_id, session_secret } = pairs[i % pairs.length];
		const began = performance.now();
		await post('recall_memories', { session_id, session_secret, query: question() });
		times.push(performance.now() - began);
	}
	const logged = await untilLogged(stack, from);
	const rest = times.map((ms, i) => ms - logged[i].embed_ms);
	const inDatabase = logged.map((line) => line.db_ms);
	const rounded = (list, p) => Math.round(percentile(list, p) * 10) / 10;
	return {
		p50_ms: rounded(times, 50),
		p95_ms: rounded(times, 95),
		rest_p50_ms: rounded(rest, 50),
		rest_p95_ms: rounded(rest, 95),
		db_p50_ms: rounded(inDatabase, 50),
		db_p95_ms: rounded(inDatabase, 95),
	};
};

/* Grows to the size: the large owner first, then the asked ones, then the rest. */
const grow = async (stack, state, size, post) => {
	const large = Math.min(LARGE_OWNER, Math.floor(size / 2));
	await withoutIndexes(stack, async () => {
		await fillOwner(stack, state.large.session_id, large - state.inLarge);
		const asked = Math.min(ASKED_OWNERS, Math.floor(size / 2 / SMALL_OWNER));
		while (state.asked.length < asked) {
			state.asked.push(await open(post));
			await fillOwner(stack, state.asked.at(-1).session_id, SMALL_OWNER);
		}
		const owners = Math.floor((size - large) / SMALL_OWNER) - state.asked.length;
		await fillOthers(stack, owners - state.others);
		state.others = owners;
	});
	state.inLarge = large;
	return large;
};

const measure = async (stack, post) => {
	const state = { large: await open(post), inLarge: 0, asked: [], others: 0 };
	const report = [];
	for (const size of SIZES) {
		const began = performance.now();
		const large = await grow(stack, state, size, post);
		console.error(`${size} memories in ${Math.round((performance.now() - began) / 1000)} s`);
		await timed(stack, post, [state.large, ...state.asked]);
		for (const [owner, count, pairs] of [
			['small', SMALL_OWNER, state.asked],
			['large', large, [state.large]],
		])
			report.push({ stored: size, owner, owns: count, ...(await timed(stack, post, pairs)) });
		console.table(report.slice(-2));
	}
	return report;
};

const stack = await startStack({
	flavour: process.env.FLAVOUR ?? 'release',
	name: 'bench',
	env: { SESSION_RATE_PER_MINUTE: '0' },
});
try {
	await sql(stack, FUNCTIONS);
	const report = await measure(stack, poster(stack));
	console.table(report);
	mkdirSync(join(root, 'var/bench'), { recursive: true });
	writeFileSync(
		join(root, 'var/bench/memory.json'),
		`${JSON.stringify(report, null, '\t')}\n`,
	);
} finally {
	await stack.stop();
}
