/* sessions.h -- the sessions table: opening a conversation and proving to belong to it. */
#ifndef STORE_SESSIONS_H
#define STORE_SESSIONS_H

#include "../base/cfg.h"
#include "../base/crypto.h"
#include "../base/ctx.h"
#include "../db/db.h"

extern const struct cfg_group session_settings;

struct session_new {
	const char *visitor_id; /* NULL: one nobody knows */
	bool        consent;
	const char *mode; /* NULL: the default one */
	/* Who is charged for what is done for it; the visitor besides, who agreed to be known. */
	const struct payers *payers;
};

struct session {
	const char *id, *secret;
	const char *expires_at; /* ISO 8601, UTC: now plus the idle life */
	bool        is_apart;   /* the visitor has too many: it is as of one nobody knows */
};

/* Inserts the session and its session_started event together. The secret is
 * told once; only its hash is stored. */
struct err *session_create(struct ctx *cx, const struct session_new *in,
                           struct session *out) CHECKED;

/* Of a session with more turns than are kept the oldest go, with what was said in them. */
struct err *session_trim(struct ctx *cx, const char *id) CHECKED;

/* Checks the pair, counts the request against the session's rate and slides its
 * idle life; those who pay for the session pay for the unit of work, too. ERR_SESSION
 * for a malformed or unknown id and a wrong secret alike, ERR_SESSION_EXPIRED, ERR_RATE. */
struct err *session_check(struct ctx *cx, const char *id, const char *secret) CHECKED;

/* The same, and tells the mode that the session is in. */
struct err *session_check_mode(struct ctx *cx, const char *id, const char *secret,
                               const char **mode_out) CHECKED;

/* Of a session that is proven: is its visitor in distress, as far as anybody has read? */
struct err *session_is_in_distress(struct ctx *cx, const char *id, bool *is_out) CHECKED;

/* Whether the pair is one's: ERR_SESSION and ERR_SESSION_EXPIRED as session_check(), but nothing is
 * counted and nothing slides; for what comes before the request's own check. */
struct err *session_prove(struct ctx *cx, const char *id, const char *secret) CHECKED;

/* Runs a statement that begins with session_check.sql or session_touched.sql and selects the
 * verdict as its first column; `more` are its parameters from $5 on. Fails as
 * session_check() and db_query() do. */
struct err *session_query(struct ctx *cx, const char *id, const char *secret, const char *sql,
                          const struct db_val *more, size_t more_n,
                          struct db_rows *rows_out) CHECKED;

/* What is stored of a secret. */
struct hash session_secret_hash(const char *secret);

#endif
