/* test_upstream.c -- addresses as people write them, and what errors mean. */
#include "../../common/base/str.h"
#include "../../common/engines/upstream.h"
#include "unit.h"

static void joins_addresses(void **state)
{
	static const struct {
		const char *base, *prefix, *want;
	} cases[] = {
		{"https://api.groq.com", "/openai/v1", "https://api.groq.com/openai/v1/x"},
		{"https://api.groq.com/", "/openai/v1", "https://api.groq.com/openai/v1/x"},
		{"https://api.groq.com/openai", "/openai/v1", "https://api.groq.com/openai/v1/x"},
		{"https://api.groq.com/openai/v1/", "/openai/v1", "https://api.groq.com/openai/v1/x"},
		{"http://localhost:11434/v1", "/openai/v1", "http://localhost:11434/v1/x"},
		{"https://api.openai.com/v1", "/v1", "https://api.openai.com/v1/x"},
		{"http://localhost:8000//", "/v1", "http://localhost:8000/v1/x"},
		{"https://api.resend.com", "", "https://api.resend.com/x"},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(upstream_url(*state, cases[i].base, cases[i].prefix, "/x"),
		                    cases[i].want);
}

static void wants_a_key_at_the_vendor_only(void **state)
{
	(void)state;
	assert_true(upstream_is_configured("k", "https://v", "https://v"));
	assert_false(upstream_is_configured(NULL, "https://v", "https://v"));
	assert_false(upstream_is_configured(" ", "https://v", "https://v"));
	assert_true(upstream_is_configured(NULL, "http://mine", "https://v"));
}

static void knows_what_errors_mean(void **state)
{
	static const struct {
		int           status;
		const char   *body;
		enum err_kind want;
		const char   *detail;
	} cases[] = {
		{429,
	     "{\"error\":{\"message\":\"Ann's limit\",\"type\":\"tokens\","
	     "\"code\":\"rate_limit_exceeded\"}}",
	     ERR_RATE, "status 429, code rate_limit_exceeded"},
		{429, "{\"error\":{\"code\":\"insufficient_quota\"}}", ERR_UPSTREAM_DENIED,
	     "status 429, code insufficient_quota"},
		{429, "{\"name\":\"daily_quota_exceeded\"}", ERR_UPSTREAM_DENIED,
	     "status 429, code daily_quota_exceeded"},
		{429, "{\"detail\":{\"status\":\"system_busy\",\"message\":\"x\"}}", ERR_UPSTREAM,
	     "status 429, code system_busy"},
		{429, "{\"detail\":{\"status\":\"too_many_concurrent_requests\"}}", ERR_RATE,
	     "status 429, code too_many_concurrent_requests"},
		{400, "{\"detail\":{\"status\":\"quota_exceeded\"}}", ERR_UPSTREAM_DENIED,
	     "status 400, code quota_exceeded"},
		{422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"Ann\",\"type\":\"missing\"}]}",
	     ERR_UPSTREAM_REJECTED, "status 422, code missing"},
		{401, "", ERR_UPSTREAM_DENIED, "status 401"},
		{403, "<html>", ERR_UPSTREAM_DENIED, "status 403"},
		{404, "{\"error\":{\"code\":\"model_not_found\"}}", ERR_UPSTREAM_REJECTED,
	     "status 404, code model_not_found"},
		{400, "{\"error\":{\"code\":null,\"type\":\"invalid_request_error\"}}",
	     ERR_UPSTREAM_REJECTED, "status 400, code invalid_request_error"},
		{413, "", ERR_UPSTREAM_REJECTED, "status 413"},
		{408, "", ERR_UPSTREAM, "status 408"},
		{498, "", ERR_UPSTREAM, "status 498"},
		{499, "", ERR_UPSTREAM, "status 499"},
		{503, "{\"error\":\"Ann said hello\"}", ERR_UPSTREAM, "status 503"},
		{302, "", ERR_UPSTREAM, "status 302"},
		/* Prose in the place of a code never gets into a log. */
		{500, "{\"error\":{\"code\":\"Ann said: hello\"}}", ERR_UPSTREAM, "status 500"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err *e = upstream_error(*state, cases[i].status, span_of(cases[i].body), 1500);

		assert_err(e, cases[i].want);
		assert_string_equal(e->detail, cases[i].detail);
		assert_int_equal(e->retry_after_ms, 1500);
	}
}

static void takes_only_objects(void **state)
{
	static const char *const bad[] = {"", "[]", "\"text\"", "<html>", "{\"cut\":", "null"};
	const struct cJSON      *root;

	assert_ok(upstream_json(*state, SPAN("{\"a\":1}"), &root));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_err(upstream_json(*state, span_of(bad[i]), &root), ERR_UPSTREAM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(joins_addresses),
		UNIT_TEST(wants_a_key_at_the_vendor_only),
		UNIT_TEST(knows_what_errors_mean),
		UNIT_TEST(takes_only_objects),
	};

	json_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
