/* reading.h -- what is known of a message before it is answered: read once, for everybody. Pure. */
#ifndef READING_H
#define READING_H

#include "../lead/rule_extract.h"
#include "act.h"
#include "chat.h"

struct reading {
	enum act      act;            /* what it does */
	bool          is_in_distress; /* a moment ago, and the visitor has not turned to other things */
	bool          is_foreign;     /* not in English */
	bool          is_by_words;    /* no vector told what it means */
	enum language language;
	const char   *distress_line; /* what is said to somebody in danger, in their language */
	/* Of the visitor before this message, earlier sessions included; NULL: nothing. */
	const struct extract   *known;
	const struct rule_told *told; /* by the conversation and this message; NULL: nothing counts */
};

/* The conversation as exchanges: what the visitor said, oldest first, `message` the last, and to
 * what. Nothing of what was said in distress is in it, nor what it was asked by. */
const struct exchange *reading_talk(struct ctx *cx, const struct utterance_text *history, size_t n,
                                    const char *message, size_t *n_out) NEVER_NULL;

/* The same of a conversation as models are given it, where words alone tell of distress, and what
 * it told; for who has no other history. */
void reading_of_chat(struct ctx *cx, const struct chat_message *messages, size_t n,
                     struct rule_told *out);

/* The language of the message; of a few words or where it does not tell ("no"), of the
 * visitor's last ones. */
enum language reading_language(struct ctx *cx, const struct act_words *said,
                               const struct utterance_text *history, size_t n);

#endif
