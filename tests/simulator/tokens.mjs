/* Counting the way a bill does, roughly: a token is a word with the space before it. */

export const tokensOf = (text) => text.match(/\s*\S+/g) ?? [];

const textOf = (content) => {
	if (typeof content === 'string') return content;
	if (Array.isArray(content)) return content.map((part) => part.text ?? '').join('');
	return '';
};

export const lastUserText = (messages) =>
	textOf(messages.findLast((message) => message.role === 'user')?.content);

export const allText = (messages) => messages.map((m) => textOf(m.content)).join('\n');

export const countPrompt = (messages) => tokensOf(allText(messages)).length;
