/* What axe-core has against a page. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What is serious or worse, in words; and whether the page is wider than its window. */
export const faultsOf = async (tab) => {
	await tab.evaluate(axe);
	const { violations } = await tab.evaluate(() => window.axe.run());
	const wider = await tab.evaluate(
		() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
	);
	return violations
		.filter(({ impact }) => ['serious', 'critical'].includes(impact))
		.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ').slice(0, 300)}`)
		.concat(wider > 0 ? [`it is ${wider} px too wide`] : []);
};
