/* The pages behind the link: what a stranger put into the link stays text, nothing is loaded,
 * and the policy names the very style that is in them. */
#include "unit.h"

#include "../../common/base/base64.h"
#include "../../common/base/crypto.h"
#include "../../common/base/str.h"
#include "../../common/domain/letters/mail_page.h"

static const enum mail_page all[] = {MAIL_PAGE_ASK,          MAIL_PAGE_CONFIRMED, MAIL_PAGE_ALREADY,
                                     MAIL_PAGE_UNSUBSCRIBED, MAIL_PAGE_WELCOME,   MAIL_PAGE_LATE,
                                     MAIL_PAGE_STALE};

static void a_token_is_escaped(void **state)
{
	struct span page = mail_page_html(*state, MAIL_PAGE_ASK, "\"><script>");

	assert_null(strstr(page.ptr, "<script>"));
	assert_non_null(strstr(page.ptr, "value=\"&quot;&gt;&lt;script&gt;\""));
}

static void a_page_loads_and_runs_nothing(void **state)
{
	static const char *const never[] = {"src=",    "href=",   "url(",    "@import", "<script",
	                                    " style=", " onload", "<iframe", "http:",   "https:"};

	for (size_t i = 0; i < COUNT(all); i++)
		for (size_t n = 0; n < COUNT(never); n++)
			assert_null(strstr(mail_page_html(*state, all[i], "t").ptr, never[n]));
}

static void its_buttons_are_what_is_left_to_decide(void **state)
{
	static const struct {
		bool confirms, unsubscribes;
	} expected[] = {
		[MAIL_PAGE_ASK] = {true, true},       [MAIL_PAGE_CONFIRMED] = {false, true},
		[MAIL_PAGE_ALREADY] = {false, true},  [MAIL_PAGE_UNSUBSCRIBED] = {true, false},
		[MAIL_PAGE_WELCOME] = {false, false}, [MAIL_PAGE_LATE] = {false, true},
		[MAIL_PAGE_STALE] = {false, false},
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		const char *page = mail_page_html(*state, all[i], "t").ptr;

		assert_int_equal(strstr(page, "value=\"confirm\"") != NULL, expected[all[i]].confirms);
		assert_int_equal(strstr(page, "value=\"unsubscribe\"") != NULL,
		                 expected[all[i]].unsubscribes);
	}
}

/* What a browser does: it hashes what stands between the tags. */
static void the_policy_allows_its_own_style(void **state)
{
	struct ctx   *cx = *state;
	const char   *policy = mail_page_policy(cx);
	unsigned char hash[CRYPTO_HASH_BYTES];
	char          text[BASE64_ENCODED_BYTES(CRYPTO_HASH_BYTES)];

	for (size_t i = 0; i < COUNT(all); i++) {
		const char *start = strstr(mail_page_html(cx, all[i], "t").ptr, "<style>") + 7;

		crypto_sha256((struct span){start, (size_t)(strstr(start, "</style>") - start)}, hash);
		base64_encode(hash, sizeof(hash), text);
		assert_non_null(strstr(policy, arena_printf(cx->arena, "style-src 'sha256-%.*s';",
		                                            (int)sizeof(text), text)));
	}
	assert_int_equal(strncmp(policy, "default-src 'none'; ", 20), 0);
	assert_non_null(strstr(policy, "form-action 'self'; "));
	assert_non_null(strstr(policy, "frame-ancestors 'none'"));
	assert_null(strstr(policy, "unsafe"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(a_token_is_escaped),
		UNIT_TEST(a_page_loads_and_runs_nothing),
		UNIT_TEST(its_buttons_are_what_is_left_to_decide),
		UNIT_TEST(the_policy_allows_its_own_style),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
