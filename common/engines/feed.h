/* feed.h -- what a model writes, on its way to others while it is still being written.
 *
 * The thread of the request thinks, and between two pieces of text, or while it waits for the next
 * (aside.h), it looks: when a sentence may have ended, else once in FEED_MS. So a stream has few
 * events, no word waits for long, and who waits for a model has one thread. An engine that fails is
 * followed by one that begins anew, until something of its text is out.
 *
 * What tasks of the same work leave for the thread, and have it look at, stands under the lock of
 * the post. */
#ifndef FEED_H
#define FEED_H

#include "../base/aside.h"
#include "../base/str.h"

#define FEED_MS       30u
#define FEED_TEXT_MAX ((size_t)256 << 10)

/* What tasks write stands under the lock of its monitor, and they ring. */
struct post {
	struct aside  aside;
	struct arena *memory; /* of what they leave for the thread; used with the lock held */
};

struct feed; /* lives in the arena */

/* What its owner does of it at a look; an error ends the thinking. *has_more_out: some text is left
 * that is not due yet. */
typedef struct err *feed_look(void *data, bool *has_more_out);

/* Of which nothing is begun. `is_told`: what is claimed is out, and no other engine begins anew
 * behind it; else nothing is out before the end, and sentences only are looked at. */
struct feed *feed_new(struct ctx *cx, bool is_told, feed_look *look, void *data) NEVER_NULL;
struct post *feed_post(struct feed *f) NEVER_NULL;

/* Looks now, whatever is due. The first error of a look, of any. */
struct err *feed_look_now(struct feed *f) CHECKED;

/* Thinks, and looks meanwhile. The error of a look, else of thinking. */
struct err *feed_think(struct feed *f, struct err *(*think)(struct ctx *cx, void *data),
                       void        *data) CHECKED;

/* Waits for a ring, or until what is left is due. ERR_CANCELLED, ERR_DEADLINE. */
struct err *feed_wait(struct feed *f) CHECKED;

/* ---- by who thinks ---- */

/* Fits chat_order.on_text, with the feed as its data. False: a look has failed. */
bool feed_text(struct span piece, void *feed);

/* An engine has failed; another, or the same, begins anew. False: what it wrote is out. */
bool feed_restart(struct feed *f) CHECKED;

/* ---- by who looks ---- */

/* What there is to tell of what was written. */
struct fed {
	bool is_anew;   /* what came before is void */
	bool is_urgent; /* a sentence may have ended since */
};

/* Takes what was written since. */
struct fed feed_take(struct feed *f, struct buf *out);

/* Some of it is told: from here on no other engine begins anew. */
void feed_claim(struct feed *f);

/* Is it time to tell what is no sentence? And it has been, now. */
bool feed_is_due(const struct feed *f);
void feed_was_told(struct feed *f);

#endif
