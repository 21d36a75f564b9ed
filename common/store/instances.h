/* instances.h -- the instances table: which processes live, by the database's clock.
 *
 * Turns and locks of Idempotency-Keys name the instance that has them. One that was silent for a
 * second counts as dead (is_held() in the database), and what it had is anybody's to take over. */
#ifndef STORE_INSTANCES_H
#define STORE_INSTANCES_H

#include "../base/crypto.h"
#include "../base/ctx.h"

struct instance {
	char        id[CRYPTO_UUID_CHARS + 1];
	const char *host, *program;
	int         pid;
};

/* A sign of life; the first makes the row. */
struct err *instance_beat(struct ctx *cx, const struct instance *in) CHECKED;

/* It has nothing left, or will answer nothing more. */
struct err *instance_end(struct ctx *cx, const char *id) CHECKED;

#endif
