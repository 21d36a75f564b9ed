/* recollection.h -- what was told before, as an answer: "your oven in the bakery broke last week".
 *
 * A question is answered by one sentence of one memory, turned to the listener's
 * side, and only when it has the question's own words and the question is about
 * the visitor's things. What is not plainly a statement of theirs is passed over:
 * orders, questions, what the agent or somebody else said, addresses, markup. Who asks what they
 * said, and is answered by nothing, is given the sentence of theirs that comes closest. */
#ifndef RECOLLECTION_H
#define RECOLLECTION_H

#include "../../base/ctx.h"
#include "prompt.h"

#define RECOLLECTION_BYTES_MAX 200 /* of a sentence that is quoted */

struct recollection {
	const char *words;       /* without the mark at the end, to stand behind "that"; NULL: none */
	const char *day;         /* "2 May 2026"; NULL: not known */
	bool        is_note;     /* nobody is on record as having said it */
	bool        is_verbatim; /* what comes closest, as it was said */
};

/* The best answer among the memories (best first). `name` is what the visitor is called;
 * NULL: not known. A question that asks what was said (`is_recall`) is about the visitor
 * whatever its words. */
void recollection_find(struct ctx *cx, struct span question, bool is_recall, const char *name,
                       const struct prompt_memory *memories, size_t n, struct recollection *out);

/* It asks for all that was told ("what have I told you?"), and for no one thing. */
bool recollection_is_of_all(struct ctx *cx, struct span question);

/* Whose words a memory is, and where they begin. Labels are put before the words by the
 * store: "visitor: ...", "agent: ...", "Dana: ...". */
enum recollection_source {
	RECOLLECTION_BY_VISITOR,
	RECOLLECTION_BY_AGENT,
	RECOLLECTION_BY_OTHER,
	RECOLLECTION_BY_NOBODY
};
enum recollection_source recollection_source(struct span memory, const char *name,
                                             struct span *words_out);

#endif
