/* Who may call what at default settings; keys.test.mjs asks the same where a key is required. */
import { test } from 'node:test';
import { useStack } from './env/index.mjs';
import { checkMatrix } from './matrix.mjs';

const stack = useStack();

test('each function answers whom it should, and nobody else leaves a trace', async () => {
	await checkMatrix(stack);
});
