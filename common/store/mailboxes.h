/* mailboxes.h -- the mailboxes table: what may be sent where.
 *
 * A mailbox has many addresses (domain/who/contact.h). How often it is written to, and that its
 * owner wants no mail, holds for all of them. No address is kept: the row is found by a keyed hash
 * of a digest, and the digest rests sealed beside it, for rotation. */
#ifndef STORE_MAILBOXES_H
#define STORE_MAILBOXES_H

#include "../base/ctx.h"

/* What finds and makes the row of an address. */
struct mailbox {
	struct span hash, former_hash; /* the latter of a key before; ptr NULL: none */
	const char *sealed;
};

/* Of a normalised address. False without a data key. */
bool mailbox_of(struct ctx *cx, const char *email, struct mailbox *out) CHECKED;

/* The hash for the present key, of what was sealed; ptr NULL: there is no key. */
struct span mailbox_hash(struct ctx *cx, struct span digest);

/* Gives up to `batch` sign-ups from before there were mailboxes theirs, beginning behind the id in
 * *last_id; it becomes the last one looked at. *is_over_out: those were all. What does not open
 * with the keys there are is left as it is. */
struct err *mailboxes_place(struct ctx *cx, int batch, const char **last_id,
                            bool *is_over_out) CHECKED;

#endif
