/* key_owner.h -- who an Idempotency-Key belongs to. */
#ifndef KEY_OWNER_H
#define KEY_OWNER_H

#include "input.h"
#include "req.h"

struct key_owner {
	const char *scope;
	bool        is_proven;
	/* The pair that proved it; NULL where none did. */
	const char *session_id, *session_secret;
};

/* Of the request whose body was read. A session whose pair is in the body, or in headers beside a
 * recording, where the function `takes_session`; else the subject of a signed token; else nobody in
 * particular: then a key means the same only with the same address, query and body. The key of
 * browsers proves nobody. ERR_SESSION, ERR_SESSION_EXPIRED for a pair that proves nothing. */
struct err *key_owner_of(struct req *rq, bool takes_session, struct key_owner *out) CHECKED;

/* May the owner be given an answer stored before? As the request itself would find it. */
struct err *key_owner_check(struct ctx *cx, const struct key_owner *owner) CHECKED;

#endif
