/* SCRIBE_REQUIRE_KEY=1: what else needs no proof wants a key, and a forged one is no key. */
import { test } from 'node:test';
import { useStack } from './env/index.mjs';
import { checkMatrixWith } from './matrix.mjs';

const stack = useStack({ env: { SCRIBE_REQUIRE_KEY: '1' } });

test('each function answers whom it should where a key is required', async () => {
	await checkMatrixWith(stack, 'SCRIBE_REQUIRE_KEY=1', ['create_session', 'collect_email']);
});
