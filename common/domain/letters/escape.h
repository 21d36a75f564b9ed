/* escape.h -- what a visitor wrote, made harmless for where a person will read it. Pure, linear. */
#ifndef ESCAPE_H
#define ESCAPE_H

#include "../../base/ctx.h"

/* For HTML, in text and in quoted attributes. */
const char *escape_html(struct ctx *cx, const char *text) NEVER_NULL;

/* For Slack's mrkdwn: no mention, no link, no channel can come of it. */
const char *escape_slack(struct ctx *cx, const char *text) NEVER_NULL;

/* A cell of CSV, quoted; with an apostrophe in front where a spreadsheet would take it for a
 * formula. */
const char *escape_csv(struct ctx *cx, const char *text) NEVER_NULL;

/* For a terminal: control characters (C1 too, U+0080 to U+009F) and those that break lines or turn
 * the direction of writing become "?" each; with `keep_lines` line feeds and tabs stay. */
const char *escape_terminal(struct ctx *cx, const char *text, bool keep_lines) NEVER_NULL;

/* The same for JSON, which stays the same to a parser: they become escapes. */
const char *escape_terminal_json(struct ctx *cx, struct span json) NEVER_NULL;

/* One line of at most max_chars characters without control or invisible ones, in which no mail
 * program finds a link. NULL when nothing is left. */
const char *escape_links(struct ctx *cx, const char *text, size_t max_chars);

#endif
