/* mail_page.c -- one frame for all pages; what differs between them is a table. */
#include "mail_page.h"

#include "../../base/base64.h"
#include "../../base/crypto.h"
#include "../../base/str.h"
#include "escape.h"

/* Colours have a contrast of at least 4.5 to 1 in both schemes. */
static const char style[] =
	":root{color-scheme:light dark;--ground:#f3f4f8;--card:#fff;--ink:#1b1d29;--soft:#565a6e;"
	"--line:#d9dce6;--mark:#4338ca;--mark-down:#3730a3;--on-mark:#fff;--tint:#eceafd}"
	"@media(prefers-color-scheme:dark){:root{--ground:#11131a;--card:#1b1e28;--ink:#f0f1f7;"
	"--soft:#a9aec3;--line:#353a4a;--mark:#a5b4fc;--mark-down:#c7d2fe;--on-mark:#14162b;"
	"--tint:#2a2d4a}}"
	"*{box-sizing:border-box}"
	"body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;"
	"padding:1.25rem;background:var(--ground);color:var(--ink);"
	"font:1rem/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Liberation Sans\",sans-serif}"
	"main{width:100%;max-width:27rem;padding:2.25rem 2rem;background:var(--card);"
	"border:1px solid var(--line);border-radius:1rem;box-shadow:0 .5rem 2rem rgba(17,19,26,.08)}"
	"svg{display:block;width:3rem;height:3rem;padding:.7rem;border-radius:50%;"
	"background:var(--tint);color:var(--mark)}"
	"h1{margin:1.25rem 0 .5rem;font-size:1.5rem;line-height:1.25;font-weight:650;"
	"text-wrap:balance}"
	"p{margin:0;color:var(--soft)}"
	"form{display:flex;flex-direction:column;gap:.75rem;margin-top:1.75rem}"
	"button{min-height:3rem;padding:.65rem 1.25rem;border:1px solid var(--line);"
	"border-radius:.65rem;background:transparent;color:var(--ink);font:inherit;font-weight:600;"
	"cursor:pointer}"
	"button:hover{border-color:var(--soft)}"
	"button.main{border-color:var(--mark);background:var(--mark);color:var(--on-mark)}"
	"button.main:hover{border-color:var(--mark-down);background:var(--mark-down)}"
	"button:focus-visible{outline:3px solid var(--mark);outline-offset:3px}"
	"@media(max-width:26rem){body{padding:.75rem}main{padding:1.75rem 1.25rem}}";

#define ENVELOPE "M3 6.5h18v11H3zM3.5 7l8.5 6 8.5-6"
#define TICK     "M4.5 12.5l5 5 10-11"
#define CROSS    "M6 6l12 12M18 6L6 18"

struct button {
	const char *action, *label; /* action NULL: there is none */
	bool        is_main;
};

static const struct {
	const char   *icon, *title, *sentence;
	struct button first, second;
} pages[] = {
	[MAIL_PAGE_ASK] = {ENVELOPE,
                       "May we write to you?",
                       "Your e-mail address was given to us so that we keep you informed. Please "
                       "confirm that it was you. If it was not, take it off the list.",
                       {"confirm", "Yes, confirm my address", true},
                       {"unsubscribe", "No, take me off the list", false}},
	[MAIL_PAGE_CONFIRMED] = {TICK,
                             "Thank you, your address is confirmed.",
                             "You can close this page. Should you change your mind, the link in "
                             "our mail brings you back here.",
                             {"unsubscribe", "Take me off the list", false},
                             {NULL, NULL, false}},
	[MAIL_PAGE_ALREADY] = {TICK,
                           "Your address is already confirmed.",
                           "There is nothing more to do. Should you have changed your mind, you "
                           "can leave the list here.",
                           {"unsubscribe", "Take me off the list", false},
                           {NULL, NULL, false}},
	[MAIL_PAGE_UNSUBSCRIBED] = {CROSS,
                                "You are off the list.",
                                "We will not write to you. If that was a mistake, you can come "
                                "back.",
                                {"confirm", "Put me on the list again", false},
                                {NULL, NULL, false}},
	[MAIL_PAGE_WELCOME] = {TICK,
                           "You may sign up again.",
                           "We kept no address of yours, only that we must not write to it. That "
                           "is over now: give your address once more, and we will.",
                           {NULL, NULL, false},
                           {NULL, NULL, false}},
	[MAIL_PAGE_LATE] = {ENVELOPE,
                        "This link is too old to confirm your address.",
                        "Give your address once more to get a new one. If it was not you who gave "
                        "it, take it off the list.",
                        {"unsubscribe", "Take me off the list", false},
                        {NULL, NULL, false}},
	[MAIL_PAGE_STALE] = {CROSS,
                         "This link does not work any more.",
                         "It may have been cut off on its way. Give your address once "
                         "more to get a new one.",
                         {NULL, NULL, false},
                         {NULL, NULL, false}},
};

static void add_button(struct buf *out, const struct button *button)
{
	if (button->action)
		buf_printf(out, "<button type=\"submit\" name=\"action\" value=\"%s\"%s>%s</button>\n",
		           button->action, button->is_main ? " class=\"main\"" : "", button->label);
}

struct span mail_page_html(struct ctx *cx, enum mail_page page, const char *token)
{
	struct buf out = buf_new(cx->arena, 0);

	/* Under the proxy's "no-referrer" a browser would send "Origin: null" with the form. */
	buf_printf(&out,
	           "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	           "<meta name=\"referrer\" content=\"same-origin\">\n"
	           "<meta name=\"robots\" content=\"noindex\">\n"
	           "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n"
	           "<svg aria-hidden=\"true\" viewBox=\"0 0 24 24\" fill=\"none\""
	           " stroke=\"currentColor\" stroke-width=\"2\" stroke-linecap=\"round\""
	           " stroke-linejoin=\"round\"><path d=\"%s\"/></svg>\n<h1>%s</h1>\n<p>%s</p>\n",
	           pages[page].title, style, pages[page].icon, pages[page].title, pages[page].sentence);
	if (pages[page].first.action) {
		buf_printf(&out,
		           "<form method=\"post\">\n<input type=\"hidden\" name=\"token\" value=\"%s\">\n",
		           escape_html(cx, token));
		add_button(&out, &pages[page].first);
		add_button(&out, &pages[page].second);
		buf_str(&out, "</form>\n");
	}
	buf_str(&out, "</main>\n</body>\n</html>\n");
	return buf_span(&out);
}

const char *mail_page_policy(struct ctx *cx)
{
	unsigned char hash[CRYPTO_HASH_BYTES];
	char          text[BASE64_ENCODED_BYTES(CRYPTO_HASH_BYTES)];

	crypto_sha256(span_of(style), hash);
	base64_encode(hash, sizeof(hash), text);
	return arena_printf(cx->arena,
	                    "default-src 'none'; style-src 'sha256-%.*s'; form-action 'self'; "
	                    "base-uri 'none'; frame-ancestors 'none'",
	                    (int)sizeof(text), text);
}
