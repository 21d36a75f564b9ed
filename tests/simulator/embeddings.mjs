/* Deterministic embeddings: a bag of words, each word a pseudo-random direction, so that texts
 * that share words are near each other. */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

const hash = (word) => {
	let h = FNV_OFFSET;
	for (const byte of Buffer.from(word)) h = Math.imul(h ^ byte, FNV_PRIME);
	return h || 1;
};

const addWord = (vector, word) => {
	let x = hash(word);
	for (let i = 0; i < vector.length; i++) {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		vector[i] += x & 1 ? 1 : -1;
	}
};

/** A unit vector of `dims` for a text or a list of token numbers. */
export const embed = (input, dims) => {
	const words = Array.isArray(input)
		? input.map(String)
		: (input.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [input]);
	const vector = new Float32Array(dims);
	for (const word of words) addWord(vector, word);
	const norm = Math.hypot(...vector) || 1;
	return vector.map((value) => value / norm);
};

export const toBase64 = (vector) => Buffer.from(vector.buffer).toString('base64');
