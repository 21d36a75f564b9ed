/* Keys, tokens, digests and seals: nobody gets in. */
#include "unit.h"

#include "../../common/base/crypto.h"
#include "../../common/base/json_in.h"
#include "../../common/base/str.h"
#include "../../common/web/keys.h"

#include <jwt.h>

#define SECRET "a-signing-secret-of-some-length"

static int setup(void **state)
{
	const struct cfg_group *group = &keys_settings;

	crypto_start();
	json_start();
	setenv("SCRIBE_ANON_KEY", "anon-key", 1);
	setenv("SCRIBE_JWT_SECRET", SECRET, 1);
	assert_int_equal(cfg_load(&group, 1), 0);
	return unit_setup(state);
}

static const char *token(struct ctx *cx, jwt_alg_t alg, const char *secret, const char *role,
                         long exp_in)
{
	jwt_t *jwt;
	char  *text;

	assert_int_equal(jwt_new(&jwt), 0);
	if (role)
		jwt_add_grant(jwt, "role", role);
	if (exp_in)
		jwt_add_grant_int(jwt, "exp", (long)(clock_unix_ms() / 1000) + exp_in);
	if (alg == JWT_ALG_NONE)
		jwt_set_alg(jwt, alg, NULL, 0);
	else
		jwt_set_alg(jwt, alg, (const unsigned char *)secret, (int)strlen(secret));
	text = jwt_encode_str(jwt);
	assert_non_null(text);
	arena_defer(cx->arena, free, text);
	jwt_free(jwt);
	return text;
}

static void good_keys_are_accepted_in_both_headers(void **state)
{
	struct ctx *cx = *state;
	const char *good = token(cx, JWT_ALG_HS256, SECRET, "anon", 60);

	assert_true(keys_accept(cx, "anon-key", NULL));
	assert_true(keys_accept(cx, NULL, "Bearer anon-key"));
	assert_true(keys_accept(cx, "wrong", "bearer anon-key"));
	assert_true(keys_accept(cx, good, NULL));
	assert_true(keys_accept(cx, NULL, arena_printf(cx->arena, "Bearer %s", good)));
}

static void bad_keys_are_not(void **state)
{
	struct ctx *cx = *state;
	char       *changed = arena_strdup(cx->arena, token(cx, JWT_ALG_HS256, SECRET, "anon", 60));

	assert_false(keys_accept(cx, NULL, NULL));
	assert_false(keys_accept(cx, "", "Bearer "));
	assert_false(keys_accept(cx, "anon-kez", NULL));
	assert_false(keys_accept(cx, "anon-key ", NULL));
	assert_false(keys_accept(cx, NULL, "anon-key"));
	assert_false(keys_accept(cx, token(cx, JWT_ALG_HS256, "another", "anon", 60), NULL));
	assert_false(keys_accept(cx, token(cx, JWT_ALG_HS384, SECRET, "anon", 60), NULL));
	assert_false(keys_accept(cx, token(cx, JWT_ALG_NONE, SECRET, "anon", 60), NULL));
	assert_false(keys_accept(cx, token(cx, JWT_ALG_HS256, SECRET, "anon", -60), NULL));
	assert_false(keys_accept(cx, token(cx, JWT_ALG_HS256, SECRET, "anon", 0), NULL));
	assert_false(keys_accept(cx, token(cx, JWT_ALG_HS256, SECRET, "postgres", 60), NULL));
	assert_false(keys_accept(cx, token(cx, JWT_ALG_HS256, SECRET, NULL, 60), NULL));
	assert_false(keys_accept(cx, "a.b.c", NULL));
	assert_true(keys_accept(cx, changed, NULL));
	changed[strlen(changed) / 2] ^= 1;
	assert_false(keys_accept(cx, changed, NULL));
}

static const char *token_about(struct ctx *cx, const char *subject, long exp_in)
{
	jwt_t *jwt;
	char  *text;

	assert_int_equal(jwt_new(&jwt), 0);
	jwt_add_grant(jwt, "role", "authenticated");
	jwt_add_grant(jwt, "sub", subject);
	jwt_add_grant_int(jwt, "exp", (long)(clock_unix_ms() / 1000) + exp_in);
	jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)SECRET, sizeof(SECRET) - 1);
	text = jwt_encode_str(jwt);
	arena_defer(cx->arena, free, text);
	jwt_free(jwt);
	return text;
}

/* With claims as they are written, numbers among them counted from now. */
static bool accepts_claims(struct ctx *cx, const char *claims)
{
	jwt_t *jwt;
	char  *text;
	bool   is_good;

	assert_int_equal(jwt_new(&jwt), 0);
	jwt_add_grant(jwt, "role", "anon");
	assert_int_equal(jwt_add_grants_json(jwt, claims), 0);
	jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)SECRET, sizeof(SECRET) - 1);
	text = jwt_encode_str(jwt);
	is_good = keys_accept(cx, text, NULL);
	free(text);
	jwt_free(jwt);
	return is_good;
}

static void times_are_numbers_and_have_leeway(void **state)
{
	static const struct {
		const char *claims;   /* exp and nbf in the place of the two %lld */
		int         exp, nbf; /* seconds from now */
		bool        is_good;
	} cases[] = {
		{"{\"exp\":%lld,\"nbf\":%lld}", 60, -60, true},
		{"{\"exp\":%lld,\"nbf\":%lld}", 60, 20, true},
		{"{\"exp\":%lld,\"nbf\":%lld}", 60, 45, false},
		{"{\"exp\":%lld,\"nbf\":%lld}", -20, -60, true},
		{"{\"exp\":%lld,\"nbf\":%lld}", -45, -60, false},
		{"{\"exp\":%lld.5,\"nbf\":%lld.25}", 60, -60, true},
		{"{\"exp\":%lld.5,\"nbf\":%lld.25}", 60, 45, false},
		{"{\"exp\":%lld,\"nbf\":\"%lld\"}", 60, -60, false},
		{"{\"exp\":%lld,\"nbf\":\"%lld\"}", 60, 3600, false},
		{"{\"exp\":%lld,\"nbf\":[%lld]}", 60, -60, false},
		{"{\"exp\":%lld,\"nbf\":null,\"x\":%lld}", 60, 0, false},
		{"{\"exp\":%lld,\"nbf\":true,\"x\":%lld}", 60, 0, false},
		{"{\"exp\":\"%lld\",\"nbf\":%lld}", 60, -60, false},
		{"{\"x\":%lld,\"nbf\":%lld}", 60, -60, false},
	};
	struct ctx *cx = *state;
	long long   now = (long long)(clock_unix_ms() / 1000);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf  claims = buf_new(cx->arena, 0);
		const char *rest = cases[i].claims, *first = strstr(rest, "%lld");
		const char *second = strstr(first + 1, "%lld");

		buf_add(&claims, rest, (size_t)(first - rest));
		buf_printf(&claims, "%lld", now + cases[i].exp);
		buf_add(&claims, first + 4, (size_t)(second - first - 4));
		buf_printf(&claims, "%lld%s", now + cases[i].nbf, second + 4);
		if (accepts_claims(cx, buf_text(&claims)) != cases[i].is_good)
			fail_msg("%s", buf_text(&claims));
	}
}

static void a_signed_token_tells_its_subject(void **state)
{
	const struct cfg_group *group = &keys_settings;
	struct ctx             *cx = *state;
	const char             *ana = token_about(cx, "ana", 60);
	const char *bearer = arena_printf(cx->arena, "Bearer %s", token_about(cx, "ben", 60));

	assert_string_equal(keys_subject(cx, ana, NULL), "ana");
	assert_string_equal(keys_subject(cx, "anon-key", bearer), "ben");
	assert_string_equal(keys_subject(cx, ana, bearer), "ben");
	assert_string_equal(keys_subject(cx, ana, "Bearer anon-key"), "ana");
	assert_null(keys_subject(cx, "anon-key", "Bearer anon-key"));
	assert_null(keys_subject(cx, NULL, NULL));
	assert_null(keys_subject(cx, NULL, ana));
	assert_null(keys_subject(cx, token_about(cx, "", 60), NULL));
	assert_null(keys_subject(cx, token_about(cx, "ana", -3600), NULL));
	assert_null(keys_subject(cx, token(cx, JWT_ALG_HS256, SECRET, "anon", 60), NULL));
	setenv("SCRIBE_ANON_KEY", ana, 1);
	assert_int_equal(cfg_load(&group, 1), 0);
	assert_true(keys_accept(cx, ana, NULL));
	assert_null(keys_subject(cx, ana, NULL));
}

static void a_realtime_token_opens_no_function(void **state)
{
	struct ctx *cx = *state;
	const char *text = keys_realtime_token(cx, "some-id");
	jwt_t      *jwt;

	assert_non_null(text);
	assert_false(keys_accept(cx, text, NULL));
	assert_int_equal(jwt_decode(&jwt, text, (const unsigned char *)SECRET, sizeof(SECRET) - 1), 0);
	assert_string_equal(jwt_get_grant(jwt, "channel"), "session:some-id");
	assert_true(jwt_get_grant_int(jwt, "exp") > clock_unix_ms() / 1000);
	jwt_free(jwt);
}

static void hashes_keep_parts_and_purposes_apart(void **state)
{
	struct hash a = HASH("p", SPAN("ab"), SPAN("c")), b = HASH("p", SPAN("a"), SPAN("bc"));
	struct hash c = HASH("q", SPAN("ab"), SPAN("c")), d = HASH("p", SPAN("ab"), SPAN("c"));

	(void)state;
	assert_false(crypto_equal(hash_span(&a), hash_span(&b)));
	assert_false(crypto_equal(hash_span(&a), hash_span(&c)));
	assert_true(crypto_equal(hash_span(&a), hash_span(&d)));
}

static void a_seal_opens_only_whole_in_its_place_and_with_its_key(void **state)
{
	struct ctx   *cx = *state;
	unsigned char key[CRYPTO_KEY_BYTES], other[CRYPTO_KEY_BYTES];
	struct span   sealed, plain;
	char         *changed;

	crypto_random(key, sizeof(key));
	crypto_random(other, sizeof(other));
	sealed = crypto_seal(cx->arena, key, SPAN("here"), SPAN("words"));
	assert_true(crypto_open(cx->arena, key, SPAN("here"), sealed, &plain));
	assert_string_equal(plain.ptr, "words");
	assert_false(crypto_open(cx->arena, key, SPAN("there"), sealed, &plain));
	assert_false(crypto_open_unbound(cx->arena, key, sealed, &plain));
	assert_false(crypto_open(cx->arena, other, SPAN("here"), sealed, &plain));
	changed = arena_strndup(cx->arena, sealed.ptr, sealed.len);
	changed[sealed.len - 1] ^= 1;
	assert_false(
		crypto_open(cx->arena, key, SPAN("here"), (struct span){changed, sealed.len}, &plain));
	changed[sealed.len - 1] ^= 1;
	changed[0] ^= 1;
	assert_false(
		crypto_open(cx->arena, key, SPAN("here"), (struct span){changed, sealed.len}, &plain));
	assert_false(crypto_open(cx->arena, key, SPAN("here"), (struct span){sealed.ptr, 10}, &plain));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, unit_teardown)

static void a_password_is_known_again_and_kept_twice_alike_by_nobody(void **state)
{
	struct ctx *cx = *state;
	const char *kept = crypto_password(cx->arena, SPAN("correct horse"));
	const char *again = crypto_password(cx->arena, SPAN("correct horse"));

	assert_non_null(kept);
	assert_int_equal(strncmp(kept, "$argon2id$", 10), 0);
	assert_string_not_equal(kept, again);
	assert_true(crypto_password_is(kept, SPAN("correct horse")));
	assert_false(crypto_password_is(kept, SPAN("correct hors")));
	assert_false(crypto_password_is(kept, SPAN("")));
	assert_int_equal(strlen(crypto_secret(cx->arena)), 64);
	assert_string_not_equal(crypto_secret(cx->arena), crypto_secret(cx->arena));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_keys_are_accepted_in_both_headers),
		TEST(bad_keys_are_not),
		TEST(times_are_numbers_and_have_leeway),
		TEST(hashes_keep_parts_and_purposes_apart),
		TEST(a_signed_token_tells_its_subject),
		TEST(hashes_keep_parts_and_purposes_apart),
		TEST(a_realtime_token_opens_no_function),
		TEST(hashes_keep_parts_and_purposes_apart),
		TEST(a_seal_opens_only_whole_in_its_place_and_with_its_key),
		TEST(a_password_is_known_again_and_kept_twice_alike_by_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
