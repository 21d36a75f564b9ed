/* Reading an event stream as it arrives. */

const parse = (block) => {
	const lines = block.split('\n').filter((line) => !line.startsWith(':'));
	const field = (name) =>
		lines
			.filter((line) => line.startsWith(`${name}: `))
			.map((line) => line.slice(name.length + 2))
			.join('\n');
	return lines.length ? { event: field('event'), data: JSON.parse(field('data')) } : null;
};

/** The events of a response's body, one by one: {event, data}; comments are left out. */
export async function* readEvents(body) {
	const decoder = new TextDecoder();
	let text = '';
	for await (const bytes of body) {
		text += decoder.decode(bytes, { stream: true });
		for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
			const event = parse(text.slice(0, end));
			text = text.slice(end + 2);
			if (event) yield event;
		}
	}
	if (text) throw new Error(`the stream ended inside an event: ${text}`);
}
