/* Vectors are printed as pgvector reads them, to the last digit that counts. */
#include "unit.h"

#include "../../common/base/str.h"
#include "../../common/store/embedding_cache.h"

#include <math.h>
#include <stdlib.h>

static void prints_what_a_vector_is(void **state)
{
	struct ctx *cx = *state;
	struct buf  b = buf_new(cx->arena, 0);

	embedding_text(&b, (const float[]){0, 0.5f, -0.25f, 1, -1, 0.025f, -3.5f, 1e20f}, 8);
	assert_string_equal(buf_text(&b), "[0.000000000,0.500000000,-0.250000000,1,-1,0.025000000,-3.5,"
	                                  "1.00000002e+20]");
}

static void loses_nothing_of_a_unit_vector(void **state)
{
	struct ctx *cx = *state;

	for (int i = 1; i < 20000; i++) {
		float       x = (float)sin(i) / 20, largest = nextafterf(1, 0);
		struct buf  b = buf_new(cx->arena, 0);
		const char *text;

		embedding_text(&b, (const float[]){i == 1 ? largest : x}, 1);
		text = buf_text(&b);
		assert_true(fabs(strtod(text + 1, NULL) - (double)(i == 1 ? largest : x)) <= 5.1e-10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(prints_what_a_vector_is),
		UNIT_TEST(loses_nothing_of_a_unit_vector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
