/* Contact data at rest: opens with its key, before and after the key changed, and with no other. */
#include "unit.h"

#include "../../common/base/vault.h"

static void start(const char *key, const char *former)
{
	const struct cfg_group *group = &vault_settings;

	setenv("SCRIBE_DATA_KEY", key, 1);
	setenv("SCRIBE_DATA_KEY_FORMER", former, 1);
	assert_int_equal(cfg_load(&group, 1), 0);
	vault_start();
}

static int setup(void **state)
{
	crypto_start();
	return unit_setup(state);
}

static void what_is_sealed_opens(void **state)
{
	struct arena *a = ((struct ctx *)*state)->arena;
	struct span   plain;
	const char   *sealed;

	start("first key", "");
	sealed = vault_seal(a, SPAN("dana@northwind.example"));
	assert_non_null(sealed);
	assert_int_equal(strncmp(sealed, "sealed:v1:", 10), 0);
	assert_null(strstr(sealed, "dana"));
	assert_true(vault_open(a, sealed, &plain));
	assert_string_equal(plain.ptr, "dana@northwind.example");
	assert_string_not_equal(sealed, vault_seal(a, SPAN("dana@northwind.example")));
}

static void a_changed_key_still_opens_the_old(void **state)
{
	struct arena *a = ((struct ctx *)*state)->arena;
	struct span   plain;
	const char   *sealed;

	start("first key", "");
	sealed = vault_seal(a, SPAN("words"));
	assert_false(vault_is_stale(sealed));
	assert_int_equal(strncmp(sealed, vault_prefix(a), strlen(vault_prefix(a))), 0);
	start("second key", "first key");
	assert_true(vault_is_stale(sealed));
	assert_true(vault_open(a, sealed, &plain));
	start("third key", "second key");
	assert_false(vault_open(a, sealed, &plain));
}

static void what_was_changed_does_not_open(void **state)
{
	struct arena *a = ((struct ctx *)*state)->arena;
	struct span   plain;
	char         *sealed;

	start("first key", "");
	sealed = arena_strdup(a, vault_seal(a, SPAN("words")));
	sealed[strlen(sealed) - 6] ^= 1;
	assert_false(vault_open(a, sealed, &plain));
	assert_false(vault_open(a, "sealed:v1:", &plain));
	assert_false(vault_open(a, "dana@northwind.example", &plain));
}

static void equal_texts_have_equal_hashes_under_one_key(void **state)
{
	struct hash one, two, other;

	(void)state;
	start("first key", "");
	assert_true(vault_hash("email", SPAN("a@b.example"), &one));
	assert_true(vault_hash("email", SPAN("a@b.example"), &two));
	assert_memory_equal(&one, &two, sizeof(one));
	assert_false(vault_former_hash("email", SPAN("a@b.example"), &other));
	start("second key", "first key");
	assert_true(vault_hash("email", SPAN("a@b.example"), &other));
	assert_memory_not_equal(&one, &other, sizeof(one));
	assert_true(vault_former_hash("email", SPAN("a@b.example"), &other));
	assert_memory_equal(&one, &other, sizeof(one));
}

static void without_a_key_nothing_is_kept(void **state)
{
	struct hash h;

	start("", "");
	assert_false(vault_has_key());
	assert_null(vault_seal(((struct ctx *)*state)->arena, SPAN("words")));
	assert_false(vault_hash("email", SPAN("a@b.example"), &h));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, unit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_sealed_opens),           TEST(a_changed_key_still_opens_the_old),
		TEST(what_was_changed_does_not_open), TEST(equal_texts_have_equal_hashes_under_one_key),
		TEST(without_a_key_nothing_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
