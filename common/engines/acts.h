/* acts.h -- what a message does (domain/talk/act.h), by the embedding model of this machine.
 *
 * The vectors of the examples are made once, by scripts/stack before it starts anything, and kept
 * in a file beside the model; programs map it. Where it is missing words decide, and that is logged
 * once. A vector of another model tells nothing here: then the message is embedded by the model of
 * this machine, but only where it matters. Thread-safe. */
#ifndef ACTS_H
#define ACTS_H

#include "../domain/talk/act.h"

/* Makes the file when there is none, or a part of one, which takes seconds; several at once wait
 * for one. For a tool: the embedder of this machine has started. */
struct err *acts_make(struct ctx *cx) CHECKED;

/* How the file of those examples is called: other examples, or acts, or the same examples of other
 * acts, are another file. Where their vectors, forms or weights come to be made otherwise, the
 * purpose of its hash has to change. */
const char *acts_file_name(struct arena *a, const struct act_example *examples,
                           size_t n) NEVER_NULL;

/* As a program's start() and stop() (web/service.h): maps the file, while it may read what is
 * root's. That there is none is no problem. */
int  acts_start(void);
void acts_stop(void);

#define ACTS_EMBED_MS 500u /* of a turn's time, where it matters what a message means */

/* What the message does. `vector` is its unit vector by `model` (NULL: there is none). Without one
 * of the right model it is made here if it `may_embed`; else words tell. */
enum act acts_read(struct ctx *cx, const struct act_words *said, const float *vector,
                   const char *model, bool may_embed);

#endif
