/* embed_cached.h -- embedding that never pays twice for the same words. */
#ifndef EMBED_CACHED_H
#define EMBED_CACHED_H

#include "providers/embedding.h"

/* As embed(), all vectors of one model: those kept for the model of the engine
 * that would be asked first are taken as they are, the rest is embedded and
 * kept. session_id is whose words they are, NULL: nobody's. Not inside a
 * transaction. A cache that can not be written is logged, and no error.
 * ERR_UNAVAILABLE also when the engines changed in the middle. */
struct err *embed_cached(struct ctx *cx, const char *session_id, const struct embed_order *order,
                         struct embeddings *out) CHECKED;

#endif
