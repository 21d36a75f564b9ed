/* mail_text.c -- the mails that ask for a confirmation, and by which a password is set. */
#include "mail_text.h"

#include "../../base/str.h"
#include "../who/name_shape.h"
#include "escape.h"

#define NAME_CHARS 200

/* Whoever typed the address typed the name too, and may be anybody. */
static const char *greeting_of(struct ctx *cx, const char *name)
{
	const char *plain = name ? escape_links(cx, name, NAME_CHARS) : NULL;

	return plain && name_is_likely(span_of(plain)) ? arena_printf(cx->arena, "Hello %s,", plain)
	                                               : "Hello,";
}

void mail_text_confirm(struct ctx *cx, const char *name, const char *link, struct mail_text *out)
{
	const char *greeting = greeting_of(cx, name);
	const char *href = escape_html(cx, link);

	out->subject = "Please confirm your e-mail address";
	out->text = arena_printf(
		cx->arena,
		"%s\n\n"
		"this address was given to us so that we keep you informed. Was it you? Then please\n"
		"confirm it here:\n\n%s\n\n"
		"If it was not you, there is nothing to do; the same page takes you off the list.\n"
		"To confirm, the link works for 30 days.\n",
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
		"To confirm, the link works for 30 days.</p>"
		"</body></html>",
		out->subject, escape_html(cx, greeting), href);
}

void mail_text_recovery(struct ctx *cx, const char *link, unsigned minutes, struct mail_text *out)
{
	out->subject = "Set your password";
	out->text = arena_printf(
		cx->arena,
		"Hello,\n\n"
		"somebody asked to set a password for this address. Was it you? Then do it here:\n\n%s\n\n"
		"If it was not you, there is nothing to do; nothing has changed.\n"
		"The link works once, for %u minutes.\n",
		link, minutes);
	out->html = arena_printf(
		cx->arena,
		"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<title>%s</title></head><body>"
		"<p>Hello,</p>"
		"<p>somebody asked to set a password for this address. Was it you? Then do it here:</p>"
		"<p><a href=\"%s\">Set your password</a></p>"
		"<p>If it was not you, there is nothing to do; nothing has changed. "
		"The link works once, for %u minutes.</p>"
		"</body></html>",
		out->subject, escape_html(cx, link), minutes);
}
