/* What processes cost, as the kernel counts it under /proc. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICK_MS = 1000 / Number(execFileSync('getconf', ['CLK_TCK']));

const read = (path) => {
	try {
		return readFileSync(path, 'utf8');
	} catch (error) {
		if (error.code === 'ENOENT' || error.code === 'ESRCH') return '';
		throw error;
	}
};

/* utime stime cutime cstime, behind the name, which may hold blanks. */
const ticksOf = (pid) =>
	read(`/proc/${pid}/stat`)
		.replace(/^.*\) /s, '')
		.split(' ')
		.slice(11, 15)
		.map(Number);

const childrenOf = (pid) =>
	read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

/** Processor time of a process, its living children and those it has buried, in milliseconds. */
export const cpuMs = (pid) => {
	const [user = 0, system = 0, ...buried] = ticksOf(pid);
	const living = childrenOf(pid).flatMap((child) => ticksOf(child).slice(0, 2));
	return (user + system + sum(buried) + sum(living)) * TICK_MS;
};

/** What the whole machine has worked, and what its host has taken away, in milliseconds. */
export const machineMs = () => {
	const [user, nice, system, , , irq, soft, stolen] = read('/proc/stat')
		.split('\n')[0]
		.split(/ +/)
		.slice(1)
		.map(Number);
	return { busy: sum([user, nice, system, irq, soft]) * TICK_MS, stolen: stolen * TICK_MS };
};

const descriptorsOf = (pid) => {
	try {
		return readdirSync(`/proc/${pid}/fd`).length;
	} catch (error) {
		if (error.code === 'ENOENT' || error.code === 'ESRCH') return 0;
		throw error;
	}
};

/** {threads, descriptors, rss_mb} of a process and its children. Memory that processes share is
 * counted for each. */
export const sizeOf = (pid) => {
	const family = [pid, ...childrenOf(pid)];
	const fact = (one, name) =>
		Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(read(`/proc/${one}/status`))?.[1] ?? 0);
	return {
		threads: sum(family.map((one) => fact(one, 'Threads'))),
		descriptors: sum(family.map(descriptorsOf)),
		rss_mb: Math.round(sum(family.map((one) => fact(one, 'VmRSS'))) / 1024),
	};
};

/** Looks at the sizes of {name: pid} again and again; stop() gives the largest of each. */
export const watchSizes = (pids, everyMs = 500) => {
	const largest = {};
	const look = () => {
		for (const [name, pid] of Object.entries(pids)) {
			const now = sizeOf(pid);
			const before = largest[name] ?? now;
			largest[name] = Object.fromEntries(
				Object.entries(now).map(([key, value]) => [key, Math.max(value, before[key])]),
			);
		}
	};
	look();
	const timer = setInterval(look, everyMs);
	return {
		stop: () => {
			clearInterval(timer);
			look();
			return largest;
		},
	};
};
