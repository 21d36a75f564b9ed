/* What a stranger typed is harmless where it is read: in a mail, Slack, a spreadsheet. */
#include "unit.h"

#include "../../common/base/str.h"
#include "../../common/domain/letters/escape.h"
#include "../../common/domain/letters/mail_text.h"
#include "../../common/domain/who/name_shape.h"

static void html_is_escaped(void **state)
{
	struct ctx *cx = *state;

	assert_string_equal(escape_html(cx, "<b a=\"1\" b='2'>&"),
	                    "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;");
	assert_string_equal(escape_html(cx, ""), "");
}

static void slack_gets_no_mention_and_no_link(void **state)
{
	struct ctx *cx = *state;

	assert_string_equal(escape_slack(cx, "<!channel> <@U1> <https://x.example|y> &"),
	                    "&lt;!channel&gt; &lt;@U1&gt; &lt;https: //x.example|y&gt; &amp;");
}

static void a_spreadsheet_gets_no_formula(void **state)
{
	struct ctx *cx = *state;

	assert_string_equal(escape_csv(cx, "=1+1"), "\"'=1+1\"");
	assert_string_equal(escape_csv(cx, "+1 415"), "\"'+1 415\"");
	assert_string_equal(escape_csv(cx, "-x"), "\"'-x\"");
	assert_string_equal(escape_csv(cx, "@x"), "\"'@x\"");
	assert_string_equal(escape_csv(cx, "\t=1"), "\"'\t=1\"");
	assert_string_equal(escape_csv(cx, "say \"hi\", a=b"), "\"say \"\"hi\"\", a=b\"");
	assert_string_equal(escape_csv(cx, ""), "\"\"");
}

static void a_terminal_is_not_steered(void **state)
{
	struct ctx *cx = *state;
	const char  steering[] =
		"\x01\x1b[2J \x7f\xc2\x80\xc2\x9b\xc2\x9f \xd8\x9c\xe2\x80\x8e\xe2\x80\x8f"
		" \xe2\x80\xa8\xe2\x80\xae \xe2\x81\xa6\xe2\x81\xa9";
	const char harmless[] = "J\xc3\xb6rg \xc2\xa0 \xe2\x80\x8d \xe2\x80\xaf \xf0\x9f\x98\x80";

	assert_string_equal(escape_terminal(cx, steering, false), "??[2J ???? ??? ?? ??");
	assert_string_equal(escape_terminal(cx, harmless, false), harmless);
	assert_string_equal(escape_terminal(cx, "a\r\n\tb", false), "a???b");
	assert_string_equal(escape_terminal(cx, "a\r\n\tb", true), "a?\n\tb");
	assert_string_equal(escape_terminal(cx, "", true), "");
	assert_string_equal(escape_terminal_json(cx, SPAN("[\"\xc2\x9b\xe2\x81\xa6\x7f\xc3\xa9\"]")),
	                    "[\"\\u009b\\u2066\\u007f\xc3\xa9\"]");
}

static void a_name_makes_no_link_and_no_line(void **state)
{
	struct ctx *cx = *state;

	assert_string_equal(escape_links(cx, "win at http://evil.example/x now", 200),
	                    "win at http: //evil. example/x now");
	assert_string_equal(escape_links(cx, "Dana\r\nBcc: x\x01", 200), "Dana Bcc: x");
	assert_string_equal(escape_links(cx, "Dr. Dana", 200), "Dr. Dana");
	assert_null(escape_links(cx, " \n ", 200));
}

static void the_mail_has_both_parts(void **state)
{
	struct ctx      *cx = *state;
	struct mail_text mail;

	mail_text_confirm(cx, "Dana\tO'Neill", "https://s.example/?a=1&b=2", &mail);
	assert_non_null(strstr(mail.html, "Hello Dana O&#39;Neill,"));
	assert_non_null(strstr(mail.html, "href=\"https://s.example/?a=1&amp;b=2\""));
	assert_non_null(strstr(mail.text, "Hello Dana O'Neill,"));
	assert_non_null(strstr(mail.text, "https://s.example/?a=1&b=2\n"));
	mail_text_confirm(cx, NULL, "https://s.example/", &mail);
	assert_non_null(strstr(mail.text, "Hello,\n"));
}

/* Who typed the address typed the name too: what says something else than a name is not sent. */
static void nobody_is_greeted_with_a_message(void **state)
{
	struct ctx      *cx = *state;
	struct mail_text mail;

	mail_text_confirm(cx, "Your account is locked, call 415 555 0123", "https://s.example/", &mail);
	assert_non_null(strstr(mail.text, "Hello,\n"));
	assert_null(strstr(mail.text, "locked"));
	assert_null(strstr(mail.html, "locked"));
}

static void a_name_looks_like_one(void **state)
{
	static const char *const names[] = {
		"Dana",
		"Dana Reyes",
		"Jean-Luc O'Neill",
		"D’Angelo Smith",
		"d'Artagnan",
		"J. R. R. Tolkien",
		"Dr. Dana Reyes Jr.",
		"Juan Carlos de la Cruz",
		"Will Smith",
		"An",
		"NGUYỄN VĂN HÙNG",
		"Élodie",
		"Мария Кюри",
		"王小明",
		"남궁 민수",
		"अमित",
	};
	static const char *const others[] = {
		"",
		" ",
		"Your account is locked",
		"Your Account Is Locked",
		"Account Locked",
		"Urgent",
		"Call Now",
		"call us",
		"dana",
		"Dana 415",
		"Dana, call me",
		"Dana!",
		"Evil.example",
		"Evil.Example",
		"Dana evil. example",
		"Dana@evil",
		"<b>Dana</b>",
		"Dana  Reyes",
		"-Dana",
		"Dana-",
		"De La",
		"J.",
		"Come With Me",
		"One Two Three Four Five Six",
		"Alpha Bravo Charlie Delta Echo Foxtrot",
		"Abcdefghijklmnopqrstuvw Abcdefghijklmnopqrstuvw",
		"мария",
		"您的账户已被锁定",
		"१२३",
		"Dana 😀",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		if (!name_is_likely(span_of(names[i])))
			fail_msg("not taken for a name: %s", names[i]);
	for (size_t i = 0; i < COUNT(others); i++)
		if (name_is_likely(span_of(others[i])))
			fail_msg("taken for a name: %s", others[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(html_is_escaped),
		UNIT_TEST(slack_gets_no_mention_and_no_link),
		UNIT_TEST(a_spreadsheet_gets_no_formula),
		UNIT_TEST(a_terminal_is_not_steered),
		UNIT_TEST(a_name_makes_no_link_and_no_line),
		UNIT_TEST(the_mail_has_both_parts),
		UNIT_TEST(nobody_is_greeted_with_a_message),
		UNIT_TEST(a_name_looks_like_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
