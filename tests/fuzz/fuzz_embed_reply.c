/* Any bytes in the place of an embeddings answer: unit vectors of all texts, or an error. */
#include "fuzz.h"

#include "../../common/base/json_in.h"
#include "../../common/base/log.h"
#include "../../common/engines/openai_embed_reply.h"

#include <assert.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct embed_wanted wanted = {.model = "m", .n = 2, .dims = 2};
	struct ctx                cx = fuzz_begin();
	const float              *vectors[2];

	json_start();
	log_setup("fuzz", LOG_ERROR);
	if (!openai_embed_reply(&cx, (struct span){(const char *)bytes, len}, &wanted, vectors))
		for (size_t i = 0; i < wanted.n; i++)
			assert(fabsf(hypotf(vectors[i][0], vectors[i][1]) - 1) < 1e-4f);
	return fuzz_end(&cx);
}
