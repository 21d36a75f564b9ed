/* contact.h -- e-mail addresses and telephone numbers: finding, masking, checking.
 *
 * Written ("dana@northwind.io", "+1 (415) 555-0123") and spoken ("dana dot
 * reyes at northwind dot io", "four one five five five five ..."). Linear. */
#ifndef CONTACT_H
#define CONTACT_H

#include "../../base/ctx.h"

enum { CONTACT_EMAIL_MAX = 254, CONTACT_LOCAL_MAX = 64 };

enum contact_kind {
	CONTACT_EMAIL,
	CONTACT_PHONE,
	CONTACT_NUMBER, /* looks like one and was said to be an order's, an account's */
};

struct contact {
	enum contact_kind kind;
	struct span       text; /* as said, in the searched text */
	const char
		*value; /* the normalised address; a number as digits with a leading '+' if it had one */
};

/* All of them in one text, in order; *out is valid when the result is not 0. */
size_t contact_find(struct ctx *cx, struct span text, const struct contact **out) CHECKED;

/* The text with "[email]", "[phone]" and "[number]" in the place of each: for columns that are
 * not sealed. */
struct span contact_mask(struct ctx *cx, struct span text);

/* The address trimmed, its domain in lower case; NULL when it is not one we could write to: one
 * '@', a dotted domain of sound labels, no quotes, white space or control characters, lengths by
 * RFC 5321. A local part may have letters of any script (RFC 6531); a domain beyond ASCII becomes
 * what the network knows it by ("xn--..."). What pasting brings along is taken off: "mailto:",
 * spaces that do not break, what is invisible. */
const char *contact_email_normalise(struct ctx *cx, struct span text);

/* The mailbox behind a normalised address, as an address: what differs and yet arrives there is
 * one. In lower case, without a "+tag", and without dots where the provider of the domain ignores
 * them. For counting only: it is not what somebody asked to be written to. */
const char *contact_mailbox(struct ctx *cx, const char *email) NEVER_NULL;

#endif
