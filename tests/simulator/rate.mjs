/* A token bucket. `per_second` 0 switches it off. */

export const newBucket = () => ({ level: null, at_ms: 0 });

/** Take one token: 0 when there was one, else the seconds (at least 1) until there is. */
export const takeToken = (bucket, { per_second, burst }, now_ms = performance.now()) => {
	if (!per_second) return 0;
	const gained = ((now_ms - bucket.at_ms) / 1000) * per_second;
	const level = bucket.level === null ? burst : Math.min(burst, bucket.level + gained);
	bucket.at_ms = now_ms;
	bucket.level = level >= 1 ? level - 1 : level;
	return level >= 1 ? 0 : Math.max(1, Math.ceil((1 - level) / per_second));
};
