/* Slack incoming webhooks: JSON in, plain words out, Block Kit within its limits. */
import {
	any,
	anyObject,
	array,
	boolean,
	either,
	object,
	oneOf,
	required,
	string,
} from './check.mjs';
import { newBucket, takeToken } from './rate.mjs';
import { refuse, text } from './reply.mjs';

export const SLACK_PATH = '/services/T00SIMULATED/B00SIMULATED/SimulatedWebhookToken';

const TEXT_MAX = 40000;
const BLOCKS_MAX = 50;

const plain = (max) =>
	object({
		type: required(oneOf('plain_text')),
		text: required(string({ min: 1, max })),
		emoji: boolean(),
	});
const mrkdwn = (max) =>
	object({
		type: required(oneOf('mrkdwn')),
		text: required(string({ min: 1, max })),
		verbatim: boolean(),
	});
const anyText = (max) => either(plain(max), mrkdwn(max));

const link = string({ max: 3000, pattern: /^https?:\/\// });
const block_id = string({ min: 1, max: 255 });
const image = { image_url: required(link), alt_text: required(string({ max: 2000 })) };

const button = object({
	type: required(oneOf('button')),
	text: required(plain(75)),
	action_id: string({ max: 255 }),
	url: link,
	value: string({ max: 2000 }),
	style: oneOf('primary', 'danger'),
	accessibility_label: string({ max: 75 }),
});

const BLOCKS = {
	header: { text: required(plain(150)) },
	section: {
		text: anyText(3000),
		fields: array(anyText(2000), { min: 1, max: 10 }),
		accessory: button,
		expand: boolean(),
	},
	divider: {},
	context: {
		elements: required(
			array(
				either(
					object({ type: required(oneOf('image')), ...image }),
					anyText(3000),
				),
				{ min: 1, max: 10 },
			),
		),
	},
	actions: { elements: required(array(button, { min: 1, max: 25 })) },
	image: { ...image, title: plain(2000) },
};

const block = (value, path) => {
	const members = Object.hasOwn(BLOCKS, value?.type) ? BLOCKS[value.type] : null;
	if (!members) return { kind: 'enum', path };
	if (value.type === 'section' && !value.text && !value.fields)
		return { kind: 'missing', path };
	return object({ type: required(any()), block_id, ...members })(value, path);
};

const message = object({
	text: string({ max: TEXT_MAX }),
	blocks: any(),
	attachments: array(anyObject(), { max: 100 }),
	mrkdwn: boolean(),
	thread_ts: string(),
	unfurl_links: boolean(),
	unfurl_media: boolean(),
});

const blocksAreValid = (blocks) => {
	if (array(block, { max: BLOCKS_MAX })(blocks, 'blocks')) return false;
	const ids = blocks.map((item) => item.block_id).filter(Boolean);
	return new Set(ids).size === ids.length;
};

const checkMessage = (request) => {
	if (request === undefined || message(request, '')) refuse(text(400, 'invalid_payload'));
	if (request.blocks !== undefined && !blocksAreValid(request.blocks))
		refuse(text(400, 'invalid_blocks'));
	if (!request.text && !request.blocks?.length && !request.attachments?.length)
		refuse(text(400, 'no_text'));
};

const authorize = ({ path, match }) => {
	const [, team, hook] = SLACK_PATH.match(/^\/services\/([^/]+)\/([^/]+)/);
	if (match[1] !== team || match[2] !== hook) refuse(text(404, 'no_service'));
	if (path !== SLACK_PATH) refuse(text(403, 'invalid_token'));
};

const post = (call) => {
	authorize(call);
	checkMessage(call.json);
	const wait = takeToken(call.state.bucket, call.settings);
	if (wait) refuse(text(429, 'rate_limited', { 'retry-after': String(wait) }));
	call.deliver(call.json);
	return text(200, 'ok');
};

const FAILURES = {
	400: 'invalid_payload',
	403: 'action_prohibited',
	404: 'channel_not_found',
	410: 'channel_is_archived',
	429: 'rate_limited',
	500: 'rollup_error',
};

export const slack = {
	name: 'slack',
	prefix: '/services/',
	quotas: [],
	settings: { per_second: 1, burst: 10 },
	newState: () => ({ bucket: newBucket() }),
	routes: [
		{
			operation: 'post',
			path: /^\/services\/([^/]+)\/([^/]+)\/([^/]+)$/,
			handle: post,
		},
	],
	notFound: () => text(404, 'no_service'),
	fail: (fault, headers) =>
		text(fault.status, fault.code ?? FAILURES[fault.status] ?? 'server_error', headers),
};
