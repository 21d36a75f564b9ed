/* recall.h -- finding memories: one statement, with the owner's filter inside. */
#ifndef STORE_RECALL_H
#define STORE_RECALL_H

#include "memories.h"

extern const struct cfg_group recall_settings; /* the weights */

#define RECALL_MAX 50

/* So many memories of an owner need no index. */
int64_t recall_exact_max(void);

struct recall_query {
	const char          *session_id, *session_secret;
	const char          *words;  /* looked for in the full text */
	struct memory_vector vector; /* at NULL: words alone */
	const char *const   *named;  /* speakers whose words are preferred */
	size_t               named_n;
	const char *const   *scopes;
	size_t               scopes_n;
	int64_t              limit; /* 1..RECALL_MAX */
	double               min_importance;
	int64_t              from_ms, until_ms; /* time asked about; both 0: none */
	bool                 asks_now;          /* newer before older about the same thing */
};

/* Whom a question may name. */
struct memory_people {
	const char **speakers; /* of the owner's memories, as in the plain column */
	size_t       speakers_n;
	struct names names; /* known of the visitor */
};

/* Checks the pair as session_check() does, in the same statement. */
struct err *memory_people(struct ctx *cx, const char *session_id, const char *session_secret,
                          struct memory_people *out) CHECKED;

/* What the owner of a session remembers. */
enum memory_stock {
	MEMORIES_NONE,
	MEMORIES_HERE, /* at most so many, all of them of what was said in this session */
	MEMORIES_MORE
};

/* For who has checked the pair and knows the names, which stay as they are in *out, and `said_n`
 * utterances of the session. */
struct err *memory_look(struct ctx *cx, const char *session_id, size_t said_n,
                        struct memory_people *out, enum memory_stock *stock_out) CHECKED;

/* Best first, of the session's owner only; nothing when the pair is wrong. Counting
 * their use is memory_count_use(), after the answer. */
struct err *memory_search(struct ctx *cx, const struct recall_query *in, struct memory **out,
                          size_t *n_out) CHECKED;

#endif
