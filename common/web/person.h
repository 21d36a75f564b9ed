/* person.h -- who calls one of the APIs that a person's rights decide about. */
#ifndef PERSON_H
#define PERSON_H

#include "../store/access.h"
#include "req.h"

enum person_role { PERSON_ANON, PERSON_SIGNED_IN, PERSON_SERVICE };

struct person {
	enum person_role role;
	const char      *id;         /* profiles.id, the claim sub; NULL unless signed in */
	const char      *session_id; /* of auth_sessions; NULL unless signed in */
};

/* Who calls, by Authorization (Bearer), else apikey. No key at all, or a token that is none of
 * ours, expired, forged: ERR_UNAUTHORIZED (401). The anon key is PERSON_ANON. That a session is
 * still good, and what it may, is not looked at: the database does, with each statement. */
struct err *person_of(struct req *rq, struct person *out) CHECKED;

/* For access_set(). */
struct person_claims person_claims(const struct person *person);

#endif
