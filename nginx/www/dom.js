/* dom.js -- making and finding elements. All text is text, never markup. */
export const at = (id) => document.getElementById(id);

/** An element with properties, `text` among them, and children. */
export const element = (name, { text, ...rest } = {}, children = []) => {
	const made = Object.assign(document.createElement(name), rest);
	if (text !== undefined) made.textContent = text;
	made.append(...children);
	return made;
};
