/* escape.c -- making foreign text harmless. */
#include "escape.h"

#include "../../base/utf8.h"
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

/* What is invisible and harmless stays: it holds emoji and words of some scripts together. */
static bool steers_terminal(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

const char *escape_terminal(struct ctx *cx, const char *text, bool keep_lines)
{
	struct buf  out = buf_for(cx, text);
	struct span rest = span_of(text);
	char        utf8[4];

	while (rest.len) {
		uint32_t c = utf8_next(&rest);

		if (steers_terminal(c) && !(keep_lines && (c == '\n' || c == '\t')))
			buf_char(&out, '?');
		else
			buf_add(&out, utf8, utf8_encode(c, utf8));
	}
	return buf_text(&out);
}

/* All of them stand in strings; below U+0020 JSON has none. */
const char *escape_terminal_json(struct ctx *cx, struct span json)
{
	struct buf out = buf_new(cx->arena, GROWTH * json.len + 8);
	char       utf8[4];

	while (json.len) {
		uint32_t c = utf8_next(&json);

		if (steers_terminal(c))
			buf_printf(&out, "\\u%04x", c);
		else
			buf_add(&out, utf8, utf8_encode(c, utf8));
	}
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
