/* Speech: rules, contacts and masks on any valid text; what rules find was said. */
#include "fuzz.h"

#include "../../common/base/utf8.h"
#include "../../common/domain/who/contact.h"
#include "../../common/domain/lead/lead_score.h"
#include "../../common/domain/lead/rule_extract.h"

#include <assert.h>

enum { SPEECH_MAX = 20000, UTTERANCES_MAX = 8 };

/* Lines are utterances, each the question that the next one answers; the last takes the rest. */
static size_t cut_lines(struct span text, struct exchange *said)
{
	size_t n = 0;

	while (n + 1 < UTTERANCES_MAX && text.len) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t      len = end ? (size_t)(end - text.ptr) : text.len;

		said[n].asked = n ? said[n - 1].said : text;
		said[n++].said = (struct span){text.ptr, len};
		len += end != NULL;
		text = (struct span){text.ptr + len, text.len - len};
	}
	if (text.len)
		said[n] = (struct exchange){.asked = n ? said[n - 1].said : text, .said = text};
	return n + (text.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ctx      cx = fuzz_begin();
	struct span     text = {(const char *)bytes, len < SPEECH_MAX ? len : SPEECH_MAX};
	struct exchange said[UTTERANCES_MAX];
	struct extract *x;

	if (utf8_is_valid(text) && !(text.len && memchr(text.ptr, '\0', text.len))) {
		struct lead_score score;
		struct span       masked = contact_mask(&cx, text);

		assert(utf8_is_valid(masked));
		x = rule_extract(&cx, said, cut_lines(text, said));
		if (x) {
			lead_score(x, &score);
			assert(x->confidence > 0 && x->confidence <= 1);
			for (size_t i = 0; i < ENTITY_COUNT; i++)
				assert(!x->entities.text[i] || utf8_is_valid(span_of(x->entities.text[i])));
		}
	}
	return fuzz_end(&cx);
}
