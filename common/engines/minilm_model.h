/* minilm_model.h -- all-MiniLM-L6-v2: ids of a text to its vector, on one core.
 *
 * The weights are the model file itself, mapped read-only and used as they lie
 * there, so any number of programs share one copy and opening costs nothing.
 * A model is read-only after it was opened: any number of threads may use it. */
#ifndef MINILM_MODEL_H
#define MINILM_MODEL_H

#include "../base/ctx.h"

enum { MINILM_DIMS = 384, MINILM_TOKENS_MAX = 256 };

struct minilm;

/* ERR_INTERNAL: no such file, or not this model in half precision. The model
 * outlives cx; minilm_close ends it and sets *m to NULL. */
struct err *minilm_open(struct ctx *cx, const char *path, struct minilm **out) CHECKED;
void        minilm_close(struct minilm **m);

/* How many different ids it knows. */
size_t minilm_vocabulary(const struct minilm *m);

/* Room to work in, for texts of up to `tokens`. */
struct minilm_work;
struct minilm_work *minilm_work_new(struct arena *a, size_t tokens) NEVER_NULL;

/* The unit vector of 1 to MINILM_TOKENS_MAX ids, each below minilm_vocabulary(). */
void minilm_vector(const struct minilm *m, const uint16_t *ids, size_t n, struct minilm_work *work,
                   float out[MINILM_DIMS]);

#endif
