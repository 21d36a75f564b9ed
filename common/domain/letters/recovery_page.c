/* recovery_page.c -- setting a password, in the frame of our pages. */
#include "recovery_page.h"

#include "../../base/str.h"
#include "escape.h"
#include "page.h"

#define TOKEN "<form method=\"post\">\n<input type=\"hidden\" name=\"token\" value=\"%s\">\n"

struct span recovery_page_ask(struct ctx *cx, const char *token, unsigned least, bool is_again)
{
	const char *form = arena_printf(
		cx->arena,
		TOKEN "<label>New password\n<input type=\"password\" name=\"password\" required autofocus"
			  " minlength=\"%u\" maxlength=\"200\" autocomplete=\"new-password\"></label>\n"
			  "<button type=\"submit\" class=\"main\">Set the password</button>\n</form>\n",
		escape_html(cx, token), least);
	const char *sentence =
		arena_printf(cx->arena,
	                 "%s at least %u characters. You will be signed out everywhere else.",
	                 is_again ? "That one was too short: please take" : "Please take", least);

	return page_html(cx, PAGE_KEY, "Set your password", sentence, form);
}

struct span recovery_page_go(struct ctx *cx, const char *token)
{
	const char *form =
		arena_printf(cx->arena,
	                 TOKEN "<button type=\"submit\" name=\"action\" value=\"go\" class=\"main\">"
	                       "Continue</button>\n</form>\n",
	                 escape_html(cx, token));

	return page_html(cx, PAGE_KEY, "Set your password",
	                 "The next page signs you in, so that you can choose a new one.", form);
}

struct span recovery_page_leave(struct ctx *cx, const char *url)
{
	const char *to = escape_html(cx, url);

	return page_html(cx, PAGE_TICK, "One moment", "Should nothing happen, please follow the link.",
	                 arena_printf(cx->arena,
	                              "<meta http-equiv=\"refresh\" content=\"0;url=%s\">\n"
	                              "<a class=\"main\" href=\"%s\">Continue</a>\n",
	                              to, to));
}

struct span recovery_page_done(struct ctx *cx)
{
	return page_html(cx, PAGE_TICK, "Your password is set.",
	                 "You can close this page and sign in with it.", "");
}

struct span recovery_page_stale(struct ctx *cx)
{
	return page_html(
		cx, PAGE_CROSS, "This link does not work any more.",
		"It works once and for a short time only, or it was cut off on its way. Please "
		"ask for a new one where you sign in.",
		"");
}
