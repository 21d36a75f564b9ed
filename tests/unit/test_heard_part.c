/* test_heard_part.c -- a text cut where its listener cut it off. */
#include "unit.h"

#include "../../common/domain/text/heard_part.h"

static const char text[] = "One two three. Four five. Six.";

static const struct spoken_piece pieces[] = {{14, 1400}, {25, 2500}, {30, 3000}};

static void assert_heard(unsigned ms, const char *wanted)
{
	struct span heard = heard_part(SPAN(text), pieces, COUNT(pieces), ms);

	assert_int_equal(heard.len, strlen(wanted));
	assert_memory_equal(heard.ptr, wanted, heard.len);
}

static void whole_pieces_and_the_words_of_the_last(void **state)
{
	(void)state;
	assert_heard(0, "");
	assert_heard(200, "");
	assert_heard(399, "One");
	assert_heard(700, "One two");
	assert_heard(1399, "One two");
	assert_heard(1400, "One two three.");
	assert_heard(1550, "One two three.");
	assert_heard(2000, "One two three. Four");
	assert_heard(2499, "One two three. Four");
	assert_heard(2500, "One two three. Four five.");
	assert_heard(2999, "One two three. Four five.");
	assert_heard(3000, text);
	assert_heard(UINT32_MAX, text);
}

/* What has no sound, and what is not as it should be, gives no more than there is. */
static void strange_pieces(void **state)
{
	const struct spoken_piece silent[] = {{14, 1400}, {25, 1400}, {30, 3000}};
	const struct spoken_piece too_long[] = {{300, 1000}};
	const struct spoken_piece back[] = {{25, 2500}, {14, 3000}};

	(void)state;
	assert_int_equal(heard_part(SPAN(text), NULL, 0, 5000).len, 0);
	assert_int_equal(heard_part(SPAN(text), silent, 3, 1399).len, 7);
	assert_int_equal(heard_part(SPAN(text), silent, 3, 1400).len, 25);
	assert_int_equal(heard_part(SPAN(text), too_long, 1, 1000).len, 30);
	assert_int_equal(heard_part(SPAN(text), too_long, 1, 999).len, 30);
	assert_int_equal(heard_part(SPAN(text), back, 2, 2600).len, 25);
	assert_int_equal(heard_part(SPAN(""), pieces, 3, 700).len, 0);
}

static void letters_stay_whole(void **state)
{
	static const char         said[] = "Größe überall äöü";
	const struct spoken_piece one[] = {{(unsigned)strlen(said), 1000}};

	(void)state;
	for (unsigned ms = 0; ms <= 1000; ms++) {
		struct span heard = heard_part(SPAN(said), one, 1, ms);

		assert_true(heard.len == 0 || heard.len == 7 || heard.len == 16 ||
		            heard.len == strlen(said));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_pieces_and_the_words_of_the_last),
		cmocka_unit_test(strange_pieces),
		cmocka_unit_test(letters_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
