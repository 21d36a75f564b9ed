/* idempotency.h -- the same request twice gets one effect and one answer. */
#ifndef STORE_IDEMPOTENCY_H
#define STORE_IDEMPOTENCY_H

#include "../base/crypto.h"
#include "../base/ctx.h"

#define IDEMPOTENCY_KEY_MAX 200 /* characters */
/* Of who proves nothing: a UUID's, which nobody guesses. */
#define IDEMPOTENCY_KEY_UNPROVEN_MIN CRYPTO_UUID_CHARS

struct idempotent_request {
	const char *function;
	const char *scope; /* keys of different scopes never meet */
	bool        is_proven;
	const char *key; /* bare or in double quotes */
	struct span query, payload;
};

/* What a repeated request is recognised by. */
struct idempotent {
	const char *function;
	const char *scope;    /* keys of different scopes never meet */
	const char *instance; /* that runs the request; set by the caller before taking the key */
	const char *claim;    /* later writes change nothing once another has taken the key */
	struct hash key_hash, payload_hash;
	/* The stored answer is sealed with a key only a holder of the Idempotency-Key
	 * and the request can make, so that no session secret lies open in the table. */
	struct hash seal_key;
};

struct stored_answer {
	int         status;
	const char *content_type;
	struct span body;
};

/* ERR_INPUT when the key is empty or too long, or too short for a scope that is not proven. The
 * payload's hash covers the query, too. */
struct err *idempotent_of(struct ctx *cx, const struct idempotent_request *in,
                          struct idempotent *out) CHECKED;

/* Takes the key for lock_ms. *replay_out is the stored answer, NULL when the
 * caller is the one to run. ERR_CONFLICT while another runs it, if that one lives;
 * ERR_IDEMPOTENCY when the key belongs to another payload. */
struct err *idempotency_take(struct ctx *cx, const struct idempotent *it, unsigned lock_ms,
                             const struct stored_answer **replay_out) CHECKED;

/* Keeps the answer for 24 h, or until the same owner has IDEMPOTENCY_KEPT_MAX newer ones of the
 * function: one with the voice in it has 100 kB. */
#define IDEMPOTENCY_KEPT_MAX 200
struct err *idempotency_store(struct ctx *cx, const struct idempotent *it,
                              const struct stored_answer *answer) CHECKED;

/* Gives the key back after a failure, so that the same request may be tried again. */
struct err *idempotency_release(struct ctx *cx, const struct idempotent *it) CHECKED;

/* The same for keys of which nobody knows whether they were taken, by their claims, an array of
 * PostgreSQL; the claims found are the rows. Not found may mean: not yet. */
struct db_rows;
struct err *idempotency_abandon(struct ctx *cx, const char *claims,
                                struct db_rows *rows_out) CHECKED;

/* Of keys that were taken, those that are not their takers' any more; their claims are the rows. */
struct err *idempotency_taken_over(struct ctx *cx, const char *claims,
                                   struct db_rows *rows_out) CHECKED;

#endif
