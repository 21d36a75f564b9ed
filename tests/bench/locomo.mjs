/* Reading LoCoMo: conversations of dated sessions, questions that name their evidence. */

/* "1:56 pm on 8 May, 2023" */
const TIME = /^(\d+):(\d+) (am|pm) on (\d+) (\w+), (\d+)$/;

/** As ISO 8601 in UTC. */
export const isoTime = (text) => {
	const match = TIME.exec(text);
	if (!match) throw new Error(`not a LoCoMo time: ${text}`);
	const [, hour, minute, half, day, month, year] = match;
	const hours = (Number(hour) % 12) + (half === 'pm' ? 12 : 0);
	const midnight = Date.parse(`${day} ${month} ${year} UTC`);
	return new Date(midnight + (hours * 60 + Number(minute)) * 60000).toISOString();
};

/** The sessions of a conversation in order: [{at, turns}]. */
export const sessionsOf = (conversation) =>
	Object.keys(conversation)
		.map((name) => /^session_(\d+)$/.exec(name))
		.filter(Boolean)
		.sort((a, b) => Number(a[1]) - Number(b[1]))
		.map(([name]) => ({
			at: isoTime(conversation[`${name}_date_time`]),
			turns: conversation[name],
		}));

/** The turns that a question's evidence names. Some lists are one text ("D8:6; D9:17") or name no
 * turn ("D", "D:11:26"). */
export const evidenceOf = (evidence, known) => [
	...new Set(
		(evidence ?? [])
			.flatMap((text) => String(text).split(/[;,\s]+/))
			.filter((id) => known.has(id)),
	),
];
