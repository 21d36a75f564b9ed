/* mail_page.h -- the pages behind the link in our mail. Pure.
 *
 * They load nothing and run nothing; the one style they have is in them, and the policy names it
 * by its hash. To look at a page changes nothing, for mail scanners follow every link: only the
 * buttons, which post, do. */
#ifndef MAIL_PAGE_H
#define MAIL_PAGE_H

#include "../../base/ctx.h"

enum mail_page {
	MAIL_PAGE_ASK,          /* nothing is decided yet */
	MAIL_PAGE_CONFIRMED,    /* just now */
	MAIL_PAGE_ALREADY,      /* confirmed earlier */
	MAIL_PAGE_UNSUBSCRIBED, /* now or earlier */
	MAIL_PAGE_WELCOME,      /* they may sign up again; of the address nothing is left */
	MAIL_PAGE_LATE,         /* nothing is decided yet, and the link is too old to confirm */
	MAIL_PAGE_STALE,        /* the link was cut off, is not ours, or of nothing that is there */
};

/* The HTML. `token` goes into the forms of the pages that have any; NULL on MAIL_PAGE_STALE. */
struct span mail_page_html(struct ctx *cx, enum mail_page page, const char *token);

/* The Content-Security-Policy they are to be sent with: their style and their form, nothing
 * else, in nobody's frame. */
const char *mail_page_policy(struct ctx *cx) NEVER_NULL;

#endif
