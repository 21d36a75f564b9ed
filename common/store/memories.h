/* memories.h -- the memories table: keeping, connecting with neighbours, embedding later.
 *
 * Searching it is recall.h. A memory belongs to the owner of its session: the
 * session alone, or with consent the visitor in all their sessions.
 *
 * Who they are and how to reach them is masked in the plain columns, and so in what is
 * searched; the original is sealed beside them, and what these functions give is the
 * original (memory_seal.h). Vectors are of the original words. */
#ifndef STORE_MEMORIES_H
#define STORE_MEMORIES_H

#include "../base/cfg.h"
#include "../base/crypto.h"
#include "../base/ctx.h"
#include "../domain/who/names.h"

extern const struct cfg_group memory_settings;

/* MEMORY_KEEP_MS, in milliseconds. */
int64_t memory_keep_ms(void);

struct db_rows;

/* A vector and the model it came from; at NULL: none yet. */
struct memory_vector {
	const float *at;
	size_t       n;
	const char  *model;
};

struct memory_new {
	const char          *session_id;
	const char          *scope; /* short, medium, long or episodic */
	struct span          content_json;
	const char          *speaker, *words; /* index_text.h; speaker may be NULL */
	const char          *summary;         /* may be NULL */
	int                  importance;      /* 1..10 */
	struct span          tags_json;       /* an array of texts */
	struct span          metadata_json;   /* an object */
	int64_t              occurred_ms;     /* unix time */
	bool                 is_time_given;   /* by who saves it */
	const char *const   *more;            /* pieces of its words behind these (index_text.h) */
	size_t               more_n;
	const char          *source_id;    /* may be NULL */
	const char          *utterance_id; /* NULL: nobody said it here */
	const struct names  *names;        /* known of the visitor: memory_names() */
	struct memory_vector vector;
};

/* A memory as answers show it. */
struct memory {
	const char *id, *content_json, *summary, *scope, *tags_json, *session_id;
	const char *created_at, *last_referenced, *occurred_at, *source_id, *speaker;
	const char *question; /* that it answers, with the speaker, masked; "" none */
	int64_t     importance, access_count;
	double      similarity, score; /* 0..1 each; recall only */
};

/* One row of the columns of memory_columns.sql, which a statement selects first. */
#define MEMORY_COLUMNS_N 15
void memory_read(struct ctx *cx, const struct db_rows *rows, int row, struct memory *out);

/* The names known of a session's visitor. */
struct err *memory_names(struct ctx *cx, const char *session_id, struct names *out) CHECKED;

/* Stores it, connects it with its neighbours (the two before and after it in its
 * session: their index texts and mean vectors change too) and drops what is least
 * worth keeping over MEMORY_OWNER_MAX, in one transaction. The session was
 * checked by the caller. *is_duplicate_out: the same content is there in this
 * owner and scope, and not at another time where both times were given, and
 * *out is that one. ERR_CONFLICT about source_id when the owner has another
 * memory of that source. */
struct err *memory_insert(struct ctx *cx, const struct memory_new *in, struct memory *out,
                          bool *is_duplicate_out) CHECKED;

/* Stores the pieces behind the words of a memory that was kept a moment ago, in its transaction; of
 * one that was not, nothing. */
struct err *memory_keep_more(struct ctx *cx, const char *id, const struct memory_new *in) CHECKED;

/* At most max, and none of a session of whose payers one has had so much today (0: no limit). */
struct memory_pending {
	const char *model; /* NULL: only those without a vector */
	size_t      max;
	int64_t     requests_max, tokens_max;
};
struct memory_unembedded {
	const char *id, *session_id, *said;
	const char *payers; /* of the session (base/payers.h) */
};

/* Memories without a vector, oldest first, then those with one of another model. */
struct err *memory_find_unembedded(struct ctx *cx, const struct memory_pending *in,
                                   const struct memory_unembedded **out, size_t *n_out) CHECKED;

/* Gives a memory its vector and its neighbours their new means. */
struct err *memory_set_vector(struct ctx *cx, const char *id,
                              const struct memory_vector *vector) CHECKED;

/* Makes the neighbours' index texts and means anew after a memory's words have changed. */
struct err *memory_connect(struct ctx *cx, const char *session_id, int64_t position) CHECKED;

/* Drops what of an owner is least worth keeping over MEMORY_OWNER_MAX and MEMORY_LARGE_BYTES; of a
 * large one only where the positions given last make it worth counting. */
struct err *memory_enforce_cap(struct ctx *cx, const char *owner, int64_t first,
                               int64_t last) CHECKED;

/* Enters memories of a session's owner in the indexes, at most max; *n_out is how many. A memory is
 * entered when it has too many beside it to be compared and its neighbours are there. */
struct err *memory_index_next(struct ctx *cx, const char *session_id, size_t max,
                              int64_t *n_out) CHECKED;

/* Takes the words of memories anew that were taken before they were folded, of at most max behind
 * *last_id in the order of their ids; it becomes the last looked at, NULL when there was none. */
struct err *memory_fold_words(struct ctx *cx, size_t max, const char **last_id) CHECKED;

/* Counts a use of each. What the session's owner said in the last MEMORY_KEEP_MS is remembered now:
 * who asks once more finds it. */
struct err *memory_count_use(struct ctx *cx, const char *session_id, const struct memory *used,
                             size_t n) CHECKED;

#endif
