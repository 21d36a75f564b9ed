/* console_charts.js -- small charts as SVG, each with its numbers as a table beside it. */
import { element } from './dom.js';
import { table } from './console_view.js';

const NS = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [640, 200, 40, 24, 10];
const BESIDE = 64; /* of a window, at both sides of a figure on a phone */
const LETTER = 6;

/* As wide as its place on a phone, so that its words are no smaller than others there. */
const widthHere = () => Math.min(WIDTH, window.innerWidth - BESIDE);

const svg = (name, attributes = {}, children = []) => {
	const made = document.createElementNS(NS, name);
	for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
	made.append(...children);
	return made;
};

/* The least of 1, 2 or 5 times a power of ten that is not below it. */
const roundUp = (value) => {
	if (value <= 0) return 1;
	const power = 10 ** Math.floor(Math.log10(value));
	return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= value);
};

const word = (x, y, anchor, text) =>
	svg('text', { x, y, 'text-anchor': anchor, class: 'label' }, [text]);

/* Every how many-th name has room. */
const stepOf = (names, width) => {
	const longest = Math.max(...names.map(({ length }) => length)) + 1;
	return Math.ceil((names.length * longest * LETTER) / (width - LEFT));
};

const axes = (names, { most, unit, width }) => {
	const step = stepOf(names, width);
	const at = (i) => LEFT + ((i + 0.5) * (width - LEFT)) / names.length;
	const lines = [0, 0.5, 1].flatMap((part) => {
		const y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - part);
		return [
			svg('line', { x1: LEFT, x2: width, y1: y, y2: y, class: 'grid' }),
			word(LEFT - 4, y + 4, 'end', `${+(most * part).toFixed(1)}${unit}`),
		];
	});
	const under = (name, i) => {
		const isOver = at(i) + name.length * LETTER * 0.6 > width;
		return word(isOver ? width : at(i), HEIGHT - 6, isOver ? 'end' : 'middle', name);
	};
	const labels = names.map((name, i) => (i % step ? null : under(name, i))).filter(Boolean);
	return [...lines, ...labels];
};

const heightOf = (value, most) => ((HEIGHT - TOP - BOTTOM) * value) / most;

const bars = (values, { most, width }, className) => {
	const wide = (width - LEFT) / values.length;
	return values.map((value, i) => {
		const tall = heightOf(value ?? 0, most);
		return svg('rect', {
			x: LEFT + i * wide + wide * 0.15,
			y: HEIGHT - BOTTOM - tall,
			width: wide * 0.7,
			height: tall,
			class: className,
		});
	});
};

const line = (values, { most, width }, className) => {
	const wide = (width - LEFT) / values.length;
	const points = values
		.map((value, i) => [LEFT + (i + 0.5) * wide, value])
		.filter(([, value]) => value !== null)
		.map(([x, value]) => [x, HEIGHT - BOTTOM - heightOf(value, most)]);
	return [
		svg('polyline', { points: points.map((p) => p.join(',')).join(' '), class: className }),
		...points.map(([cx, cy]) => svg('circle', { cx, cy, r: 3, class: className })),
	];
};

/** A figure: `names` along the bottom, series are {name, values, kind: 'bar' | 'line'}; a value may be
 * null. `most` is the end of the scale, else what is needed. */
export const chart = ({ heading, told, names, series, unit = '', most }) => {
	const top = most ?? roundUp(Math.max(...series.flatMap(({ values }) => values.map((v) => v ?? 0))));
	const scale = { most: top, unit, width: widthHere() };
	const drawn = svg('svg', {
		viewBox: `0 0 ${scale.width} ${HEIGHT}`, role: 'img', 'aria-label': `${heading}: ${told}`,
	}, [
		...axes(names, scale),
		...series.flatMap(({ values, kind }, i) =>
			(kind === 'line' ? line : bars)(values, scale, `series-${i}`)),
	]);
	const columns = [
		{ title: '', cell: (i) => names[i] },
		...series.map(({ name, values }) => ({
			title: name,
			cell: (i) => (values[i] === null ? '–' : `${+values[i].toFixed(1)}${unit}`),
		})),
	];
	columns[0].title = 'Of';
	const legend = series.length < 2 ? [] : [element('p', { className: 'legend' },
		series.map(({ name }, i) => element('span', { className: `series-${i}`, text: name })))];
	return element('figure', { className: 'card' }, [
		element('figcaption', {}, [
			element('h3', { text: heading }), element('p', { className: 'faint-text', text: told }),
		]),
		drawn,
		...legend,
		element('details', {}, [
			element('summary', { text: 'As a table' }),
			table(heading, columns, names.map((_, i) => i)),
		]),
	]);
};
