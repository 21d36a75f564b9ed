/* A collector of traces as OTLP 1.0 over HTTP has it (JSON encoding): takes what is well-formed,
 * refuses the rest with 400, and keeps the spans for a test to look at. */
import { once } from 'node:events';
import { createServer } from 'node:http';

const HEX = (chars) => new RegExp(`^(?!0+$)[0-9a-f]{${chars}}$`);
const NANOS = /^[1-9]\d{18}$/;

const attributesOf = (list) => {
	const out = {};
	for (const { key, value } of list) {
		const [[kind, of]] = Object.entries(value);
		if (typeof key !== 'string' || typeof of !== 'string') throw new Error(`attribute ${key}`);
		if (kind !== 'stringValue' && !(kind === 'intValue' && /^-?\d+$/.test(of)))
			throw new Error(`attribute ${key}: ${kind}`);
		out[key] = kind === 'intValue' ? Number(of) : of;
	}
	return out;
};

const spanOf = (service, span) => {
	const isGood =
		HEX(32).test(span.traceId) &&
		HEX(16).test(span.spanId) &&
		(span.parentSpanId === undefined || HEX(16).test(span.parentSpanId)) &&
		[1, 2].includes(span.kind) &&
		NANOS.test(span.startTimeUnixNano) &&
		NANOS.test(span.endTimeUnixNano) &&
		BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano);
	if (!isGood) throw new Error(`span ${JSON.stringify(span)}`);
	return { ...span, service, attributes: attributesOf(span.attributes) };
};

const spansOf = ({ resourceSpans }) =>
	resourceSpans.flatMap(({ resource, scopeSpans }) => {
		const service = attributesOf(resource.attributes)['service.name'];
		return scopeSpans.flatMap(({ spans }) => spans.map((span) => spanOf(service, span)));
	});

const readBody = async (req) => {
	const chunks = [];
	for await (const chunk of req) chunks.push(chunk);
	return Buffer.concat(chunks).toString();
};

/** On a free port of the loopback. Resolves to {url, spans, refused, requests, isSilent, stop()}:
 * while isSilent is true it accepts and never answers; refused holds why it said 400. */
export const startCollector = async () => {
	const collector = { spans: [], refused: [], requests: [], isSilent: false };
	const server = createServer(async (req, res) => {
		const body = await readBody(req);
		collector.requests.push({ method: req.method, path: req.url, headers: req.headers });
		if (collector.isSilent) return;
		try {
			if (req.method !== 'POST' || req.url !== '/v1/traces') throw new Error(req.url);
			if (req.headers['content-type'] !== 'application/json') throw new Error('type');
			collector.spans.push(...spansOf(JSON.parse(body)));
			res.writeHead(200, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}');
		} catch (error) {
			collector.refused.push(String(error));
			res.writeHead(400).end();
		}
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	collector.url = `http://127.0.0.1:${server.address().port}`;
	collector.stop = () => {
		server.close();
		server.closeAllConnections();
	};
	return collector;
};
