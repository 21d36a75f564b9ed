/* mail_text.h -- the words of our mails. Pure. */
#ifndef MAIL_TEXT_H
#define MAIL_TEXT_H

#include "../../base/ctx.h"

struct mail_text {
	const char *subject, *html, *text;
};

/* The mail that asks whoever owns the address to confirm it. It greets by `name` (may be NULL)
 * where that looks like one; what it holds is escaped, and no link can be made of it. */
void mail_text_confirm(struct ctx *cx, const char *name, const char *link, struct mail_text *out);

/* The mail by which somebody sets a password; its link works for so many minutes. */
void mail_text_recovery(struct ctx *cx, const char *link, unsigned minutes, struct mail_text *out);

#endif
