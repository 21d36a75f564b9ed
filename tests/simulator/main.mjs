/* The simulator as a program: `node main.mjs [--port N]` prints its URL and serves until
 * SIGTERM or SIGINT. */
import { parseArgs } from 'node:util';
import { startSimulator } from './server.mjs';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
	console.error('usage: main.mjs [--port N]');
	process.exit(2);
}

const simulator = await startSimulator({ port });
console.log(simulator.url);
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => simulator.stop());
