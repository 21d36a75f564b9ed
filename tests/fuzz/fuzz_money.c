/* Amounts and dates in any valid text: bounded numbers, phrases inside the text. */
#include "fuzz.h"

#include "../../common/base/utf8.h"
#include "../../common/domain/lead/money.h"
#include "../../common/domain/lead/timeline.h"

#include <assert.h>

static const struct utterance *spoken;

static bool next_spoken(struct span *rest, struct money *out)
{
	return money_next_spoken(spoken, rest->len % 2, rest, out);
}

static void walk_money(struct span text, bool (*next)(struct span *rest, struct money *out))
{
	const char  *end = text.ptr + text.len, *before = text.ptr;
	struct money m;

	while (next(&text, &m)) {
		assert(m.low <= m.high && m.high <= MONEY_MAX && m.text.len);
		assert(m.text.ptr >= before && m.text.ptr + m.text.len <= end && text.ptr <= end);
		before = text.ptr;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ctx       cx = fuzz_begin();
	struct span      text = {(const char *)bytes, len};
	struct utterance u;
	size_t           i = 0, from, to;

	if (utf8_is_valid(text)) {
		walk_money(text, money_next);
		(void)timeline_is_urgent(text);
		u = tokens_split(&cx, text);
		spoken = &u;
		walk_money(text, next_spoken);
		while (timeline_next(&u, len % 2, &i, &from, &to))
			assert(from < to && to <= u.n && i == to);
	}
	return fuzz_end(&cx);
}
