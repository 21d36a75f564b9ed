/* Sound made without a codec: the simulated voice is a steady tone near 440 Hz. */

const SAMPLES_PER_FRAME = 1152;
const RATE = 44100;
const BITRATE_INDEX = { 32: 1, 64: 5, 96: 7, 128: 9, 192: 11 };
const SIDE_INFO_BYTES = 17;

const packBits = (fields) => {
	const bits = fields
		.map(([value, width]) => value.toString(2).padStart(width, '0'))
		.join('');
	const bytes = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g);
	return Buffer.from(bytes.map((byte) => parseInt(byte, 2)));
};

/* One granule holds six pairs of lines, all zero but the last line (11, at 440 Hz). */
const GRANULE_DATA = [
	[0b11111, 5],
	[0b001, 3],
	[0, 1],
];
const GRANULE_BITS = GRANULE_DATA.reduce((sum, [, width]) => sum + width, 0);
const GRANULE_SIDE = [
	[GRANULE_BITS, 12] /* part2_3_length */,
	[6, 9] /* big_values, in pairs */,
	[200, 8] /* global_gain: 15 dB below full scale */,
	[0, 4],
	[0, 1] /* scalefac_compress, window_switching */,
	[1, 5],
	[0, 5],
	[0, 5] /* Huffman table 1 for region 0 */,
	[7, 4],
	[7, 3] /* region bounds far above our lines */,
	[0, 1],
	[0, 1],
	[0, 1] /* preflag, scalefac_scale, count1table */,
];
const SIDE_INFO = packBits([[0, 9], [0, 5], [0, 4], ...GRANULE_SIDE, ...GRANULE_SIDE]);
const MAIN_DATA = packBits([...GRANULE_DATA, ...GRANULE_DATA]);

const mp3Frame = (kbits, padded) => {
	const bytes = Math.floor((144000 * kbits) / RATE) + (padded ? 1 : 0);
	const frame = Buffer.alloc(bytes);
	frame.set([0xff, 0xfb, (BITRATE_INDEX[kbits] << 4) | (padded ? 2 : 0), 0xc4]);
	SIDE_INFO.copy(frame, 4);
	MAIN_DATA.copy(frame, 4 + SIDE_INFO_BYTES);
	return frame;
};

/** MPEG-1 Layer III, 44.1 kHz mono, constant bit rate: whole frames covering `ms`. */
export const mp3Tone = (ms, kbits = 128) => {
	const frames = Math.max(1, Math.ceil((ms * RATE) / 1000 / SAMPLES_PER_FRAME));
	const rest = (144000 * kbits) % RATE;
	const list = [];
	for (let i = 0, owed = 0; i < frames; i++) {
		owed += rest;
		const padded = owed >= RATE;
		if (padded) owed -= RATE;
		list.push(mp3Frame(kbits, padded));
	}
	return Buffer.concat(list);
};

/** Signed 16 bit little-endian mono samples of the same tone. */
export const pcmTone = (ms, rate) => {
	const samples = Math.ceil((ms * rate) / 1000);
	const out = Buffer.alloc(samples * 2);
	for (let i = 0; i < samples; i++)
		out.writeInt16LE(
			Math.round(6000 * Math.sin((2 * Math.PI * 440 * i) / rate)),
			i * 2,
		);
	return out;
};

const MAGIC = [
	['wav', 0, 'RIFF'],
	['ogg', 0, 'OggS'],
	['flac', 0, 'fLaC'],
	['mp3', 0, 'ID3'],
	['mp4', 4, 'ftyp'],
	['webm', 0, '\x1a\x45\xdf\xa3'],
];

/** The container by its first bytes: wav ogg flac mp3 mp4 webm, or null. */
export const sniff = (data) => {
	for (const [kind, at, magic] of MAGIC)
		if (data.toString('latin1', at, at + magic.length) === magic) return kind;
	if (data.length > 1 && data[0] === 0xff && (data[1] & 0xe0) === 0xe0) return 'mp3';
	return null;
};

/** Seconds of a WAV file by its header; null when it cannot be told. */
export const wavSeconds = (data) => {
	if (sniff(data) !== 'wav') return null;
	const byteRate = data.length >= 32 ? data.readUInt32LE(28) : 0;
	const at = data.indexOf('data', 12, 'latin1');
	if (!byteRate || at < 0 || at + 8 > data.length) return null;
	return Math.min(data.readUInt32LE(at + 4), data.length - at - 8) / byteRate;
};
