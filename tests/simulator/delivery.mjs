/* How a reply leaves: as it should, or with the faults a test asked for. */
import { setTimeout as pause } from 'node:timers/promises';
import { Reply } from './reply.mjs';

const GARBAGE = {
	html: [
		'text/html',
		'<html><head><title>502 Bad Gateway</title></head><body></body></html>',
	],
	text: ['application/json', 'upstream connect error or disconnect/reset before headers'],
	json: ['application/json', '[{"unexpected": [null, 12, {"shape": true}]}]'],
	truncated: ['application/json', '{"id": "chatcmpl-1", "choices": [{"index": 0, "mess'],
	binary: ['application/json', Buffer.from([0, 255, 254, 0, 128, 1, 2, 3, 0, 192])],
	empty: ['application/json', ''],
};

const HUGE_CHUNK_BYTES = 1 << 16;

const huge = (bytes, headers) => {
	const chunk = Buffer.alloc(HUGE_CHUNK_BYTES, 'a');
	const whole = new Reply(200, headers, []);
	whole.chunks = Array(Math.ceil(bytes / HUGE_CHUNK_BYTES)).fill(chunk);
	return whole;
};

/** The reply as the fault's members about content would have it. */
export const spoil = (reply, fault) => {
	let spoilt = reply;
	if (fault.garbage) {
		const [type, body] = GARBAGE[fault.garbage];
		spoilt = new Reply(200, { 'content-type': type }, [body]);
	}
	if (fault.huge_bytes) spoilt = huge(fault.huge_bytes, spoilt.headers);
	Object.assign(
		spoilt.headers,
		fault.headers,
		fault.content_type && { 'content-type': fault.content_type },
	);
	return spoilt;
};

const slice = (chunks, size) => {
	const all = Buffer.concat(chunks);
	const list = [];
	for (let at = 0; at < all.length; at += size) list.push(all.subarray(at, at + size));
	return list;
};

const untilFreed = (res, holds, name) =>
	new Promise((freed) => {
		holds.add(name, freed);
		res.once('close', freed);
	});

/* One chunk, one write; the turn of the event loop keeps it a packet of its own. */
const writeChunk = (res, chunk) =>
	new Promise((written) => {
		if (res.write(chunk) || res.destroyed) {
			setImmediate(written);
			return;
		}
		res.once('drain', written);
		res.once('close', written);
	});

const paused = (res, ms) => pause(ms, null, { signal: res.gone }).catch(() => {});

const writeBody = async (res, reply, fault, holds, sent) => {
	const chunks = fault.drip ? slice(reply.chunks, fault.drip.bytes) : reply.chunks;
	const began = performance.now();
	const pauseBehind = (i) =>
		fault.drip?.pause_ms ??
		began + (i + 1) * (reply.pace?.pause_ms ?? 0) - performance.now();
	for (const [i, chunk] of chunks.entries()) {
		if (fault.hold && fault.hold_after_chunks === i && i > 0)
			await untilFreed(res, holds, fault.hold);
		if (res.destroyed) return;
		const room = (fault.cut_after_bytes ?? Infinity) - sent.bytes;
		await writeChunk(res, chunk.subarray(0, room));
		sent.bytes += Math.min(room, chunk.length);
		if (chunk.length >= room) return;
		if (i + 1 < chunks.length && pauseBehind(i) > 0) await paused(res, pauseBehind(i));
	}
};

/** Send the reply under the fault. `sent.bytes` counts the body bytes written. */
export const deliver = async (res, reply, fault, holds, sent) => {
	if (fault.silence) return;
	const delay = (fault.delay_ms ?? 0) + (reply.pace?.first_ms ?? 0);
	if (delay) await paused(res, delay);
	if (fault.hold && !fault.hold_after_chunks) await untilFreed(res, holds, fault.hold);
	if (res.destroyed) return;
	if (fault.cut_after_bytes === 0) {
		res.destroy();
		return;
	}
	const headers = { ...reply.headers };
	if (reply.chunks.length <= 1) headers['content-length'] = reply.bytes.length;
	res.writeHead(reply.status, headers);
	res.flushHeaders();
	await writeBody(res, reply, fault, holds, sent);
	if (fault.cut_after_bytes !== undefined) res.destroy();
	else res.end();
};
