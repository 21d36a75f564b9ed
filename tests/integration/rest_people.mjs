/* People who have signed in, as the database knows them and a token names them. */
import { randomUUID } from 'node:crypto';
import { signToken, sql } from './env/index.mjs';

/** Somebody with that role: {id, session, claims, token}. Without a password: who only needs to be
 * somebody needs no mail. */
export const newPerson = async (stack, role) => {
	const id = randomUUID();
	const session = randomUUID();
	await sql(stack, `with made as (select person_make(:'id', 'Somebody', :'role'))
		insert into people (id, email, email_hash, admitted_at)
			select :'id', 'sealed:v2:none:eA==', sha256(convert_to(:'id', 'UTF8')), now() from made;
		insert into auth_sessions (id, person, ends_at)
			values (:'session', :'id', now() + interval '1 hour')`, { id, role, session });
	const claims = { role: 'authenticated', aud: 'authenticated', sub: id, session_id: session };
	return { id, session, claims, token: signToken(stack, claims) };
};
