/* heartbeat.h -- tells the database that this process lives, while it has turns or locks.
 *
 * One thread on a connection of its own beats every 300 ms while anything is held: one statement
 * for the whole process, and none while nothing is, or nothing longer than that. Who finds the last
 * beat 700 ms old gives up first: others count a process as dead after a second of silence and take
 * over what it has, so its work is cancelled (CANCEL_DISOWNED) and it goes on as a new instance.
 * Thread-safe. */
#ifndef HEARTBEAT_H
#define HEARTBEAT_H

#include "../base/ctx.h"

/* Once, before requests are served; the thread begins with the first hold. */
void heartbeat_start(const char *program);

/* The process holds nothing any more: its row goes, and what it left undone is anybody's. */
void heartbeat_stop(void);

/* This process is alive until the unit of work ends; if it is given up before, the cancel of cx
 * fires. The result is its instance (store/instances.h). Call before what names the instance. */
const char *heartbeat_hold(struct ctx *cx) NEVER_NULL;

/* A turn, or a lock of an Idempotency-Key, of which nobody knows whether it came to be: once it is
 * found it is given up, so that the same request sent again does not wait for it. */
void heartbeat_doubt_turn(const char *session_id, const char *claim);
void heartbeat_doubt_key(const char *claim);

#endif
