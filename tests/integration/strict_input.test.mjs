/* What is no JSON after RFC 8259 is 400 and says why; what is comes back as it was sent. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { keyHeaders, newSession, pairOf, post, sql, useStack } from './env/index.mjs';

const stack = useStack();

/* JSON.stringify() would change what is to be sent. */
const saveRaw = async (pair, content, more = '', headers = {}) =>
	post(
		stack,
		'save_memory',
		`${JSON.stringify({ ...pair, scope: 'long' }).slice(0, -1)},"content":${content}${more}}`,
		headers,
	);

test('what is no JSON is 400 and is told', async () => {
	const pair = pairOf(await newSession(stack));
	const wrong = [
		[String.raw`"before\uZZZZafter"`, /\\u without four hex digits, at byte \d+/],
		[String.raw`"\ud800"`, /lone surrogate/],
		[String.raw`"\udc00\ud800"`, /lone surrogate/],
		[String.raw`"a\u0000b"`, /U\+0000/],
		['"a\nb"', /control character/],
		['"a\u0001b"', /control character/],
		['"a\tb"', /control character/],
		['01', /a number/],
		['1.', /a number/],
		['[.5]', /a value/],
		['+1', /a value/],
		['1e999', /beyond the range of a double/],
		['-1e999', /beyond the range of a double/],
		['1e-999', /beyond the range of a double/],
		[`1.${'0'.repeat(1000)}`, /too long/],
		['NaN', /a value/],
		["'a'", /a value/],
		['[1,]', /a value/],
		['{"a":1,}', /name in quotes/],
		['[1]]', /comma or an end/],
		['1} x', /behind its end/],
	];
	for (const [content, why] of wrong) {
		const answer = await saveRaw(pair, content);
		assert.equal(answer.status, 400, `${content}: ${answer.text}`);
		assert.equal(answer.json.code, 'invalid_request', content);
		assert.match(answer.json.error, why, content);
	}
	const kept = await sql(stack, `select count(*) from memories where session_id = :'id'`, {
		id: pair.session_id,
	});
	assert.deepEqual(kept, [['0']]);
});

/* Long digits may be a telephone number, which is kept sealed; the answer is the original. */
test('numbers are stored as they were sent', async () => {
	const numbers = ['9007199254740991', '9007199254740993', '0.1', '1.10', '-0.000001',
		'12345678901234567890', '7'.repeat(100), `0.${'3'.repeat(100)}`];
	for (const number of numbers) {
		const pair = pairOf(await newSession(stack));
		const { status, text } = await saveRaw(
			pair,
			`{"n":${number}}`,
			`,"metadata":{"n":${number}}`,
		);
		assert.equal(status, 200, text);
		assert.match(text, new RegExp(`"n": ?${number.replace('.', '[.]')}}`));
		const [[stored, metadata, isMasked]] = await sql(
			stack,
			`select content->>'n', metadata->>'n', sealed is not null from memories
				where session_id = :'id'`,
			{ id: pair.session_id },
		);
		assert.ok(isMasked === 'f' || number.length > 15, number);
		assert.equal(stored, isMasked === 't' ? '[phone]' : number);
		assert.equal(metadata, isMasked === 't' ? '[phone]' : number);
	}
});

test('numbers beside what is masked are given back as they were sent', async () => {
	const pair = pairOf(await newSession(stack));
	const { status, text } = await saveRaw(
		pair,
		'{"mail":"dana@example.com","n":12345678901234567890,"m":0.10}',
	);
	assert.equal(status, 200, text);
	assert.match(text, /"n": ?12345678901234567890[,}]/);
	assert.match(text, /"m": ?0\.10[,}]/);
});

test('what grows beyond its bound where it is stored is 400', async () => {
	const pair = pairOf(await newSession(stack));
	const large = `[${Array(1000).fill('1e300').join()}]`;
	const content = await saveRaw(pair, large);
	assert.equal(content.status, 400, content.text);
	assert.equal(content.json.field, 'content');
	assert.match(content.json.error, /larger than 65536 bytes/);
	const metadata = await saveRaw(pair, '"x"', `,"metadata":{"n":${large}}`);
	assert.equal(metadata.status, 400, metadata.text);
	assert.equal(metadata.json.field, 'metadata');
	assert.equal((await saveRaw(pair, `[${Array(200).fill('1e300').join()}]`)).status, 200);
	assert.equal((await saveRaw(pair, '[1.7e308, 5e-324, 0e-1000]')).status, 200);
});

test('an empty session id is a wrong one, beside an Idempotency-Key too', async () => {
	const headers = { ...keyHeaders(stack), 'idempotency-key': randomUUID() };
	const empty = { session_id: '', session_secret: '' };
	const mail = { email: `${randomUUID()}@example.com` };
	const answers = {
		create_session: await post(stack, 'create_session', { session_id: '' }, headers),
		collect_email: await post(stack, 'collect_email', { ...mail, session_id: '' }, headers),
		save_memory: await post(
			stack,
			'save_memory',
			{ ...empty, scope: 'long', content: 1 },
			headers,
		),
		agent_reply: await post(stack, 'agent_reply', { ...empty, user_message: 'x' }, headers),
	};
	for (const [name, { status, text }] of Object.entries(answers))
		assert.ok(status < 500, `${name}: ${text}`);
	assert.equal(answers.create_session.status, 200);
	for (const name of ['collect_email', 'save_memory', 'agent_reply'])
		assert.equal(answers[name].json.code, 'invalid_session', answers[name].text);
});
