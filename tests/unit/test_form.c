/* What forms and query strings say, decoded and clean or not at all. */
#include "unit.h"

#include "../../common/web/form.h"

static void a_value_is_found_by_its_whole_name(void **state)
{
	struct span query = SPAN("xgrant=1&grant=a%20b+c%C3%A9&grant=2&empty=&bare");

	assert_string_equal(form_text(*state, query, "grant"), "a b c\xc3\xa9");
	assert_string_equal(form_text(*state, query, "empty"), "");
	assert_null(form_text(*state, query, "bare"));
	assert_null(form_text(*state, query, "gran"));
	assert_null(form_text(*state, SPAN(""), "grant"));
}

static void what_is_no_clean_text_is_none(void **state)
{
	assert_null(form_text(*state, SPAN("a=x%00y"), "a"));
	assert_null(form_text(*state, SPAN("a=%ff"), "a"));
	assert_null(form_text(*state, SPAN("a=%ED%A0%80"), "a"));
	assert_string_equal(form_text(*state, SPAN("a=100%"), "a"), "100%");
	assert_string_equal(form_text(*state, SPAN("a=%4"), "a"), "%4");
	assert_string_equal(form_text(*state, SPAN("a=%zz%41"), "a"), "%zzA");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(a_value_is_found_by_its_whole_name),
		UNIT_TEST(what_is_no_clean_text_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
