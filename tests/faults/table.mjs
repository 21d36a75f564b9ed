/* What a visitor gets when something breaks, how soon, and what is stored: the table in the README
 * and the runs that hold the system to it are made of this.
 *
 * A row is one outcome: `of` what breaks, by which `faults`, `gets`, `within_s` (at the settings
 * that a stack has by itself), `stored`; `scene` plays it (scenes.mjs), with `expect` where scenes
 * differ. `isShort`: faults of the row that the tests of every day play too. */

const ANSWERED = 'what was said and answered, once';
const REFUSING = ['refused', 'wrong certificate', '429', '401', '500'];
const SPOILT = ['cut mid-body', 'garbage'];
const SLOW = ['silent', 'slow drip'];

const answered = (of, scene, gets, quick, slow) => [
	{ of, faults: [...REFUSING, ...SPOILT], gets, ...quick, stored: ANSWERED, scene },
	{ of, faults: SLOW, gets, ...slow, stored: ANSWERED, scene },
];

export const TABLE = [
	...answered(
		'Groq, thinking',
		'thinking',
		'the answer of who is next in the chain; `degraded` names `llm`',
		{ within_s: 6, isShort: ['wrong certificate'] },
		{ within_s: 10, isShort: ['silent'] },
	),
	...answered(
		'OpenAI, thinking behind Groq',
		'thinkingNext',
		"the built-in responder's answer; `degraded` names `llm`",
		{ within_s: 8, isShort: ['cut mid-body'] },
		{ within_s: 12 },
	),
	...answered(
		'Groq, hearing',
		'hearing',
		'is heard by the local recogniser; `degraded` names `stt`',
		{ within_s: 12, isShort: ['refused'] },
		{ within_s: 20 },
	),
	...answered(
		'ElevenLabs',
		'speaking',
		'the local voice; `degraded` names `tts`',
		{ within_s: 8, isShort: ['garbage'] },
		{ within_s: 12, isShort: ['silent'] },
	),
	{
		of: 'OpenAI, embedding',
		faults: [...REFUSING, ...SPOILT, ...SLOW],
		gets: 'the answer as ever; what is remembered is found by its words',
		within_s: 6,
		stored: `${ANSWERED}; vectors by whoever embeds next`,
		scene: 'embedding',
		isShort: ['wrong certificate'],
	},
	{
		of: 'Resend',
		faults: ['refused', 'wrong certificate', '429', '401', '500', ...SPOILT, ...SLOW],
		gets: 'is signed up; the mail comes later',
		within_s: 3,
		stored: 'the sign-up, and a job until its mail is out, once',
		scene: 'mail',
		isShort: ['401', 'cut mid-body'],
	},
	{
		of: 'Slack',
		faults: ['refused', 'wrong certificate', '429', '500'],
		gets: 'the answer as ever',
		within_s: 6,
		stored: 'a job until the message is out, once',
		scene: 'slack',
		expect: { messages: 1, alert: 'sent' },
		isShort: ['wrong certificate'],
	},
	{
		of: 'Slack',
		faults: ['garbage', 'slow drip'],
		gets: 'the answer as ever',
		within_s: 6,
		stored: 'the message is out: its status said so',
		scene: 'slack',
		expect: { messages: 1, alert: 'sent' },
	},
	{
		of: 'Slack',
		faults: ['silent', 'cut mid-body'],
		gets: 'the answer as ever',
		within_s: 6,
		stored: '`uncertain`, as a dead job: it may be out, and is not sent again',
		scene: 'slack',
		expect: { messages: 1, alert: 'uncertain' },
		isShort: ['cut mid-body'],
	},
	{
		of: 'Slack',
		faults: ['401'],
		gets: 'the answer as ever',
		within_s: 6,
		stored: 'a dead job that says why',
		scene: 'slack',
		expect: { messages: 0, alert: 'refused' },
	},
	{
		of: 'PostgreSQL',
		faults: ['refused'],
		gets: '503 `unavailable` with `Retry-After`; as ever once it is back',
		within_s: 10,
		stored: 'nothing of that request; all that was answered before',
		scene: 'databaseAway',
		isShort: ['refused'],
	},
	{
		of: 'PostgreSQL',
		faults: ['silent'],
		gets: "the same, once the request's own deadline has passed",
		within_s: 35,
		stored: 'nothing of that request; all that was answered before',
		scene: 'databaseAway',
	},
	{
		of: 'PostgreSQL',
		faults: ['kill -9', 'restart'],
		gets: 'the answer, or 503 with `Retry-After`; as ever once it is back',
		within_s: 15,
		stored: 'all that was answered, once',
		scene: 'databaseBreaks',
		isShort: ['kill -9'],
	},
	{
		of: 'PostgreSQL and its disk',
		faults: ['full'],
		gets: '503 `unavailable` with `Retry-After`; as ever once there is room',
		within_s: 15,
		stored: 'all that was answered, once; nothing by halves',
		scene: 'diskFull',
	},
	{
		of: 'the clock',
		faults: ['jump'],
		gets: 'the answer as ever, an hour ahead and an hour back',
		within_s: 6,
		stored: `${ANSWERED}; jobs run`,
		scene: 'clock',
	},
	{
		of: 'each program',
		faults: ['kill -9'],
		gets: 'the answer: requests wait until it is there again; 502 for one in hand, and the ' +
			'answer when it is sent again',
		within_s: 15,
		stored: 'what was in hand once, by who asks again',
		scene: 'programKilled',
		isShort: ['kill -9'],
	},
	{
		of: 'each program',
		faults: ['silent'],
		gets: '504 when its deadline has passed; the answer when it goes on before',
		within_s: 75,
		stored: 'nothing that was not answered',
		scene: 'programSilent',
	},
	{
		of: 'nginx',
		faults: ['kill -9'],
		gets: 'a broken connection; the answer when it is sent again',
		within_s: 15,
		stored: ANSWERED,
		scene: 'nginxKilled',
		isShort: ['kill -9'],
	},
	{
		of: 'nginx',
		faults: ['restart'],
		gets: 'the answer; a refused connection for a moment',
		within_s: 15,
		stored: ANSWERED,
		scene: 'nginxRestarted',
	},
];

/** One of each row and fault: {row, fault}; `short`: those of every day. */
export const cells = ({ short = false } = {}) =>
	TABLE.flatMap((row) =>
		(short ? (row.isShort ?? []) : row.faults).map((fault) => ({ row, fault })),
	);

/** Where it stands there. */
export const BEGIN = '<!-- faults: written by node tests/faults/main.mjs --write -->';
export const END = '<!-- faults: end -->';

/** The table as the README shows it. */
export const asMarkdown = () =>
	[
		'| what | fault | a visitor gets | within | stored |',
		'|---|---|---|---|---|',
		...TABLE.map(
			({ of, faults, gets, within_s, stored }) =>
				`| ${of} | ${faults.join(', ')} | ${gets} | ${within_s} s | ${stored} |`,
		),
	].join('\n');
