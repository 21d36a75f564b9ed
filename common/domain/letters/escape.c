/* escape.c -- making foreign text harmless. */
#include "escape.h"

#include "../lead/extract.h"

#include <ctype.h>

#define GROWTH 6 /* "&quot;" */

static struct buf buf_for(struct ctx *cx, const char *text)
{
	return buf_new(cx->arena, GROWTH * strlen(text) + 8);
}

const char *escape_html(struct ctx *cx, const char *text)
{
	struct buf out = buf_for(cx, text);

	for (; *text; text++) {
		if (*text == '&')
			buf_str(&out, "&amp;");
		else if (*text == '<')
			buf_str(&out, "&lt;");
		else if (*text == '>')
			buf_str(&out, "&gt;");
		else if (*text == '"')
			buf_str(&out, "&quot;");
		else if (*text == '\'')
			buf_str(&out, "&#39;");
		else
			buf_char(&out, *text);
	}
	return buf_text(&out);
}

/* Slack makes links of "<...>" and of bare addresses; the text object says "verbatim" against the
 * latter, and a broken "://" stands in where a reader ignores that. */
const char *escape_slack(struct ctx *cx, const char *text)
{
	struct buf out = buf_for(cx, text);

	for (; *text; text++) {
		if (*text == '&')
			buf_str(&out, "&amp;");
		else if (*text == '<')
			buf_str(&out, "&lt;");
		else if (*text == '>')
			buf_str(&out, "&gt;");
		else if (strncmp(text, "://", 3) == 0)
			buf_str(&out, ": ");
		else
			buf_char(&out, *text);
	}
	return buf_text(&out);
}

const char *escape_csv(struct ctx *cx, const char *text)
{
	struct buf out = buf_for(cx, text);

	buf_char(&out, '"');
	if (strchr("=+-@\t\r\n", *text) && *text)
		buf_char(&out, '\'');
	for (; *text; text++) {
		if (*text == '"')
			buf_char(&out, '"');
		buf_char(&out, *text);
	}
	buf_char(&out, '"');
	return buf_text(&out);
}

/* Mail programs make links of "name.tld" and "scheme://": a blank behind such a dot or colon. */
const char *escape_links(struct ctx *cx, const char *text, size_t max_chars)
{
	const char *clean = extract_clean(cx, span_of(text), max_chars);
	struct buf  out = buf_for(cx, text);

	for (; clean && *clean; clean++) {
		bool is_joint =
			(*clean == '.' && !isspace((unsigned char)clean[1])) || strncmp(clean, "://", 3) == 0;

		buf_char(&out, *clean);
		if (is_joint && clean[1])
			buf_char(&out, ' ');
	}
	return out.len ? buf_text(&out) : NULL;
}
