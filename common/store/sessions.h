/* sessions.h -- the sessions table: opening a conversation and proving to belong to it. */
#ifndef STORE_SESSIONS_H
#define STORE_SESSIONS_H

#include "../base/cfg.h"
#include "../base/crypto.h"
#include "../base/ctx.h"

extern const struct cfg_group session_settings;

struct session_new {
	const char *visitor_id; /* NULL: one nobody knows */
	bool        consent;
	const char *mode; /* NULL: the default one */
};

struct session {
	const char *id, *secret;
	const char *expires_at; /* ISO 8601, UTC: now plus the idle life */
};

/* Inserts the session and its session_started event together. The secret is
 * told once; only its hash is stored. */
struct err *session_create(struct ctx *cx, const struct session_new *in,
                           struct session *out) CHECKED;

/* Checks the pair, counts the request against the session's rate and slides its
 * idle life. ERR_SESSION for a malformed or unknown id and a wrong secret alike,
 * ERR_SESSION_EXPIRED, ERR_RATE. */
struct err *session_check(struct ctx *cx, const char *id, const char *secret) CHECKED;

/* For statements that check the pair themselves (store/turns.c): what they need as
 * parameters, and the answer for their verdict. */
struct hash session_secret_hash(const char *secret);
int64_t     session_idle_seconds(void);
int64_t     session_rate_per_minute(void); /* 0: not limited */

/* The state of a session that a checking statement reports in one word; NULL when
 * there is no such session or the secret is wrong. NULL means welcome. */
struct err *session_verdict(struct ctx *cx, const char *verdict) CHECKED;

#endif
