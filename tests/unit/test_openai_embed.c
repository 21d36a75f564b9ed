/* test_openai_embed.c -- what OpenAI is sent for embeddings, and when it is asked at all. */
#include "../../common/base/json_in.h"
#include "../../common/base/json_out.h"
#include "../../common/base/log.h"
#include "../../common/base/str.h"
#include "../../common/call/http_client.h"
#include "../../common/engines/engines.h"
#include "../../common/engines/openai_account.h"
#include "fake_http.h"
#include "unit.h"

#define DIMS 1536

static struct fake_http *server;

/* The server answers with `n` vectors from now on, the last text's first. */
static void answer_with(struct ctx *cx, size_t n)
{
	static char      answer[1 << 20];
	struct json_out *j = json_new(cx->arena, sizeof(answer));
	struct span      body;
	size_t           head;

	json_obj(j, NULL);
	json_str(j, "model", openai_embed.model);
	json_arr(j, "data");
	for (size_t i = n; i-- > 0;) {
		float vector[DIMS] = {0};

		vector[i] = 2;
		json_obj(j, NULL);
		json_int(j, "index", (int64_t)i);
		json_base64(j, "embedding", (struct span){(const char *)vector, sizeof(vector)});
		json_end(j);
	}
	json_end(j);
	json_end(j);
	assert_ok(json_finish(cx, j, &body));
	head =
		(size_t)snprintf(answer, 256, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body.len);
	memcpy(answer + head, body.ptr, body.len);
	server->answer_len = head + body.len;
	server->answer = answer;
}

static void sends_and_orders(void **state)
{
	struct ctx        *cx = *state;
	const char        *texts[] = {"Say \"hi\"", "", "caf\xc3\xa9"};
	struct embed_order order = {texts, 3};
	struct embeddings  out = {0};

	answer_with(cx, 3);
	assert_ok(openai_embed.embed(cx, &order, &out));
	assert_int_equal(out.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(out.vectors[i][i] == 1);
	assert_non_null(strstr(server->request, "POST /v1/embeddings HTTP/1.1\r\n"));
	assert_non_null(strstr(server->request, "Authorization: Bearer openai-key\r\n"));
	assert_string_equal(strstr(server->request, "\r\n\r\n") + 4,
	                    "{\"model\":\"text-embedding-3-small\",\"encoding_format\":\"base64\","
	                    "\"input\":[\"Say \\\"hi\\\"\",\" \",\"caf\xc3\xa9\"]}");
}

/* Sixty-four texts of 8 000 bytes do not fit in one request; 31 do. */
static void stays_under_the_limits_of_the_service(void **state)
{
	struct ctx        *cx = *state;
	char              *text = arena_alloc(cx->arena, 9001);
	const char        *texts[62];
	struct embed_order order = {texts, COUNT(texts)};
	struct embeddings  out = {0};
	int                before = server->requests;

	memset(text, 'a', 9000);
	for (size_t i = 0; i < COUNT(texts); i++)
		texts[i] = text;
	answer_with(cx, 31);
	assert_ok(openai_embed.embed(cx, &order, &out));
	assert_int_equal(server->requests - before, 2);
	assert_int_equal(out.n, 62);
	assert_true(out.vectors[61][30] == 1);
	assert_true(strlen(server->request) < 300000);
}

static void refuses_an_answer_for_other_texts(void **state)
{
	struct ctx        *cx = *state;
	const char        *texts[] = {"a", "b"};
	struct embed_order order = {texts, 2};
	struct embeddings  out = {0};

	answer_with(cx, 1);
	assert_err(openai_embed.embed(cx, &order, &out), ERR_UPSTREAM);
}

static void is_asked_with_a_key_or_by_name(void **state)
{
	const struct cfg_group *groups[] = {&openai_account_settings, embedding.settings};

	(void)state;
	assert_true(openai_embed.p.is_configured());
	unsetenv("OPENAI_API_KEY");
	assert_int_equal(cfg_load(groups, 2), 0);
	assert_false(openai_embed.p.is_configured());
	setenv("EMBED_PROVIDERS", "openai,local", 1);
	assert_int_equal(cfg_load(groups, 2), 0);
	assert_true(openai_embed.p.is_configured());
	unsetenv("OPENAI_BASE_URL");
	assert_int_equal(cfg_load(groups, 2), 0);
	assert_false(openai_embed.p.is_configured());
}

static int load_settings(void)
{
	const struct cfg_group *groups[] = {&http_settings, embedding.settings,
	                                    &openai_account_settings, openai_embed.p.settings};

	setenv("OPENAI_BASE_URL", server->url, 1);
	setenv("OPENAI_API_KEY", "openai-key", 1);
	unsetenv("EMBED_PROVIDERS");
	return cfg_load(groups, COUNT(groups)) + http_start();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(sends_and_orders),
		UNIT_TEST(stays_under_the_limits_of_the_service),
		UNIT_TEST(refuses_an_answer_for_other_texts),
		UNIT_TEST(is_asked_with_a_key_or_by_name),
	};
	int failed;

	json_start();
	log_setup("test_openai_embed", LOG_ERROR);
	server = fake_start("");
	failed = load_settings() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
	http_stop();
	fake_stop(server);
	return failed;
}
