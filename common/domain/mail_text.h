/* mail_text.h -- the words of our mails and of the pages their links lead to. Pure. */
#ifndef MAIL_TEXT_H
#define MAIL_TEXT_H

#include "../base/ctx.h"

struct mail_text {
	const char *subject, *html, *text;
};

/* The mail that asks whoever owns the address to confirm it. `name` may be NULL; what it holds is
 * escaped, and no link can be made of it. */
void mail_text_confirm(struct ctx *cx, const char *name, const char *link, struct mail_text *out);

/* The page behind the link, with its two buttons. It loads nothing, runs nothing and has no style
 * of its own, as the proxy's Content-Security-Policy demands; it changes nothing when
 * it is only looked at, for mail scanners follow every link. */
struct span mail_page_ask(struct ctx *cx, const char *token);

/* A page with one sentence. */
struct span mail_page_tell(struct ctx *cx, const char *title, const char *sentence);

#endif
