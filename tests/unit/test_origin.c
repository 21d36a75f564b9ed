/* Which sites may call, where people may be sent to, and what browsers are told. */
#include "unit.h"

#include "../../common/web/origin.h"

#define LISTED "https://app.example.com"

struct fake {
	struct transport t; /* first */
	const char      *origin;
	char             out[4096];
	size_t           out_len;
};

static const char *fake_param(struct transport *t, const char *name)
{
	return strcmp(name, "HTTP_ORIGIN") ? NULL : ((struct fake *)t)->origin;
}

static bool fake_write(struct transport *t, const char *bytes, size_t n)
{
	struct fake *f = (struct fake *)t;

	assert_true(f->out_len + n < sizeof(f->out));
	memcpy(f->out + f->out_len, bytes, n);
	f->out_len += n;
	return true;
}

static int setup(void **state)
{
	const struct cfg_group *group = &origin_settings;

	setenv("SCRIBE_ALLOWED_ORIGINS", LISTED ", http://localhost:8080", 1);
	assert_int_equal(cfg_load(&group, 1), 0);
	return unit_setup(state);
}

/* The answer to a preflight. */
static const char *preflight(struct ctx *cx, struct fake *f, bool is_api)
{
	struct req *rq;

	*f = (struct fake){.t = {.param = fake_param, .write = fake_write}, .origin = LISTED};
	rq = req_new(cx, &f->t);
	assert_ok(origin_check(rq, is_api));
	origin_preflight(rq, "GET, PATCH, OPTIONS", is_api);
	req_send(rq);
	f->out[f->out_len] = '\0';
	return f->out;
}

static void a_whole_api_may_be_used_with_all_its_clients_send(void **state)
{
	struct fake f;
	const char *out = preflight(*state, &f, true);

	assert_non_null(strstr(out, "Status: 204 "));
	assert_non_null(strstr(out, "Access-Control-Allow-Methods: GET, PATCH, OPTIONS\r\n"));
	assert_non_null(strstr(out, "content-profile, prefer, range, range-unit, x-upsert,"));
	assert_non_null(strstr(out, "Access-Control-Expose-Headers: Content-Range, "));
	out = preflight(*state, &f, false);
	assert_null(strstr(out, "prefer"));
	assert_null(strstr(out, "Content-Range"));
}

static void nobody_is_sent_to_another_origin(void **state)
{
	(void)state;
	assert_true(origin_is_listed(LISTED));
	assert_true(origin_is_listed(LISTED "/reset?x=1#y"));
	assert_true(origin_is_listed(LISTED "?x"));
	assert_true(origin_is_listed("http://localhost:8080/"));
	assert_false(origin_is_listed(LISTED ".evil.example/"));
	assert_false(origin_is_listed(LISTED ":8443/"));
	assert_false(origin_is_listed(LISTED "@evil.example/"));
	assert_false(origin_is_listed(LISTED "\\\\evil.example/"));
	assert_false(origin_is_listed("https://APP.example.com/"));
	assert_false(origin_is_listed("javascript:alert(1)"));
	assert_false(origin_is_listed("/relative"));
	assert_false(origin_is_listed(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_whole_api_may_be_used_with_all_its_clients_send, setup,
	                                    unit_teardown),
		cmocka_unit_test_setup_teardown(nobody_is_sent_to_another_origin, setup, unit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
