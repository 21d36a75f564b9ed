/* heartbeat.h -- tells the database that this process lives, while it has turns or locks.
 *
 * One thread, over the connection beside the pool, beats every 300 ms while anything is held: one
 * statement for the whole process, and none while nothing is, or nothing longer than that. After a
 * second of silence others count the process as dead, and whoever sends the same message again
 * takes a turn of it over. A process that was silent (held up, or its database away) looks which
 * of its turns that befell and cancels those (CANCEL_DISOWNED); with the others it goes on. What
 * it writes of one that was taken changes nothing in any case: claims see to that (turns.h).
 * Thread-safe. */
#ifndef HEARTBEAT_H
#define HEARTBEAT_H

#include "../base/ctx.h"

/* Once, before requests are served; the thread begins with the first hold. */
void heartbeat_start(const char *program);

/* The process holds nothing any more: its row goes, and what it left undone is anybody's. */
void heartbeat_stop(void);

/* This process is alive until the unit of work ends, which has a turn of that session, or a lock of
 * an Idempotency-Key (session_id NULL); if it is taken over, the cancel of cx fires. Both texts
 * live as long. The result is its instance (store/instances.h). Call before what names it. */
const char *heartbeat_hold(struct ctx *cx, const char *session_id, const char *claim) NEVER_NULL;

/* A turn, or a lock of an Idempotency-Key, of which nobody knows whether it came to be, or which
 * could not be given up: once it is found it is, so that the same request sent again does not wait
 * for it. */
void heartbeat_doubt_turn(const char *session_id, const char *claim);
void heartbeat_doubt_key(const char *claim);

/* What the process was told of its turns it may not have heard: it looks for those that are over,
 * as after a silence. One that was stopped, or that a newer one took the place of, is cancelled as
 * if that had been heard (CANCEL_SUPERSEDED). */
void heartbeat_look(void);

#endif
