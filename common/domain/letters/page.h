/* page.h -- the frame of our pages behind links in mails. Pure.
 *
 * They load nothing and run nothing; the one style they have is in them, and the policy names it
 * by its hash. To look at a page changes nothing, for mail scanners follow every link: only the
 * buttons, which post, do. */
#ifndef LETTERS_PAGE_H
#define LETTERS_PAGE_H

#include "../../base/ctx.h"

/* What stands on top: the path of an SVG of 24 by 24. */
#define PAGE_ENVELOPE "M3 6.5h18v11H3zM3.5 7l8.5 6 8.5-6"
#define PAGE_TICK     "M4.5 12.5l5 5 10-11"
#define PAGE_CROSS    "M6 6l12 12M18 6L6 18"
#define PAGE_KEY      "M14.5 9.5a4 4 0 1 0-3.6 4l1.6 1.5h2v2h2v2h3.5v-3.4l-5.6-5.6"

/* The HTML; `body`, HTML too, is what comes below the sentence. */
struct span page_html(struct ctx *cx, const char *icon, const char *title, const char *sentence,
                      const char *body);

/* The Content-Security-Policy they are to be sent with: their style and their form, nothing
 * else, in nobody's frame. */
const char *page_policy(struct ctx *cx) NEVER_NULL;

#endif
