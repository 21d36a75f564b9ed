/* Rules for the shape of a request.
 *
 * A rule is a function (value, path) -> problem or null. A problem names the path, what is
 * wrong (`kind`) and what was expected; each provider words it the way the real service does. */

const typeOf = (value) => {
	if (value === null) return 'null';
	if (Array.isArray(value)) return 'array';
	if (Number.isInteger(value)) return 'integer';
	return typeof value;
};

const problem = (kind, path, more) => ({ kind, path, ...more });
const wrongType = (path, expected, value) =>
	problem('type', path, { expected, got: typeOf(value) });
const join = (path, name) => (path ? `${path}.${name}` : String(name));

export const any = () => () => null;

export const string =
	({ min = 0, max = Infinity, pattern } = {}) =>
	(value, path) => {
		if (typeof value !== 'string') return wrongType(path, 'string', value);
		if (value.length < min) return problem('short', path, { min, value });
		if (value.length > max) return problem('long', path, { max, value });
		if (pattern && !pattern.test(value)) return problem('pattern', path, { value });
		return null;
	};

export const number =
	({ min = -Infinity, max = Infinity, whole = false } = {}) =>
	(value, path) => {
		const expected = whole ? 'integer' : 'number';
		if (typeof value !== 'number' || (whole && !Number.isInteger(value)))
			return wrongType(path, expected, value);
		if (value < min) return problem('low', path, { min, value, expected });
		if (value > max) return problem('high', path, { max, value, expected });
		return null;
	};

export const integer = (limits) => number({ ...limits, whole: true });

export const boolean = () => (value, path) =>
	typeof value === 'boolean' ? null : wrongType(path, 'boolean', value);

export const oneOf =
	(...allowed) =>
	(value, path) =>
		allowed.includes(value) ? null : problem('enum', path, { allowed, value });

export const nullable = (rule) => (value, path) => (value === null ? null : rule(value, path));

/** The first rule that holds wins; when none does, the last rule's problem is told. */
export const either =
	(...rules) =>
	(value, path) => {
		const problems = rules.map((rule) => rule(value, path));
		return problems.includes(null) ? null : problems.at(-1);
	};

export const array =
	(rule, { min = 0, max = Infinity } = {}) =>
	(value, path) => {
		if (!Array.isArray(value)) return wrongType(path, 'array', value);
		if (value.length < min) return problem('few', path, { min, value });
		if (value.length > max) return problem('many', path, { max, value });
		return value.map((item, i) => rule(item, join(path, i))).find(Boolean) ?? null;
	};

export const required = (rule) => Object.assign((...args) => rule(...args), { required: true });

/** An object with exactly these members; those marked required must be there. */
export const object = (members) => (value, path) => {
	if (typeOf(value) !== 'object') return wrongType(path, 'object', value);
	for (const name of Object.keys(value))
		if (!Object.hasOwn(members, name))
			return problem('unknown', join(path, name), { name });
	for (const [name, rule] of Object.entries(members)) {
		if (value[name] === undefined) {
			if (rule.required) return problem('missing', join(path, name), { name });
			continue;
		}
		const found = rule(value[name], join(path, name));
		if (found) return found;
	}
	return null;
};

/** A free-form object, such as a JSON schema. */
export const anyObject = () => (value, path) =>
	typeOf(value) === 'object' ? null : wrongType(path, 'object', value);
