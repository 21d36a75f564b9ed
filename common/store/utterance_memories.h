/* utterance_memories.h -- what is said becomes memories: all that waits of a session at once. */
#ifndef STORE_UTTERANCE_MEMORIES_H
#define STORE_UTTERANCE_MEMORIES_H

#include "memories.h"

/* Utterances of a session that are no memory yet and come behind the position `after` (0: all),
 * oldest first, at most max; none from a turn on that is still running. */
struct memory_utterance {
	const char *id, *speaker, *text;
	struct span sealed; /* the original, as it was read */
	int64_t     said_ms;
	bool        is_unmasked;        /* its turn never ended: the plain column is still empty */
	bool        has_vector;         /* the turn has left one, which the memory gets */
	bool        is_behind_distress; /* what was said right before it is known to be in distress */
	int64_t     position;
};
struct memory_waiting {
	const struct memory_utterance *said;
	size_t                         n;
	struct names                   names;     /* of who says it, as memory_names() gives them */
	bool                           is_masked; /* with these: masking_next() would find nothing */
};
struct err *memory_utterances(struct ctx *cx, const char *session_id, int64_t after, size_t max,
                              struct memory_waiting *out) CHECKED;

/* How many messages in a row the visitor has said in distress, up to that position. */
struct err *utterances_in_distress(struct ctx *cx, const char *session_id, int64_t position,
                                   size_t *n_out) CHECKED;

/* Gives an utterance that is unmasked its plain text, unless it was stored anew since. */
struct err *memory_mask_utterance(struct ctx *cx, const struct memory_utterance *u,
                                  const struct names *names) CHECKED;

/* As memory_insert() for episodic memories of utterances, oldest first: content, words, time,
 * utterance, names (of the first: they are one visitor's) and vector count; without a vector
 * it is the one that the turn has left. Those that are memories already are left out. */
struct err *memory_insert_utterances(struct ctx *cx, const char *session_id,
                                     const struct memory_new *in, size_t n) CHECKED;

/* For a job that makes them memories and lets others go before: the next begins where
 * `done_json`, its payload, says. One that is put off already is due at once, and begins anew. */
struct err *utterances_keep_later(struct ctx *cx, const char *session_id,
                                  const char *done_json) CHECKED;

/* Vectors that no memory has taken within a day. */
struct err *memory_drop_old_vectors(struct ctx *cx) CHECKED;

#endif
