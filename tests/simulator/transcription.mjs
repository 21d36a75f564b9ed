/* Audio transcriptions, shared by Groq and OpenAI: the form, the file, the evidence. */
import { createHash } from 'node:crypto';
import { sniff, wavSeconds } from './audio.mjs';
import { parseMultipart } from './multipart.mjs';
import { json, text } from './reply.mjs';
import { tokensOf } from './tokens.mjs';

const FILE_BYTES_MAX = 25 * 1024 * 1024;
const SECONDS_MIN = 0.01;
const DEFAULT_TEXT = 'This is a simulated transcript.';

/* What each file name may hold and which content types say the same. */
const FILE_TYPES = {
	flac: ['flac', /^audio\/(x-)?flac$/],
	mp3: ['mp3', /^audio\/(mpeg|mp3)$/],
	mp4: ['mp4', /^(audio|video)\/mp4$/],
	mpeg: ['mp3', /^(audio|video)\/mpeg$/],
	mpga: ['mp3', /^audio\/mpeg$/],
	m4a: ['mp4', /^audio\/(mp4|m4a|x-m4a)$/],
	ogg: ['ogg', /^audio\/ogg$/],
	opus: ['ogg', /^audio\/(ogg|opus)$/],
	wav: ['wav', /^audio\/(wav|x-wav|wave|vnd\.wave)$/],
	webm: ['webm', /^(audio|video)\/webm$/],
};
const UNTOLD = 'application/octet-stream';

const FIELDS = [
	'file',
	'url',
	'model',
	'language',
	'prompt',
	'response_format',
	'temperature',
	'timestamp_granularities[]',
];
const FORMATS = ['json', 'text', 'verbose_json'];

const bad = (message, code, status = 400) => ({ status, message, code });

/** Parts of the form, also described for the record of requests. Throws when malformed. */
export const readForm = (headers, body) => {
	const parts = parseMultipart(headers['content-type'], body);
	const described = parts.map(({ name, filename, type, data }) => ({
		name,
		filename,
		type,
		size: data.length,
		...(filename === undefined
			? { value: data.toString('utf8') }
			: { sha256: createHash('sha256').update(data).digest('hex') }),
	}));
	return { parts, described };
};

const fileProblem = (file) => {
	const extension = /\.([a-z0-9]+)$/.exec(file.filename ?? '')?.[1];
	const known = FILE_TYPES[extension];
	if (!known)
		return bad(
			'file must be one of the following types: ' +
				`[${Object.keys(FILE_TYPES).join(' ')}]`,
		);
	const type = (file.type ?? '').split(';')[0].trim().toLowerCase();
	if (type !== UNTOLD && !known[1].test(type))
		return bad(
			`content type '${type}' of the file part does not fit '${file.filename}'`,
		);
	if (!file.data.length) return bad('file is empty');
	if (file.data.length > FILE_BYTES_MAX)
		return bad('Request Entity Too Large', 'request_too_large', 413);
	if (sniff(file.data) !== known[0])
		return bad('could not process file - is it a valid media file?');
	if ((wavSeconds(file.data) ?? 1) < SECONDS_MIN)
		return bad(
			`Audio file is too short. Minimum audio length is ${SECONDS_MIN} seconds.`,
			'audio_too_short',
		);
	return null;
};

const valuesProblem = (values) => {
	if (values.language !== undefined && !/^[a-z]{2,3}$/.test(values.language))
		return bad('language must be one of the supported ISO-639-1 codes');
	if (values.response_format !== undefined && !FORMATS.includes(values.response_format))
		return bad(`response_format must be one of [${FORMATS.join(' ')}]`);
	const temperature = Number(values.temperature ?? 0);
	if (!(temperature >= 0 && temperature <= 1))
		return bad('temperature must be between 0 and 1');
	return null;
};

/** Why the form is refused, {status, message, code?}, or null. */
export const formProblem = (parts, models) => {
	const names = parts.map((part) => part.name);
	const unknown = names.find((name) => !FIELDS.includes(name));
	if (unknown) return bad(`unknown param \`${unknown}\``);
	const twice = names.find(
		(name, i) => name !== 'timestamp_granularities[]' && names.indexOf(name) !== i,
	);
	if (twice) return bad(`param \`${twice}\` was given twice`);
	const values = valuesOf(parts);
	if (!values.model) return bad('model is required');
	if (!models.includes(values.model))
		return bad(
			`The model \`${values.model}\` does not exist or you do not have access to it.`,
			'model_not_found',
			404,
		);
	const granular = parts.filter((part) => part.name === 'timestamp_granularities[]');
	if (granular.some((part) => !['word', 'segment'].includes(part.data.toString('utf8'))))
		return bad('timestamp_granularities must be word or segment');
	if (granular.length && values.response_format !== 'verbose_json')
		return bad('timestamp_granularities requires response_format `verbose_json`');
	const file = parts.find((part) => part.name === 'file');
	if (!file === !values.url) return bad('exactly one of file or url must be provided');
	return valuesProblem(values) ?? (file ? fileProblem(file) : null);
};

const valuesOf = (parts) =>
	Object.fromEntries(
		parts
			.filter((part) => part.filename === undefined)
			.map((part) => [part.name, part.data.toString('utf8')]),
	);

const wordsOf = (said, seconds) => {
	const words = tokensOf(said).map((word) => word.trim());
	const each = seconds / Math.max(1, words.length);
	return words.map((word, i) => ({ word, start: i * each, end: (i + 1) * each }));
};

const segmentsOf = (said, seconds, script) =>
	script.segments ??
	(said === ''
		? []
		: [
				{
					id: 0,
					seek: 0,
					start: 0,
					end: seconds,
					text: ` ${said}`,
					tokens: [50365],
					temperature: 0,
					avg_logprob: script.avg_logprob ?? -0.2,
					compression_ratio: script.compression_ratio ?? 1.2,
					no_speech_prob: script.no_speech_prob ?? 0.01,
				},
			]);

/** The answer to a valid form. `brand` members are added to the JSON forms. */
export const transcriptionReply = (call, brand, headers) => {
	const script = call.script ?? {};
	const values = valuesOf(call.parts);
	const file = call.parts.find((part) => part.name === 'file');
	const said = script.text ?? DEFAULT_TEXT;
	const seconds = script.duration ?? (file && wavSeconds(file.data)) ?? 1;
	if (values.response_format === 'text') return text(200, said, headers);
	if (values.response_format !== 'verbose_json')
		return json(200, { text: said, ...brand, ...script.extra }, headers);
	const wanted = call.parts
		.filter((part) => part.name === 'timestamp_granularities[]')
		.map((part) => part.data.toString('utf8'));
	return json(
		200,
		{
			task: 'transcribe',
			language: script.language ?? 'English',
			duration: seconds,
			text: said,
			...(wanted.includes('word') && { words: wordsOf(said, seconds) }),
			...((!wanted.length || wanted.includes('segment')) && {
				segments: segmentsOf(said, seconds, script),
			}),
			...brand,
			...script.extra,
		},
		headers,
	);
};
