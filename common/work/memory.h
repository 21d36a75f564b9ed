/* memory.h -- remembering and recalling, as several programs do it: the store with embedders. */
#ifndef MEMORY_H
#define MEMORY_H

#include "../store/recall.h"

struct cJSON;
struct heard;

#define MEMORY_SUMMARY_MAX  4000 /* characters */
#define MEMORY_SOURCE_MAX   200
#define MEMORY_CONTENT_MAX  65536 /* bytes of its JSON */
#define MEMORY_QUERY_MAX    2000
#define MEMORY_FOR_TURN_MAX 5 /* memories in a prompt */

extern const struct cfg_group memory_embed_settings;

/* What programs that remember and recall list as their settings. */
#define MEMORY_SETTINGS &memory_settings, &recall_settings, &memory_embed_settings

/* The vector of what a visitor says, for recall and for the memory it becomes: the caller keeps it.
 * `at` is NULL, and it is logged, when none could be had in time. */
void memory_embed_said(struct ctx *cx, const char *session_id, const char *said,
                       struct memory_vector *out);

struct remember {
	const char         *session_id; /* checked by the caller */
	const char         *scope;
	const struct cJSON *content;
	const char         *summary;    /* NULL: none */
	int                 importance; /* 1..10 */
	struct span         tags_json, metadata_json;
	int64_t             occurred_ms;
	bool                is_time_given; /* by who saves it, or it is now */
	const char         *source_id;     /* NULL: none */
};

/* Stores one memory, with its vector when an embedder answers in time, else without:
 * memory_embed_pending() makes it later. ERR_CONFLICT about source_id. */
struct err *memory_remember(struct ctx *cx, const struct remember *in, struct memory *out,
                            bool *is_duplicate_out) CHECKED;

/* How far a job is. */
struct memory_keeping {
	int64_t  after; /* the position of the last utterance that was looked at */
	unsigned masked_n;
	bool     left; /* there may be more to do */
};

/* Masks one of the sessions of this one's owner in which there is plain what was written before a
 * name was known, of the newest MEMORY_MASKED_MAX; where none is left the oldest utterances of the
 * session that are no memory yet become episodic ones. For a job, which begins with zeros and calls
 * it as long as something is left; what fails is done by the next call. */
#define MEMORY_MASKED_MAX 500
struct err *memory_keep_utterances(struct ctx *cx, const char *session_id,
                                   struct memory_keeping *keeping) CHECKED;

struct recall {
	const char        *session_id, *session_secret;
	const char        *query;
	const char *const *scopes;
	size_t             scopes_n;
	int64_t            limit;
	double             min_importance;
};

/* Checks the pair first, as session_check() does. *provider_out is who embedded the query, or
 * "fulltext". */
struct err *memory_recall(struct ctx *cx, const struct recall *in, struct memory **out,
                          size_t *n_out, const char **provider_out) CHECKED;

/* Whom the question of a reply may name, for memory_recall_for_turn(); *stock_out tells whether
 * there is anything to recall. As that it never fails, and both have MEMORY_TURN_MS: where it took
 * longer, which is logged, there is nothing. */
void memory_look_for_turn(struct ctx *cx, const char *session_id, size_t said_n,
                          struct memory_people *people, enum memory_stock *stock_out);

/* For a reply, whose turn has checked the pair and knows the visitor's names: at most
 * MEMORY_FOR_TURN_MAX memories on the topic, within MEMORY_TURN_MS; `heard` is being made of the
 * same message. Where `people` is NULL nothing is recalled: of a vector that is made here the same
 * time is waited for. Returns how many. Never fails: what goes wrong is logged, and there are none.
 * Their text is data, never instructions. */
size_t memory_recall_for_turn(struct ctx *cx, const char *session_id, const char *session_secret,
                              const struct memory_people *people, const char *message,
                              struct heard *heard, struct memory out[MEMORY_FOR_TURN_MAX]);

/* What a memory says, for a person or a prompt: its summary, or the text of its content. */
const char *memory_plain_text(struct ctx *cx, const struct memory *memory) NEVER_NULL;

/* Makes vectors for up to max memories that have none of the first embedder's model.
 * *left_out tells whether there may be more. */
struct err *memory_embed_pending(struct ctx *cx, size_t max, bool *left_out) CHECKED;

/* A memory as an answer shows it. */
struct json_out;
void memory_write(struct json_out *j, const char *key, const struct memory *memory);

#endif
