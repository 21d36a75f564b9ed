/* JSON schemas of tools and structured output: what strict mode demands, and the plainest
 * value that satisfies one. */

const typesOf = (schema) => [schema.type].flat().filter(Boolean);

const childrenOf = (schema) => [
	...Object.entries(schema.properties ?? {}),
	...(schema.items ? [['items', schema.items]] : []),
	...(schema.anyOf ?? []).map((child, i) => [`anyOf.${i}`, child]),
	...Object.entries(schema.$defs ?? {}),
];

/** Why strict mode would refuse the schema, or null. Every object is closed and complete. */
export const strictProblem = (schema, where = []) => {
	const context = `In context=(${where.map((name) => `'${name}'`).join(', ')})`;
	if (typesOf(schema).includes('object')) {
		if (schema.additionalProperties !== false)
			return `${context}, 'additionalProperties' is required to be supplied and to be false.`;
		for (const name of Object.keys(schema.properties ?? {}))
			if (!schema.required?.includes(name))
				return (
					`${context}, 'required' is required to be supplied and to be an array ` +
					`including every key in properties. Missing '${name}'.`
				);
	}
	for (const [name, child] of childrenOf(schema)) {
		const found = strictProblem(child, [...where, name]);
		if (found) return found;
	}
	return null;
};

const plainObject = (schema) => {
	const names = Object.keys(schema.properties ?? {}).filter((name) =>
		schema.required?.includes(name),
	);
	return Object.fromEntries(names.map((name) => [name, plainValue(schema.properties[name])]));
};

/** The plainest value of a schema: null where allowed, first of an enum, minimum, empty. */
export const plainValue = (schema) => {
	if (schema.const !== undefined) return schema.const;
	if (schema.enum) return schema.enum[0];
	if (schema.anyOf) return plainValue(schema.anyOf[0]);
	const types = typesOf(schema);
	if (types.includes('null')) return null;
	if (types.includes('object') || schema.properties) return plainObject(schema);
	if (types.includes('array')) {
		const length = schema.minItems ?? 0;
		return Array.from({ length }, () => plainValue(schema.items ?? {}));
	}
	if (types.includes('number') || types.includes('integer')) return schema.minimum ?? 0;
	if (types.includes('boolean')) return false;
	return '';
};
