/* signed_link.h -- tokens for links in our mails: they name a row, end, and are signed, so that
 * nothing of them need be kept. */
#ifndef SIGNED_LINK_H
#define SIGNED_LINK_H

#include "../base/ctx.h"

/* "<id>.<seconds>.<signature>": `id` is a UUID, `expires_at` seconds since 1970. Tokens of one
 * purpose (vault_hash()) are none of another. NULL without a data key. */
const char *signed_link_token(struct ctx *cx, const char *purpose, const char *id,
                              int64_t expires_at);

struct signed_link {
	const char *id;
	bool        is_late;
};

/* Whose token is it? False when it is not ours, or of another purpose. */
bool signed_link_read(struct ctx *cx, const char *purpose, struct span token,
                      struct signed_link *out) CHECKED;

#endif
