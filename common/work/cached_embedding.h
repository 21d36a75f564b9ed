/* cached_embedding.h -- embedding that never pays twice for the same question or memory. */
#ifndef CACHED_EMBEDDING_H
#define CACHED_EMBEDDING_H

#include "../engines/embedding.h"

/* As embed(), all vectors of one model. Where the engine that would be asked first
 * is not of this machine, the vectors kept of its model are taken as they are; what
 * it makes is kept if `keeps`: the vector of what is said is not, for it goes to the
 * memory that becomes of it, and writing it twice cost more than saying the same
 * again ever saves. A local one is asked at once: it costs less than looking.
 * session_id is whose words they are, NULL: nobody's. Not inside a transaction. A
 * cache that can not be read or written is logged, and no error. *provider_out is
 * who made the vectors, now or then. ERR_UNAVAILABLE also when the engines changed
 * in the middle. */
struct err *embed_cached(struct ctx *cx, const char *session_id, bool keeps,
                         const struct embed_order *order, struct embeddings *out,
                         const char **provider_out) CHECKED;

#endif
