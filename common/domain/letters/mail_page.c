/* mail_page.c -- what differs between the pages is a table. */
#include "mail_page.h"

#include "../../base/str.h"
#include "escape.h"
#include "page.h"

struct button {
	const char *action, *label; /* action NULL: there is none */
	bool        is_main;
};

static const struct {
	const char   *icon, *title, *sentence;
	struct button first, second;
} pages[] = {
	[MAIL_PAGE_ASK] = {PAGE_ENVELOPE,
                       "May we write to you?",
                       "Your e-mail address was given to us so that we keep you informed. Please "
                       "confirm that it was you. If it was not, take it off the list.",
                       {"confirm", "Yes, confirm my address", true},
                       {"unsubscribe", "No, take me off the list", false}},
	[MAIL_PAGE_CONFIRMED] = {PAGE_TICK,
                             "Thank you, your address is confirmed.",
                             "You can close this page. Should you change your mind, the link in "
                             "our mail brings you back here.",
                             {"unsubscribe", "Take me off the list", false},
                             {NULL, NULL, false}},
	[MAIL_PAGE_ALREADY] = {PAGE_TICK,
                           "Your address is already confirmed.",
                           "There is nothing more to do. Should you have changed your mind, you "
                           "can leave the list here.",
                           {"unsubscribe", "Take me off the list", false},
                           {NULL, NULL, false}},
	[MAIL_PAGE_UNSUBSCRIBED] = {PAGE_CROSS,
                                "You are off the list.",
                                "We will not write to you. If that was a mistake, you can come "
                                "back.",
                                {"confirm", "Put me on the list again", false},
                                {NULL, NULL, false}},
	[MAIL_PAGE_WELCOME] = {PAGE_TICK,
                           "You may sign up again.",
                           "We kept no address of yours, only that we must not write to it. That "
                           "is over now: give your address once more, and we will.",
                           {NULL, NULL, false},
                           {NULL, NULL, false}},
	[MAIL_PAGE_LATE] = {PAGE_ENVELOPE,
                        "This link is too old to confirm your address.",
                        "Give your address once more to get a new one. If it was not you who gave "
                        "it, take it off the list.",
                        {"unsubscribe", "Take me off the list", false},
                        {NULL, NULL, false}},
	[MAIL_PAGE_STALE] = {PAGE_CROSS,
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
	struct buf form = buf_new(cx->arena, 0);

	if (pages[page].first.action) {
		buf_printf(&form,
		           "<form method=\"post\">\n<input type=\"hidden\" name=\"token\" value=\"%s\">\n",
		           escape_html(cx, token));
		add_button(&form, &pages[page].first);
		add_button(&form, &pages[page].second);
		buf_str(&form, "</form>\n");
	}
	return page_html(cx, pages[page].icon, pages[page].title, pages[page].sentence,
	                 buf_text(&form));
}

const char *mail_page_policy(struct ctx *cx)
{
	return page_policy(cx);
}
