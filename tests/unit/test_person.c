/* Who calls: by the token that is shown first, and nobody by one that is not ours. */
#include "unit.h"

#include "../../common/base/crypto.h"
#include "../../common/base/json_in.h"
#include "../../common/web/keys.h"
#include "../../common/web/person.h"

#define SUB     "6f1c1a8e-5d3c-4a1b-9c57-0d8b7a6e5f40"
#define SESSION "0a9d1c2e-1b2c-4d3e-8f40-516273849506"

struct fake {
	struct transport t; /* first */
	const char      *apikey, *authorization;
};

static const char *fake_param(struct transport *t, const char *name)
{
	struct fake *f = (struct fake *)t;

	if (!strcmp(name, "HTTP_APIKEY"))
		return f->apikey;
	return strcmp(name, "HTTP_AUTHORIZATION") ? NULL : f->authorization;
}

static int setup(void **state)
{
	const struct cfg_group *group = &keys_settings;

	crypto_start();
	json_start();
	setenv("SCRIBE_ANON_KEY", "anon-key", 1);
	setenv("SCRIBE_JWT_SECRET", "a-signing-secret-of-some-length!", 1);
	assert_int_equal(cfg_load(&group, 1), 0);
	return unit_setup(state);
}

static const char *token(struct ctx *cx, const char *role, const char *more, long exp_in)
{
	const char *claims = arena_printf(cx->arena, "{\"role\":\"%s\",\"exp\":%ld%s}", role,
	                                  (long)(clock_unix_ms() / 1000) + exp_in, more);
	const char *text = keys_sign(cx, span_of(claims));

	assert_non_null(text);
	return text;
}

static const char *bearer(struct ctx *cx, const char *key)
{
	return arena_printf(cx->arena, "Bearer %s", key);
}

static struct err *who(struct ctx *cx, const char *apikey, const char *authorization,
                       struct person *out)
{
	struct fake f = {.t = {.param = fake_param}, .apikey = apikey, .authorization = authorization};

	return person_of(req_new(cx, &f.t), out);
}

static void each_key_is_told_from_the_others(void **state)
{
	struct ctx   *cx = *state;
	struct person p;
	const char   *mine =
		token(cx, "authenticated", ",\"sub\":\"" SUB "\",\"session_id\":\"" SESSION "\"", 60);

	assert_ok(who(cx, "anon-key", NULL, &p));
	assert_int_equal(p.role, PERSON_ANON);
	assert_null(p.id);
	assert_ok(who(cx, "anon-key", "Bearer anon-key", &p));
	assert_int_equal(p.role, PERSON_ANON);
	assert_ok(who(cx, token(cx, "service_role", "", 60), NULL, &p));
	assert_int_equal(p.role, PERSON_SERVICE);
	assert_string_equal(person_claims(&p).role, "service_role");
	assert_ok(who(cx, "anon-key", bearer(cx, mine), &p));
	assert_int_equal(p.role, PERSON_SIGNED_IN);
	assert_string_equal(p.id, SUB);
	assert_string_equal(p.session_id, SESSION);
	assert_string_equal(person_claims(&p).role, "authenticated");
	assert_string_equal(person_claims(&p).sub, SUB);
	assert_string_equal(person_claims(&p).session_id, SESSION);
}

static void what_is_not_ours_is_nobody(void **state)
{
	struct ctx   *cx = *state;
	struct person p;

	assert_err(who(cx, NULL, NULL, &p), ERR_UNAUTHORIZED);
	assert_err(who(cx, "wrong", NULL, &p), ERR_UNAUTHORIZED);
	/* A bad token is not made good by the key that everybody has. */
	assert_err(who(cx, "anon-key", "Bearer wrong", &p), ERR_UNAUTHORIZED);
	assert_err(who(cx, "anon-key", bearer(cx, token(cx, "authenticated", "", -60)), &p),
	           ERR_UNAUTHORIZED);
	assert_err(who(cx, token(cx, "realtime", "", 60), NULL, &p), ERR_UNAUTHORIZED);
	/* Signed with our secret by others: of whom is it, and of which session? */
	assert_err(who(cx, token(cx, "authenticated", "", 60), NULL, &p), ERR_UNAUTHORIZED);
	assert_err(who(cx, token(cx, "authenticated", ",\"sub\":\"" SUB "\"", 60), NULL, &p),
	           ERR_UNAUTHORIZED);
	assert_err(
		who(cx, token(cx, "authenticated", ",\"sub\":\"dana\",\"session_id\":\"" SESSION "\"", 60),
	        NULL, &p),
		ERR_UNAUTHORIZED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_key_is_told_from_the_others, setup, unit_teardown),
		cmocka_unit_test_setup_teardown(what_is_not_ours_is_nobody, setup, unit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
