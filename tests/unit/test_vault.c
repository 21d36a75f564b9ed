/* Contact data at rest: opens with its key and in its place, before and after the key changed, and
 * with no other. */
#include "unit.h"

#include "../../common/base/vault.h"

#define HERE PLACE("sessions", "email", "7f843669-6d7d-468e-849f-86a75e4b064e")

/* Of the time before there were places, under "the first data key of this test". */
#define UNBOUND \
	"sealed:v1:b8661c1d:m4b/BXmXCgekBhM6/LidTlUi1v+hZP1Y8UbLRuUzwNMz531qed0" \
	"7OuIcYFZB+lEF7nSRUw4A00Pgp4C5ZhPW5DkXxd02KCSf"

#define STRETCHED "466b161a6084947ac654cae0849db060ca4793368bc945edb739377e2935ca96"

static void start(const char *key, const char *former)
{
	const struct cfg_group *group = &vault_settings;

	setenv("SCRIBE_DATA_KEY", key, 1);
	setenv("SCRIBE_DATA_KEY_FORMER", former, 1);
	assert_int_equal(cfg_load(&group, 1), 0);
	assert_int_equal(vault_stretch(), 0);
	assert_int_equal(vault_start(), 0);
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
	sealed = vault_seal(a, HERE, SPAN("dana@northwind.example"));
	assert_non_null(sealed);
	assert_int_equal(strncmp(sealed, "sealed:v2:", 10), 0);
	assert_null(strstr(sealed, "dana"));
	assert_true(vault_open(a, HERE, sealed, &plain));
	assert_string_equal(plain.ptr, "dana@northwind.example");
	assert_string_not_equal(sealed, vault_seal(a, HERE, SPAN("dana@northwind.example")));
}

static void a_changed_key_still_opens_the_old(void **state)
{
	struct arena *a = ((struct ctx *)*state)->arena;
	struct span   plain;
	const char   *sealed;

	start("first key", "");
	sealed = vault_seal(a, HERE, SPAN("words"));
	assert_int_equal(strncmp(sealed, vault_prefix(a), strlen(vault_prefix(a))), 0);
	start("second key", "first key");
	assert_int_not_equal(strncmp(sealed, vault_prefix(a), strlen(vault_prefix(a))), 0);
	assert_true(vault_open(a, HERE, sealed, &plain));
	start("third key", "second key");
	assert_false(vault_open(a, HERE, sealed, &plain));
}

static void what_was_changed_does_not_open(void **state)
{
	struct arena *a = ((struct ctx *)*state)->arena;
	struct span   plain;
	char         *sealed;

	start("first key", "");
	sealed = arena_strdup(a, vault_seal(a, HERE, SPAN("words")));
	for (char *at = sealed; *at; at++) {
		*at ^= 1;
		assert_false(vault_open(a, HERE, sealed, &plain));
		*at ^= 1;
	}
	assert_true(vault_open(a, HERE, sealed, &plain));
	assert_false(vault_open(a, HERE, "sealed:v2:", &plain));
	assert_false(vault_open(a, HERE, "dana@northwind.example", &plain));
}

static void what_was_copied_elsewhere_does_not_open(void **state)
{
	struct arena      *a = ((struct ctx *)*state)->arena;
	const char        *id = HERE.row, *other_id = "7f843669-6d7d-468e-849f-86a75e4b064f";
	const struct place elsewhere[] = {{"email_signups", "email", id},
	                                  {"sessions", "contact_name", id},
	                                  {"sessions", "email", other_id},
	                                  {"sessions", "emai", "l7f843669-6d7d-468e-849f-86a75e4b064e"},
	                                  {"sessions", "email", ""}};
	struct span        plain;
	const char        *sealed;

	start("first key", "");
	sealed = vault_seal(a, HERE, SPAN("words"));
	for (size_t i = 0; i < COUNT(elsewhere); i++)
		assert_false(vault_open(a, elsewhere[i], sealed, &plain));
	assert_true(vault_open(a, PLACE("sessions", "email", "7F843669-6D7D-468E-849F-86A75E4B064E"),
	                       sealed, &plain));
	start("second key", "first key");
	assert_false(vault_open(a, elsewhere[0], sealed, &plain));
	assert_true(vault_open(a, HERE, sealed, &plain));
}

static void what_was_bound_to_nothing_opens_until_it_is_refused(void **state)
{
	struct arena *a = ((struct ctx *)*state)->arena;
	struct span   plain;

	start("the first data key of this test", "");
	assert_true(vault_open(a, PLACE("any", "where", "at all"), UNBOUND, &plain));
	assert_string_equal(plain.ptr, "isolde.brandywine@before.example");
	start("another key of this test", "the first data key of this test");
	assert_true(vault_open(a, HERE, UNBOUND, &plain));
	setenv("SCRIBE_OPEN_UNBOUND", "0", 1);
	start("the first data key of this test", "");
	unsetenv("SCRIBE_OPEN_UNBOUND");
	assert_false(vault_open(a, HERE, UNBOUND, &plain));
	assert_true(vault_open(a, HERE, vault_seal(a, HERE, SPAN("words")), &plain));
	start("the first data key of this test", "");
}

/* The key of those words must be the same for ever: data is sealed with it. */
static void a_passphrase_is_a_key_once_it_is_stretched(void **state)
{
	const struct cfg_group *group = &vault_settings;
	struct arena           *a = ((struct ctx *)*state)->arena;
	struct span             plain;
	const char             *sealed;

	start("passphrase:correct horse battery", "");
	assert_string_equal(vault_key_text(false), STRETCHED);
	sealed = vault_seal(a, HERE, SPAN("words"));
	start(STRETCHED, "");
	assert_true(vault_open(a, HERE, sealed, &plain));
	start("correct horse battery", "");
	assert_false(vault_open(a, HERE, sealed, &plain));
	start("another key of this test", "passphrase:correct horse battery");
	assert_true(vault_open(a, HERE, sealed, &plain));
	setenv("SCRIBE_DATA_KEY", "passphrase:fifteen letter", 1);
	setenv("SCRIBE_DATA_KEY_FORMER", "", 1);
	assert_int_equal(cfg_load(&group, 1), 0);
	assert_int_equal(vault_stretch(), 1);
	assert_int_equal(vault_start(), 1);
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
	assert_null(vault_seal(((struct ctx *)*state)->arena, HERE, SPAN("words")));
	assert_false(vault_hash("email", SPAN("a@b.example"), &h));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, unit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_sealed_opens),
		TEST(a_changed_key_still_opens_the_old),
		TEST(what_was_changed_does_not_open),
		TEST(equal_texts_have_equal_hashes_under_one_key),
		TEST(without_a_key_nothing_is_kept),
		TEST(what_was_copied_elsewhere_does_not_open),
		TEST(a_passphrase_is_a_key_once_it_is_stretched),
		TEST(what_was_bound_to_nothing_opens_until_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
