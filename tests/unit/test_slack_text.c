/* The Slack message: within its limits, and nothing a visitor says is more than text in it. */
#include "unit.h"

#include "../../common/base/json_in.h"
#include "../../common/base/str.h"
#include "../../common/domain/letters/slack_text.h"
#include "../../common/work/slack.h"

static const char *const reasons[] = {"senior_title", "budget_>=50k"};

static int setup(void **state)
{
	json_start();
	return unit_setup(state);
}

static const struct cJSON *message(struct ctx *cx, const struct extract *x, const char *link,
                                   struct span *text_out)
{
	struct slack_lead   lead = {.score = 85,
	                            .priority = "high",
	                            .intent = "consulting_inquiry",
	                            .reasons = reasons,
	                            .reasons_n = COUNT(reasons),
	                            .extract = x,
	                            .session_id = "7b0c3f8e-0000-4000-8000-000000000001",
	                            .link = link};
	const struct cJSON *root;

	assert_ok(slack_text_lead(cx, &lead, text_out));
	assert_ok(json_parse(cx, *text_out, &root));
	return root;
}

static void score_reasons_entities_and_link_are_there(void **state)
{
	struct extract      x = {.entities = {.org_name = "Northwind", .role = "CTO"}};
	struct span         text;
	const struct cJSON *root = message(*state, &x, "https://admin.example/sessions/1", &text);

	assert_string_equal(json_text_at(root, "text"), "New lead: score 85 (high priority)");
	assert_string_equal(json_text_at(root, "blocks[0].type"), "header");
	assert_non_null(strstr(text.ptr, "*Organisation*\\nNorthwind"));
	assert_non_null(strstr(text.ptr, "senior_title, budget_&gt;=50k"));
	assert_non_null(strstr(text.ptr, "https://admin.example/sessions/1"));
	assert_null(strstr(text.ptr, "*Name*"));
}

static void what_a_visitor_says_is_only_text(void **state)
{
	struct extract x = {.entities = {.org_name = "<!channel> <@U123> <#C1>",
	                                 .use_case = "see http://evil.example <!here>",
	                                 .person_name = "a\nb"}};
	struct span    text;

	message(*state, &x, NULL, &text);
	assert_null(strstr(text.ptr, "<!"));
	assert_null(strstr(text.ptr, "<@"));
	assert_null(strstr(text.ptr, "<#"));
	assert_null(strstr(text.ptr, "http://"));
	assert_non_null(strstr(text.ptr, "&lt;!channel&gt;"));
	assert_non_null(strstr(text.ptr, "*Name*\\na b"));
	assert_null(strstr(text.ptr, "\"actions\""));
}

static void a_refused_address_stays_out(void **state)
{
	struct extract x = {
		.entities = {.contact_email = "d@n.example", .email_opt_in = PERMISSION_REFUSED}};
	struct span text;

	message(*state, &x, NULL, &text);
	assert_null(strstr(text.ptr, "d@n.example"));
	x.entities.email_opt_in = PERMISSION_UNKNOWN;
	message(*state, &x, NULL, &text);
	assert_non_null(strstr(text.ptr, "d@n.example"));
}

static void the_longest_fields_fit(void **state)
{
	struct extract      x = {.intent = INTENT_ADVICE_REQUEST};
	char                longest[2001];
	struct span         text;
	const struct cJSON *root, *fields;

	memset(longest, '&', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < ENTITY_COUNT; i++)
		x.entities.text[i] = longest;
	root = message(*state, &x, NULL, &text);
	fields = json_at(root, "blocks[1].fields");
	assert_true(json_count(fields) <= 10);
	for (const struct cJSON *f = json_first(fields); f; f = json_next(f))
		assert_true(strlen(json_text_at(f, "text")) <= 2000);
	assert_true(strlen(json_text_at(root, "blocks[2].text.text")) <= 3000);
}

static void nothing_known_is_a_message_too(void **state)
{
	struct span         text;
	const struct cJSON *root = message(*state, NULL, NULL, &text);

	assert_int_equal(json_count(json_at(root, "blocks[1].fields")), 1);
}

static void only_slack_and_what_is_configured_may_be_called(void **state)
{
	static const char *const good[] = {
		"https://hooks.slack.com/services/T/B/x",
		"https://HOOKS.SLACK.COM/services/x",
		"https://hooks.slack.com:443/services/x",
		"https://relay.example/x",
		"http://127.0.0.1:9000/services/x",
		"http://localhost/x",
		"http://[::1]:80/x",
	};
	static const char *const bad[] = {
		"http://hooks.slack.com/services/x",
		"https://hooks.slack.com.evil.example/x",
		"https://hooks.slack.com@evil.example/x",
		"https://evil.example/hooks.slack.com",
		"https://evil.example#hooks.slack.com",
		"https://169.254.169.254/x",
		"http://127.0.0.1.evil.example/x",
		"http://1270.0.0.1/x",
		"http://127.0.0.1@evil.example/",
		"ftp://hooks.slack.com/x",
		"https://evil.example\\@hooks.slack.com/",
		"https:///x",
		"http://relay.example/x",
		"http://10.0.0.1/x",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(slack_url_is_allowed(good[i], "relay.example, other.example"));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (slack_url_is_allowed(bad[i], "relay.example"))
			fail_msg("%s", bad[i]);
	assert_false(slack_url_is_allowed("https://relay.example/x", NULL));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, unit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(score_reasons_entities_and_link_are_there),
		TEST(what_a_visitor_says_is_only_text),
		TEST(a_refused_address_stays_out),
		TEST(the_longest_fields_fit),
		TEST(nothing_known_is_a_message_too),
		TEST(only_slack_and_what_is_configured_may_be_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
