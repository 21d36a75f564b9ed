/* recovery_page.h -- the pages behind the link by which somebody sets a password (page.h). Pure. */
#ifndef RECOVERY_PAGE_H
#define RECOVERY_PAGE_H

#include "../../base/ctx.h"

/* Asks for a new password of at least `least` characters; `is_again`: the one before had less. */
struct span recovery_page_ask(struct ctx *cx, const char *token, unsigned least, bool is_again);

/* Asks to go on to the site, whose page will ask: mail scanners follow links, too. */
struct span recovery_page_go(struct ctx *cx, const char *token);

/* Leads on there, by itself and by a link. */
struct span recovery_page_leave(struct ctx *cx, const char *url);

/* It is set. */
struct span recovery_page_done(struct ctx *cx);

/* The link was cut off, used, or is too old. */
struct span recovery_page_stale(struct ctx *cx);

#endif
