/* heard.js -- how much of a reply had been heard when its listener cut it off, by the rule by which
 * history cuts it (heard_part.c): time is shared out among the bytes of a piece. */

const SPACES = [32, 9, 10];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/* Where each piece ends in the text, in bytes, and when. What has no sound ends with the piece
 * before it. */
const endsOf = (text, pieces, isWhole) => {
	const ends = [{ at: 0, ms: 0 }];
	const reach = (at, ms) => at > ends.at(-1).at && ends.push({ at, ms });
	for (const piece of pieces) {
		const { at, ms } = ends.at(-1);
		const start = Math.max(at, text.indexOf(piece.text, at));
		reach(start, ms);
		reach(start + piece.text.length, piece.ms);
	}
	if (isWhole) reach(text.length, ends.at(-1).ms);
	return ends.map(({ at, ms }) => ({ bytes: encoder.encode(text.slice(0, at)).length, ms }));
};

/* Back to where a word ends, not before `from`. */
const wholeWords = (bytes, from, to) => {
	if (to >= bytes.length || SPACES.includes(bytes[to])) return to;
	let end = to;
	while (end > from && !SPACES.includes(bytes[end - 1])) end--;
	return end;
};

/** The part of the text heard in so many milliseconds, of pieces {text, ms} in it, each with when
 * it ends; `isWhole`: the text has come to its end. No white space at its end. */
export const heardPart = (text, { ms, pieces }, isWhole) => {
	const bytes = encoder.encode(text);
	const ends = endsOf(text, pieces, isWhole);
	const over = ends.findLastIndex((end) => end.ms <= ms);
	const [before, next] = [ends[over], ends[over + 1]];
	let end = before.bytes;
	if (next) {
		const more = ((next.bytes - end) * (ms - before.ms)) / (next.ms - before.ms);
		end = wholeWords(bytes, end, end + Math.floor(more));
	}
	return decoder.decode(bytes.subarray(0, end)).replace(/[ \t\n]+$/, '');
};
