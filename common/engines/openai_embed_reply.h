/* openai_embed_reply.h -- what an embeddings endpoint answers, checked: pure. */
#ifndef OPENAI_EMBED_REPLY_H
#define OPENAI_EMBED_REPLY_H

#include "../base/ctx.h"

/* What was asked for. */
struct embed_wanted {
	const char *model;
	size_t      n, dims;
};

/* Unit vectors into vectors[0] ... vectors[wanted->n - 1], each put by its own
 * index; numbers as base64 or as a list. ERR_UPSTREAM: not such an answer, of
 * another model, too few or too many, an index twice, another size, a vector
 * without direction. */
struct err *openai_embed_reply(struct ctx *cx, struct span body, const struct embed_wanted *wanted,
                               const float **vectors) CHECKED;

#endif
