/* model_text.h -- what of a model's output is its answer.
 *
 * Models wrap what is not: reasoning in <think>, <reasoning a="b">, [THINK] or ◁think▷, whose
 * beginning their template may have eaten; messages in tokens of their template, <|channel|>,
 * <|im_start|>, </s>. All are marks of one form, a name in brackets, told by the name. The output
 * may come in pieces, cut anywhere between characters: the answer is the same. */
#ifndef MODEL_TEXT_H
#define MODEL_TEXT_H

#include "../../base/str.h"

#define MODEL_MARK_MAX 160 /* bytes of a mark with its attributes; longer ones are text */

struct model_text {
	struct buf seen; /* all that was taken for the answer */
	size_t     from; /* the answer begins here: what is before turned out to be none */

	/* Its own. */
	enum { MODEL_ANSWERS, MODEL_REASONS, MODEL_HEAD, MODEL_ASIDE, MODEL_OVER } state;
	char   mark[MODEL_MARK_MAX], head[32];
	size_t mark_n, head_n, last_from;
	bool   head_is_line, has_reasoned, is_end_too_many;
};

/* An answer of at most `max` bytes, in the arena. */
struct model_text model_text_new(struct arena *a, size_t max);

/* The next piece, valid UTF-8. Marks that may go on are held back until they are complete. */
void model_text_feed(struct model_text *m, struct span piece);

/* No more comes. */
void model_text_end(struct model_text *m);

/* The answer so far, without white space before it. */
struct span model_text_answer(const struct model_text *m);

/* The same, and where that is empty, what was taken for the answer until something behind it told
 * that it was none: for who has said it already. */
struct span model_text_taken(const struct model_text *m);

/* The answer of a whole text. */
struct span model_text_of(struct arena *a, struct span text);

#endif
