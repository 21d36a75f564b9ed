/* answers.c -- people, sessions and tokens as auth-js knows them. */
#include "auth.h"

#include "../../common/web/keys.h"

#define AUDIENCE "authenticated"

/* What the token says of what they may is for a page to show; the database asks again. */
static void app_metadata(struct json_out *j, const struct member *m)
{
	json_obj(j, "app_metadata");
	json_str(j, "provider", "email");
	json_arr(j, "providers");
	json_str(j, NULL, "email");
	json_end(j);
	if (m->admitted_at)
		json_str(j, "role", m->role);
	json_end(j);
}

static void user_metadata(struct json_out *j, const struct member *m)
{
	json_obj(j, "user_metadata");
	if (*m->name)
		json_str(j, "display_name", m->name);
	json_end(j);
}

static void members(struct json_out *j, const struct member *m)
{
	json_str(j, "id", m->id);
	json_str(j, "aud", AUDIENCE);
	json_str(j, "role", AUDIENCE);
	json_str(j, "email", m->email);
	json_str(j, "phone", "");
	json_str(j, "email_confirmed_at", m->confirmed_at);
	json_str(j, "confirmed_at", m->confirmed_at);
	json_str(j, "last_sign_in_at", m->signed_in_at);
	if (m->disabled_at)
		json_str(j, "banned_until", "9999-12-31T23:59:59Z");
	app_metadata(j, m);
	user_metadata(j, m);
	json_arr(j, "identities");
	json_end(j);
	json_str(j, "created_at", m->created_at);
	json_str(j, "updated_at", m->updated_at);
	json_bool(j, "is_anonymous", false);
}

void answer_member(struct json_out *j, const char *key, const struct member *m)
{
	json_obj(j, key);
	members(j, m);
	json_end(j);
}

void reply_member(struct req *rq, int status, const struct member *m)
{
	answer_member(reply_json(rq, status, 0), NULL, m);
}

struct err *reply_nothing(struct req *rq)
{
	reply_bytes(rq, 204, NULL, SPAN(""));
	return NULL;
}

struct err *reply_empty(struct req *rq)
{
	reply_bytes(rq, 200, "application/json", SPAN("{}"));
	return NULL;
}

/* ---- sessions ---- */

struct err *access_token(struct ctx *cx, const struct member *m, const struct sign_in *in,
                         const char **token_out, int64_t *expires_out)
{
	struct json_out *j = json_new(cx->arena, 0);
	int64_t          now = clock_unix_ms() / 1000;
	struct span      claims;

	*expires_out = now + auth_values.token_seconds;
	json_obj(j, NULL);
	json_str(j, "iss", "scribe");
	json_str(j, "aud", AUDIENCE);
	json_str(j, "role", AUDIENCE);
	json_str(j, "sub", m->id);
	json_str(j, "email", m->email);
	json_str(j, "phone", "");
	json_str(j, "session_id", in->session_id);
	app_metadata(j, m);
	user_metadata(j, m);
	json_str(j, "aal", "aal1");
	json_bool(j, "is_anonymous", false);
	json_int(j, "iat", now);
	json_int(j, "exp", *expires_out);
	json_end(j);
	TRY(json_finish(cx, j, &claims));
	*token_out = keys_sign(cx, claims);
	if (!*token_out)
		FAIL(cx, ERR_UNAVAILABLE, "SCRIBE_JWT_SECRET is not set: no token can be signed");
	return NULL;
}

struct err *reply_session(struct req *rq, const struct member *m, const struct sign_in *in)
{
	const char      *token;
	int64_t          expires_at;
	struct json_out *j;

	TRY(access_token(req_ctx(rq), m, in, &token, &expires_at));
	j = reply_json(rq, 200, 0);
	json_obj(j, NULL);
	json_str(j, "access_token", token);
	json_str(j, "token_type", "bearer");
	json_int(j, "expires_in", auth_values.token_seconds);
	json_int(j, "expires_at", expires_at);
	json_str(j, "refresh_token", in->refresh_token);
	answer_member(j, "user", m);
	json_end(j);
	return NULL;
}

struct err *begin_session(struct req *rq, const char *person, const char *password)
{
	struct ctx    *cx = req_ctx(rq);
	struct sign_in in;
	struct member  member;
	bool           is_begun, is_there;

	TRY(auth_session_begin(cx, person, password, auth_values.session_days * 86400, &in, &is_begun));
	if (!is_begun)
		return wrong_credentials(cx);
	TRY(people_by_session(cx, person, in.session_id, &member, &is_there));
	if (!is_there)
		FAIL(cx, ERR_CONFLICT, "the session was ended while it began");
	return reply_session(rq, &member, &in);
}
