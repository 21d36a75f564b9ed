/* Recordings: those of tests/data/audio, and such as somebody makes who wants to be in the way. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './stack.mjs';

const RATE = 16000;

/** A recording of tests/data/audio, e.g. audio('speech/jfk.wav'). */
export const audio = (name) => readFileSync(join(root, 'tests/data/audio', name));

/** So many seconds of somebody who talks on and on: 16 kHz, 16 bits. */
export const longSpeech = (seconds) => {
	const clip = audio('speech/spk1_snt3.wav');
	const head = Buffer.from(clip.subarray(0, clip.indexOf('data') + 8));
	const said = clip.subarray(head.length);
	const size = seconds * RATE * 2;
	head.writeUInt32LE(head.length - 8 + size, 4);
	head.writeUInt32LE(size, head.length - 4);
	return Buffer.concat([head, ...Array(Math.ceil(size / said.length)).fill(said)])
		.subarray(0, head.length + size);
};

const littleEndian = (n) => {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(n);
	return bytes;
};

/** A FLAC without sound, but with so many different keys of comments. libav compares each with all
 * before: 60 000 keep it busy for as long as it is let. */
export const flacOfManyKeys = (n) => {
	const comments = Array.from({ length: n }, (_, i) => {
		const text = Buffer.from(`k${String(i).padStart(7, '0')}=v`);
		return Buffer.concat([littleEndian(text.length), text]);
	});
	const block = Buffer.concat([littleEndian(0), littleEndian(n), ...comments]);
	const info = Buffer.from(`1000100000000000000003e800f0${'00'.repeat(20)}`, 'hex');
	const head = Buffer.alloc(4);
	head.writeUInt32BE(block.length);
	head[0] = 0x84;
	return Buffer.concat([Buffer.from('fLaC'), Buffer.from('00000022', 'hex'), info, head, block]);
};
