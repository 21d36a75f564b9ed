/* FastCGI records, as far as the tests need them: those who stand in for a program or for nginx. */
export const BEGIN = 1;
export const END = 3;
export const PARAMS = 4;
export const STDIN = 5;
export const STDOUT = 6;
const HEADER_BYTES = 8;
const RECORD_MAX = 65528;

export const record = (type, id, content = Buffer.alloc(0)) => {
	const header = Buffer.alloc(HEADER_BYTES);
	header.writeUInt8(1, 0);
	header.writeUInt8(type, 1);
	header.writeUInt16BE(id, 2);
	header.writeUInt16BE(content.length, 4);
	return Buffer.concat([header, content]);
};

/** As many records as the bytes need; none for none. */
export const stream = (type, id, bytes) => {
	const records = [];
	for (let at = 0; at < bytes.length; at += RECORD_MAX)
		records.push(record(type, id, bytes.subarray(at, at + RECORD_MAX)));
	return Buffer.concat(records);
};

/** Calls `take(type, id, content)` for each record that the socket brings. */
export const readRecords = (socket, take) => {
	let pending = Buffer.alloc(0);
	socket.on('data', (chunk) => {
		pending = Buffer.concat([pending, chunk]);
		while (pending.length >= HEADER_BYTES) {
			const length = pending.readUInt16BE(4);
			const whole = HEADER_BYTES + length + pending[6];
			if (pending.length < whole) return;
			const content = pending.subarray(HEADER_BYTES, HEADER_BYTES + length);
			const [type, id] = [pending[1], pending.readUInt16BE(2)];
			pending = pending.subarray(whole);
			take(type, id, content);
		}
	});
};
