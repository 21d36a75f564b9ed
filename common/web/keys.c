/* keys.c -- keys and tokens. */
#include "keys.h"

#include "../base/crypto.h"
#include "../base/json_in.h"

#include <jwt.h>

#define TOKEN_MAX      8192
#define LEEWAY_SECONDS 30 /* between the clock of who signs tokens and ours */
#define REALTIME_ROLE  "realtime"

struct keys_values {
	const char *anon_key, *jwt_secret;
	bool        is_required;
};
static struct keys_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(keys_values, anon_key, "SCRIBE_ANON_KEY", .flags = CFG_SECRET | CFG_OURS,
                .help = "the key browsers send as apikey"),
	CFG_KEY_STR(keys_values, jwt_secret, "SCRIBE_JWT_SECRET", .flags = CFG_SECRET | CFG_OURS,
                .min = 32, .help = "signs and checks HS256 tokens"),
	CFG_KEY_BOOL(keys_values, is_required, "SCRIBE_REQUIRE_KEY", .fallback = "0",
                 .help = "1: create_session and collect_email want a key"),
};

const struct cfg_group keys_settings = {"Keys", &values, keys, COUNT(keys)};

bool keys_are_required(void)
{
	return values.is_required;
}

/* Digests of equal length are compared, so that not even the length shows. */
static bool is_anon_key(const char *key)
{
	struct hash offered = HASH("anon_key", span_of(key)), wanted;

	if (!values.anon_key)
		return false;
	wanted = HASH("anon_key", span_of(values.anon_key));
	return crypto_equal(hash_span(&offered), hash_span(&wanted));
}

static bool role_may_call(const char *role)
{
	static const char *const roles[] = {"anon", "authenticated", "service_role"};

	for (size_t i = 0; i < COUNT(roles); i++)
		if (str_equal(role, roles[i]))
			return true;
	return false;
}

static void free_token(void *token)
{
	jwt_free(token);
}

/* A time in a token, seconds, with a fraction or without; `otherwise` where it has none. False when
 * it is there and no number: the library reads 0 of that, which is long ago. */
static bool read_time(struct ctx *cx, jwt_t *token, const char *name, double otherwise, double *out)
{
	const struct cJSON *node;
	char               *json = jwt_get_grants_json(token, name);

	*out = otherwise;
	if (!json)
		return true;
	arena_defer(cx->arena, free, json);
	if (json_parse(cx, span_of(json), &node) || json_type(node) != JSON_NUMBER)
		return false;
	*out = json_num_at(node, "", otherwise);
	return true;
}

static bool is_for_now(struct ctx *cx, jwt_t *token)
{
	double now = (double)clock_unix_ms() / 1000, begins, ends;

	return read_time(cx, token, "exp", 0, &ends) && read_time(cx, token, "nbf", 0, &begins) &&
	       ends + LEEWAY_SECONDS > now && begins - LEEWAY_SECONDS <= now;
}

/* NULL when it is not one of ours or not for now, whatever its role. */
static jwt_t *our_token(struct ctx *cx, const char *text)
{
	jwt_t *token;

	if (!values.jwt_secret || strlen(text) > TOKEN_MAX)
		return NULL;
	if (jwt_decode(&token, text, (const unsigned char *)values.jwt_secret,
	               (int)strlen(values.jwt_secret)) != 0)
		return NULL;
	arena_defer(cx->arena, free_token, token);
	return jwt_get_alg(token) == JWT_ALG_HS256 && is_for_now(cx, token) ? token : NULL;
}

static jwt_t *good_token(struct ctx *cx, const char *text)
{
	jwt_t *token = our_token(cx, text);

	return token && role_may_call(jwt_get_grant(token, "role")) ? token : NULL;
}

static bool is_good(struct ctx *cx, const char *key)
{
	return key && *key && (is_anon_key(key) || good_token(cx, key));
}

/* The token of "Bearer ..."; NULL for anything else. */
static const char *bearer_of(const char *authorization)
{
	const struct span bearer = SPAN("Bearer ");

	return authorization && span_starts_nocase(span_of(authorization), bearer)
	           ? authorization + bearer.len
	           : NULL;
}

bool keys_accept(struct ctx *cx, const char *apikey, const char *authorization)
{
	return is_good(cx, apikey) || is_good(cx, bearer_of(authorization));
}

static const char *subject_of(struct ctx *cx, const char *key)
{
	jwt_t      *token = key && *key && !is_anon_key(key) ? good_token(cx, key) : NULL;
	const char *subject = token ? jwt_get_grant(token, "sub") : NULL;

	return subject && *subject ? subject : NULL;
}

const char *keys_subject(struct ctx *cx, const char *apikey, const char *authorization)
{
	const char *subject = subject_of(cx, bearer_of(authorization));

	return subject ? subject : subject_of(cx, apikey);
}

static struct key_claims claims_of(jwt_t *token)
{
	return (struct key_claims){jwt_get_grant(token, "role"), jwt_get_grant(token, "sub"),
	                           jwt_get_grant(token, "session_id")};
}

bool keys_read(struct ctx *cx, const char *apikey, const char *authorization,
               struct key_claims *out)
{
	const char *bearer = bearer_of(authorization);
	const char *key = bearer && *bearer ? bearer : apikey;
	jwt_t      *token;

	*out = (struct key_claims){.role = "anon"};
	if (!key || !*key)
		return false;
	if (is_anon_key(key))
		return true;
	token = good_token(cx, key);
	if (!token)
		return false;
	*out = claims_of(token);
	return true;
}

static void wipe_token(void *text)
{
	explicit_bzero(text, strlen(text));
	free(text);
}

const char *keys_sign(struct ctx *cx, struct span claims)
{
	jwt_t *token;
	char  *text;

	if (!values.jwt_secret || jwt_new(&token) != 0)
		return NULL;
	arena_defer(cx->arena, free_token, token);
	if (jwt_add_grants_json(token, claims.ptr) ||
	    jwt_set_alg(token, JWT_ALG_HS256, (const unsigned char *)values.jwt_secret,
	                (int)strlen(values.jwt_secret)))
		return NULL;
	text = jwt_encode_str(token);
	if (text)
		arena_defer(cx->arena, wipe_token, text);
	return text;
}

#define FAR_SECONDS 1e11 /* ahead of every clock, and well within what an integer holds */

bool keys_read_channel(struct ctx *cx, const char *text, struct channel_key *out)
{
	jwt_t *token;
	double ends = 0;

	*out = (struct channel_key){.claims = {.role = "anon"}, .ends_at_ms = INT64_MAX};
	if (!text || !*text)
		return false;
	if (is_anon_key(text))
		return true;
	token = our_token(cx, text);
	if (!token || !read_time(cx, token, "exp", 0, &ends))
		return false;
	*out = (struct channel_key){.claims = claims_of(token),
	                            .channel = jwt_get_grant(token, "channel")};
	ends = ends < FAR_SECONDS ? ends : FAR_SECONDS;
	out->ends_at_ms = (int64_t)((ends + LEEWAY_SECONDS) * 1000);
	return role_may_call(out->claims.role) || str_equal(out->claims.role, REALTIME_ROLE);
}

/* NULL when a claim could not be set. */
static char *sign(jwt_t *token, const char *channel)
{
	int64_t now = clock_unix_ms() / 1000;

	if (jwt_add_grant(token, "role", REALTIME_ROLE) || jwt_add_grant(token, "channel", channel) ||
	    jwt_add_grant_int(token, "iat", now) ||
	    jwt_add_grant_int(token, "exp", now + REALTIME_TOKEN_S) ||
	    jwt_set_alg(token, JWT_ALG_HS256, (const unsigned char *)values.jwt_secret,
	                (int)strlen(values.jwt_secret)))
		return NULL;
	return jwt_encode_str(token);
}

const char *keys_realtime_token(struct ctx *cx, const char *session_id)
{
	jwt_t *token;
	char  *text;

	if (!values.jwt_secret || jwt_new(&token) != 0)
		return NULL;
	arena_defer(cx->arena, free_token, token);
	text = sign(token, arena_printf(cx->arena, "session:%s", session_id));
	if (text)
		arena_defer(cx->arena, free, text);
	return text;
}
