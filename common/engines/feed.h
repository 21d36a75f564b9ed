/* feed.h -- what a task writes, on its way to the thread of the request, which tells others of it.
 *
 * The task thinks, and hands over text as it comes. The thread looks when a sentence may have
 * ended, else once in FEED_MS: so a stream has few events, and no word waits for long. It waits by
 * events and keeps company meanwhile (ctx.h). An engine that fails is followed by one that begins
 * anew, until something of its text is out.
 *
 * What other tasks of the same work leave for the thread, and have it look at, stands under the
 * same lock: the post's. */
#ifndef FEED_H
#define FEED_H

#include "../base/str.h"
#include "../base/task.h"
#include "../base/wait.h"

#define FEED_MS       30u
#define FEED_TEXT_MAX ((size_t)256 << 10)

/* What the tasks write stands under one lock, and they count up the news. */
struct post {
	struct monitor monitor;
	unsigned       news;
	struct arena  *memory; /* of what they leave for the thread; used with the lock held */
};

/* There is something to look at. With the lock held. */
void post_tell(struct post *post);

struct feed; /* lives in the arena */

/* Of which nothing is begun. `is_told`: what is claimed is out, and no other engine begins anew
 * behind it; else nothing is out before the end, and the thread looks at sentences only. */
struct feed *feed_new(struct ctx *cx, bool is_told) NEVER_NULL;
struct post *feed_post(struct feed *f) NEVER_NULL;

/* Begins to think. */
void feed_start(struct feed *f, task_fn *think, void *data);

/* ---- by the task that thinks ---- */

/* Fits chat_order.on_text, with the feed as its data. */
bool feed_text(struct span piece, void *feed);

/* An engine has failed; another, or the same, begins anew. False: what it wrote is out. */
bool feed_restart(struct feed *f) CHECKED;

/* ---- by the thread of the request ---- */

/* What there is to tell of what was written. */
struct fed {
	bool is_anew;   /* what came before is void */
	bool is_urgent; /* a sentence may have ended since */
	bool is_over;   /* no more comes: join */
};

/* Takes what was written since. */
struct fed feed_take(struct feed *f, struct buf *out);

/* May some of it be told? From here on no other engine begins anew; false: one does already. */
bool feed_claim(struct feed *f) CHECKED;

/* Is it time to tell what is no sentence? And it has been, now. */
bool feed_is_due(const struct feed *f);
void feed_was_told(struct feed *f);

/* Waits for news; with has_more, until what is left is due at most. ERR_CANCELLED, ERR_DEADLINE. */
struct err *feed_wait(struct feed *f, bool has_more) CHECKED;

/* The error of thinking; NULL where there was nothing to think. */
struct err *feed_join(struct feed *f) CHECKED;

/* Nobody wants what is thought any more. */
void feed_cancel(struct feed *f);

#endif
