/* keys.h -- who may call: the anonymous key and signed tokens (JWT). Thread-safe. */
#ifndef KEYS_H
#define KEYS_H

#include "../base/cfg.h"
#include "../base/ctx.h"

extern const struct cfg_group keys_settings;

/* Must callers without a session show a key (SCRIBE_REQUIRE_KEY)? */
bool keys_are_required(void);

/* Is one of the two good? A key is SCRIBE_ANON_KEY, compared in constant time, or
 * an HS256 token signed with SCRIBE_JWT_SECRET whose role is anon, authenticated or
 * service_role, whose exp lies ahead and whose nbf, if any, does not, with 30 s of
 * leeway each. Any other algorithm is refused. Both
 * arguments are header values ("Bearer ..." for the second) and may be NULL. */
bool keys_accept(struct ctx *cx, const char *apikey, const char *authorization);

/* Who a good token of the two is about, its claim `sub`; NULL for one without and for
 * SCRIBE_ANON_KEY, even where that is a token: everybody has it. */
const char *keys_subject(struct ctx *cx, const char *apikey, const char *authorization);

/* What a good key says of who holds it. */
struct key_claims {
	const char *role;                 /* "anon", "authenticated", "service_role" */
	const char *subject, *session_id; /* NULL: it names none */
};

/* The claims of the token in `authorization`, where that is "Bearer ..." and not empty, else of
 * `apikey`; SCRIBE_ANON_KEY claims to be anon. False where that is none of ours, or nothing. */
bool keys_read(struct ctx *cx, const char *apikey, const char *authorization,
               struct key_claims *out) CHECKED;

/* A token with these claims (a JSON object), signed; wiped when the work ends. NULL without
 * SCRIBE_JWT_SECRET. */
const char *keys_sign(struct ctx *cx, struct span claims);

#define REALTIME_TOKEN_S 3600

/* What a key or token is good for where channels are. */
struct channel_key {
	struct key_claims claims;     /* role "realtime": for one channel, and for no function */
	const char       *channel;    /* that one; NULL of all else */
	int64_t           ends_at_ms; /* Unix time after which it counts no more, leeway included */
};

/* False where `text` is no key of ours, or not for now. NULL is none. */
bool keys_read_channel(struct ctx *cx, const char *text, struct channel_key *out) CHECKED;

/* A token for the channel "session:<id>", good for REALTIME_TOKEN_S, an hour. Its role opens no
 * function. NULL without SCRIBE_JWT_SECRET. */
const char *keys_realtime_token(struct ctx *cx, const char *session_id);

#endif
