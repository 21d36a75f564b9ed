/* A model's answer: what is taken can be held against speech, written, and read again. */
#include "fuzz.h"

#include "../../common/base/json_in.h"
#include "../../common/domain/lead/lead_score.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ctx            cx = fuzz_begin();
	struct span           text = {(const char *)bytes, len};
	const struct exchange said[] = {
		{.said = SPAN("I'm Dana, VP at Northwind. We have $50k. dana@northwind.io")}};
	struct extract *x;

	json_start();
	x = extract_parse(&cx, text);
	if (x) {
		struct json_out  *j = json_new(cx.arena, 0);
		struct lead_score score;
		struct extract   *again;
		struct span       json;
		struct err       *e;

		lead_score(x, &score);
		assert(score.score >= 0 && score.score <= 100);
		extract_write(j, NULL, x, &score, true);
		e = json_finish(&cx, j, &json);
		assert(!e);
		again = extract_parse(&cx, json);
		assert(again && again->intent == x->intent && again->n_actions == x->n_actions);
		extract_supported(&cx, x, said, COUNT(said));
		assert(extract_merge(&cx, again, x));
	}
	return fuzz_end(&cx);
}
