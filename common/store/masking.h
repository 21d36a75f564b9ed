/* masking.h -- masking what was written before a visitor's name was known (sealed.h).
 *
 * sessions.names_hash is the mark: that of another value than names_hash() of all names known means
 * there is something to do. While it is done the mark has a value of its own, so that whoever
 * writes meanwhile with other names takes it away and the session is done once more; a worker that
 * dies leaves it, and the next one begins anew. */
#ifndef STORE_MASKING_H
#define STORE_MASKING_H

#include "../base/ctx.h"
#include "../domain/who/names.h"

/* The next session of this one's owner that is to be masked, itself included, and the names it is
 * to be masked with. NULL: none is left, or no name is known, or there is no key. */
struct err *masking_next(struct ctx *cx, const char *session_id, struct names *names,
                         const char **out) CHECKED;

/* Masks all that is plain of one session: utterances, extracts, memories, its summary. */
struct err *masking_session(struct ctx *cx, const char *session_id,
                            const struct names *names) CHECKED;

#endif
