/* test_mode.c -- the seven modes are found by their exact names. */
#include "../../common/domain/talk/mode.h"

#include "../../common/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char *const names[] = {
	"william", "entrepreneur", "professional", "mentor", "storyteller", "futurist", "interviewer",
};

static void finds(void **state)
{
	static const char *const wrong[] = {"", "Mentor", "mentor ", "pirate", "will"};
	enum mode                mode = MODE_MENTOR;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_true(mode_find(names[i], &mode));
		assert_string_equal(mode_name(mode), names[i]);
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(mode_find(wrong[i], &mode));
	assert_false(mode_find(NULL, &mode));
	assert_string_equal(mode_name(MODE_DEFAULT), "professional");
}

/* Personas are spoken manners: written out, all different, without markup. */
static void have_personas(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *persona = mode_persona((enum mode)i);

		assert_true(strlen(persona) > 300);
		assert_null(strpbrk(persona, "*#<>\n"));
		assert_true(str_equal_nocase(mode_title((enum mode)i), names[i]));
		assert_true(str_is_blank(mode_manner((enum mode)i)) == false);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(persona, mode_persona((enum mode)j));
	}
	assert_int_equal(mode_sentences_max(false), 2);
	assert_int_equal(mode_sentences_max(true), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(have_personas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
