/* Any bytes as text: ids within the vocabulary, at most as many as asked for, the marks around.
 * As a vocabulary: taken whole or refused. */
#include "fuzz.h"

#include "../../common/base/json_in.h"
#include "../../common/engines/wordpiece.h"

#include <assert.h>

#define VOCABULARY \
	"{\"model\":{\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"[SEP]\":2,\"a\":3,\"##a\":4,\"##b\":5," \
	"\"\\u1100\":6,\"##\\u1161\":7,\"\\u6771\":8,\"!\":9,\"abab\":10}}}"

static void read_text(const struct wordpiece *w, struct span text, size_t max)
{
	uint16_t ids[256];
	size_t   n = wordpiece_ids(w, text, ids, max);

	assert(n >= 2 && n <= max);
	assert(ids[0] < wordpiece_count(w) && ids[n - 1] < wordpiece_count(w));
	for (size_t i = 0; i < n; i++)
		assert(ids[i] < wordpiece_count(w));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ctx              cx = fuzz_begin();
	struct span             input = {(const char *)bytes, len};
	const struct wordpiece *w;

	json_start();
	assert(!wordpiece_read(&cx, SPAN(VOCABULARY), cx.arena, &w));
	read_text(w, input, 256);
	read_text(w, input, 2 + len % 9);
	if (!wordpiece_read(&cx, input, cx.arena, &w))
		read_text(w, input, 256);
	return fuzz_end(&cx);
}
