/* A strict reader of multipart/form-data: CRLF everywhere, a closing boundary, named parts. */

const CRLF2 = Buffer.from('\r\n\r\n');

const boundaryOf = (contentType) => {
	const found = /^multipart\/form-data;.*\bboundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(
		contentType ?? '',
	);
	if (!found) throw new Error('no multipart boundary');
	return found[1] ?? found[2];
};

const parseHeaders = (block) => {
	const headers = {};
	for (const line of block.toString('utf8').split('\r\n')) {
		const colon = line.indexOf(':');
		if (colon < 1) throw new Error('malformed part header');
		headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
	}
	return headers;
};

const parsePart = (bytes) => {
	const split = bytes.indexOf(CRLF2);
	if (split < 0) throw new Error('part without a header end');
	const headers = parseHeaders(bytes.subarray(0, split));
	const disposition = headers['content-disposition'] ?? '';
	const name = /^form-data;.*\bname="([^"]*)"/.exec(disposition);
	if (!name) throw new Error('part without a name');
	const filename = /\bfilename="([^"]*)"/.exec(disposition);
	return {
		name: name[1],
		filename: filename?.[1],
		type: headers['content-type'],
		data: bytes.subarray(split + CRLF2.length),
	};
};

/** Parts in order: [{name, filename?, type?, data}]. Throws on anything malformed. */
export const parseMultipart = (contentType, body) => {
	const boundary = boundaryOf(contentType);
	const first = Buffer.from(`--${boundary}\r\n`);
	const between = Buffer.from(`\r\n--${boundary}`);
	if (!body.subarray(0, first.length).equals(first)) throw new Error('no opening boundary');

	const parts = [];
	let at = first.length;
	for (;;) {
		const end = body.indexOf(between, at);
		if (end < 0) throw new Error('no closing boundary');
		parts.push(parsePart(body.subarray(at, end)));
		at = end + between.length;
		const mark = body.subarray(at, at + 2).toString('latin1');
		if (mark === '--') return parts;
		if (mark !== '\r\n') throw new Error('malformed boundary');
		at += 2;
	}
};
