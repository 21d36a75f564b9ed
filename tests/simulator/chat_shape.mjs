/* The members of a chat request that Groq and OpenAI have in common. */
import {
	anyObject,
	array,
	boolean,
	either,
	integer,
	nullable,
	number,
	object,
	oneOf,
	required,
	string,
} from './check.mjs';

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

const textPart = object({ type: required(oneOf('text')), text: required(string()) });
const imagePart = object({ type: required(oneOf('image_url')), image_url: required(anyObject()) });
const textContent = either(array(textPart, { min: 1 }), string());
const userContent = either(array(either(imagePart, textPart), { min: 1 }), string());

const calledTool = object({
	id: required(string({ min: 1 })),
	type: required(oneOf('function')),
	function: required(
		object({
			name: required(string({ pattern: NAME })),
			arguments: required(string()),
		}),
	),
});

const plainMessage = (role, content) =>
	object({
		role: required(oneOf(role)),
		content: required(content),
		name: string({ pattern: NAME }),
	});

const byRole = (extra) => ({
	system: plainMessage('system', textContent),
	developer: plainMessage('developer', textContent),
	user: plainMessage('user', userContent),
	assistant: object({
		role: required(oneOf('assistant')),
		content: nullable(textContent),
		name: string({ pattern: NAME }),
		tool_calls: array(calledTool, { min: 1 }),
		...extra,
	}),
	tool: object({
		role: required(oneOf('tool')),
		content: required(textContent),
		tool_call_id: required(string({ min: 1 })),
	}),
});

/** A message, checked by its role; `extra` are members of the assistant's. */
export const message = (extra = {}) => {
	const roles = byRole(extra);
	return (value, path) => {
		const shape = anyObject()(value, path);
		if (shape) return shape;
		return Object.hasOwn(roles, value.role)
			? roles[value.role](value, path)
			: {
					kind: 'enum',
					path: `${path}.role`,
					allowed: Object.keys(roles),
					value: value.role,
				};
	};
};

const tool = object({
	type: required(oneOf('function')),
	function: required(
		object({
			name: required(string({ pattern: NAME })),
			description: string(),
			parameters: anyObject(),
			strict: nullable(boolean()),
		}),
	),
});

const toolChoice = either(
	object({
		type: required(oneOf('function')),
		function: required(object({ name: required(string()) })),
	}),
	oneOf('none', 'auto', 'required'),
);

const responseFormat = either(
	object({ type: required(oneOf('text', 'json_object')) }),
	object({
		type: required(oneOf('json_schema')),
		json_schema: required(
			object({
				name: required(string({ pattern: NAME })),
				description: string(),
				schema: anyObject(),
				strict: nullable(boolean()),
			}),
		),
	}),
);

export const commonMembers = {
	model: required(string({ min: 1 })),
	max_completion_tokens: nullable(integer({ min: 1 })),
	max_tokens: nullable(integer({ min: 1 })),
	metadata: nullable(anyObject()),
	parallel_tool_calls: nullable(boolean()),
	response_format: nullable(responseFormat),
	seed: nullable(integer()),
	stop: nullable(either(array(string(), { max: 4 }), string())),
	store: nullable(boolean()),
	stream: nullable(boolean()),
	stream_options: nullable(
		object({
			include_usage: boolean(),
			include_obfuscation: boolean(),
		}),
	),
	temperature: nullable(number({ min: 0, max: 2 })),
	tool_choice: nullable(toolChoice),
	tools: nullable(array(tool, { max: 128 })),
	top_p: nullable(number({ min: 0, max: 1 })),
	user: nullable(string()),
};
