/* person.c -- from a key to who holds it. */
#include "person.h"

#include "keys.h"

static const char *const roles[] = {[PERSON_ANON] = "anon",
                                    [PERSON_SIGNED_IN] = "authenticated",
                                    [PERSON_SERVICE] = "service_role"};

/* The token of a person names them and their session: one that others signed with the same secret
 * may not, and is nobody's here. */
static bool read_person(const struct key_claims *claims, struct person *out)
{
	*out = (struct person){.role = PERSON_ANON};
	while (!str_equal(claims->role, roles[out->role]))
		out->role++;
	if (out->role != PERSON_SIGNED_IN)
		return true;
	out->id = claims->subject;
	out->session_id = claims->session_id;
	return out->id && str_is_uuid(out->id) && out->session_id && str_is_uuid(out->session_id);
}

struct err *person_of(struct req *rq, struct person *out)
{
	struct key_claims claims;

	if (!keys_read(req_ctx(rq), req_header(rq, "apikey"), req_header(rq, "Authorization"),
	               &claims) ||
	    !read_person(&claims, out))
		FAIL(req_ctx(rq), ERR_UNAUTHORIZED, "no good key or token");
	return NULL;
}

struct person_claims person_claims(const struct person *person)
{
	return (struct person_claims){roles[person->role], person->id, person->session_id};
}
