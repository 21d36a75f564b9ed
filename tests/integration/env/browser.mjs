/* Debian's Chromium without a window, speaking to nobody but the stack. */
import { chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

/** A browser of playwright-core; `args` are switches over the usual ones. Close it yourself. */
export const launchBrowser = (args = []) =>
	chromium.launch({
		executablePath: CHROMIUM,
		headless: true,
		args: [
			'--no-sandbox',
			'--disable-gpu',
			'--disable-quic',
			'--no-first-run',
			'--disable-background-networking',
			'--disable-component-update',
			'--disable-sync',
			...args,
		],
	});
