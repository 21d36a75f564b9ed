/* mail_text.c -- mails and pages. */
#include "mail_text.h"

#include "../base/str.h"
#include "escape.h"

#define NAME_CHARS 200

void mail_text_confirm(struct ctx *cx, const char *name, const char *link, struct mail_text *out)
{
	const char *plain = name ? escape_links(cx, name, NAME_CHARS) : NULL;
	const char *greeting = plain ? arena_printf(cx->arena, "Hello %s,", plain) : "Hello,";
	const char *href = escape_html(cx, link);

	out->subject = "Please confirm your e-mail address";
	out->text = arena_printf(
		cx->arena,
		"%s\n\n"
		"this address was given to us so that we keep you informed. Was it you? Then please\n"
		"confirm it here:\n\n%s\n\n"
		"If it was not you, there is nothing to do; the same page takes you off the list.\n"
		"The link works for 30 days.\n",
		greeting, link);
	out->html = arena_printf(
		cx->arena,
		"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<title>%s</title></head><body>"
		"<p>%s</p>"
		"<p>this address was given to us so that we keep you informed. Was it you? Then please "
		"confirm it:</p>"
		"<p><a href=\"%s\">Confirm or unsubscribe</a></p>"
		"<p>If it was not you, there is nothing to do; the same page takes you off the list. "
		"The link works for 30 days.</p>"
		"</body></html>",
		out->subject, escape_html(cx, greeting), href);
}

static struct span page(struct ctx *cx, const char *title, const char *body)
{
	/* Under the proxy's "no-referrer" a browser would send "Origin: null" with the form. */
	return span_of(
		arena_printf(cx->arena,
	                 "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	                 "<meta name=\"viewport\" content=\"width=device-width\">\n"
	                 "<meta name=\"referrer\" content=\"same-origin\">\n"
	                 "<meta name=\"robots\" content=\"noindex\">\n"
	                 "<title>%s</title>\n</head>\n<body>\n<h1>%s</h1>\n%s</body>\n</html>\n",
	                 escape_html(cx, title), escape_html(cx, title), body));
}

struct span mail_page_ask(struct ctx *cx, const char *token)
{
	const char *value = escape_html(cx, token);

	return page(
		cx, "Your e-mail address",
		arena_printf(
			cx->arena,
			"<p>May we write to this address?</p>\n"
			"<form method=\"post\">\n"
			"<input type=\"hidden\" name=\"token\" value=\"%s\">\n"
			"<button type=\"submit\" name=\"action\" value=\"confirm\">Yes, confirm</button>\n"
			"<button type=\"submit\" name=\"action\" value=\"unsubscribe\">"
			"No, unsubscribe</button>\n</form>\n",
			value));
}

struct span mail_page_tell(struct ctx *cx, const char *title, const char *sentence)
{
	return page(cx, title, arena_printf(cx->arena, "<p>%s</p>\n", escape_html(cx, sentence)));
}
