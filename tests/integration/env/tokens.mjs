/* Tokens as somebody signs them who has the secret, or has not. */
import { createHmac } from 'node:crypto';

const HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

export const encodePart = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token with these claims, which ends in an hour unless they say so; `alg` may be "none", and
 * `secret` another than the stack's. A claim that is undefined is left out. */
export const signToken = (stack, claims, { alg = 'HS256', secret = stack.jwtSecret } = {}) => {
	const exp = Math.floor(Date.now() / 1000) + 3600;
	const text = `${encodePart({ alg, typ: 'JWT' })}.${encodePart({ exp, ...claims })}`;
	const hash = HASHES[alg];
	return `${text}.${hash ? createHmac(hash, secret).update(text).digest('base64url') : ''}`;
};
