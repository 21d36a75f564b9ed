/* auth_sessions.h -- sign-ins: the auth_sessions and refresh_tokens tables.
 *
 * A session is refreshed with a token that is good once and gives the next one. Answers get lost,
 * so for ten seconds the same token gives the same successor again (pages ask from several tabs at
 * once, too). Used after that it was stolen, from its owner or by them: nobody can tell, so the
 * whole session ends. Only hashes of tokens are kept; the successor of those seconds is sealed. */
#ifndef STORE_AUTH_SESSIONS_H
#define STORE_AUTH_SESSIONS_H

#include "../base/ctx.h"

struct sign_in {
	const char *person, *session_id;
	const char *refresh_token; /* wiped when the work ends */
};

/* A new session of theirs, which ends `life_s` seconds after it was refreshed last. `password`: the
 * sealed one by which they proved who they are (people.h); NULL: by other means. *begun_out is
 * false when they have another by now, or may not sign in any more. */
struct err *auth_session_begin(struct ctx *cx, const char *person, const char *password,
                               int64_t life_s, struct sign_in *out, bool *begun_out) CHECKED;

enum refreshed {
	REFRESHED,
	REFRESH_UNKNOWN, /* no token of ours, or of long ago */
	REFRESH_OVER,    /* its session is, or its person may not sign in any more */
	REFRESH_REUSED   /* late: the session has ended with that */
};

/* The next token for this one. *out is filled in only where it was REFRESHED. */
struct err *auth_session_refresh(struct ctx *cx, const char *refresh_token, int64_t life_s,
                                 struct sign_in *out, enum refreshed *how_out) CHECKED;

enum sign_out { SIGN_OUT_ALL, SIGN_OUT_THIS, SIGN_OUT_OTHERS };

/* Ends sessions of who is signed in with `session_id`. */
struct err *auth_session_end(struct ctx *cx, const char *person, const char *session_id,
                             enum sign_out scope) CHECKED;

#endif
