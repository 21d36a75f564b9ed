/* Links in mails: ours, for one purpose, for a time. */
#include "unit.h"

#include "../../common/base/vault.h"
#include "../../common/work/signed_link.h"

#define ID "6f1c1a8e-5d3c-4a1b-9c57-0d8b7a6e5f40"

static int setup(void **state)
{
	const struct cfg_group *group = &vault_settings;

	crypto_start();
	setenv("SCRIBE_DATA_KEY", "a data key for this test only, please", 1);
	assert_int_equal(cfg_load(&group, 1), 0);
	assert_int_equal(vault_start(), 0);
	return unit_setup(state);
}

static void a_token_is_read_for_its_purpose_only(void **state)
{
	struct ctx        *cx = *state;
	int64_t            now = clock_unix_ms() / 1000;
	const char        *token = signed_link_token(cx, "one", ID, now + 60);
	struct signed_link link;
	char              *other;

	assert_true(signed_link_read(cx, "one", span_of(token), &link));
	assert_string_equal(link.id, ID);
	assert_false(link.is_late);
	assert_false(signed_link_read(cx, "another", span_of(token), &link));
	other = arena_strndup(cx->arena, token, strlen(token));
	other[0] = '7'; /* of another row */
	assert_false(signed_link_read(cx, "one", span_of(other), &link));
	other[0] = token[0];
	other[38] = token[38] == '9' ? '8' : '9'; /* for another time */
	assert_false(signed_link_read(cx, "one", span_of(other), &link));
	assert_false(signed_link_read(cx, "one", (struct span){token, strlen(token) - 1}, &link));
	assert_false(signed_link_read(cx, "one", SPAN(""), &link));
	token = signed_link_token(cx, "one", ID, now - 1);
	assert_true(signed_link_read(cx, "one", span_of(token), &link));
	assert_true(link.is_late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_token_is_read_for_its_purpose_only, setup, unit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
