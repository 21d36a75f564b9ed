/* sign_in.c -- by a password, by a refresh token; and out again. */
#include "auth.h"

#include "../../common/base/log.h"
#include "../../common/domain/who/contact.h"
#include "../../common/web/form.h"

#define PASSWORDS "auth_password"
#define TOKEN_MAX 200
#define GRANT_MAX 40

struct in {
	const char *email, *password, *refresh_token;
};

static const struct input_field password_fields[] = {
	INPUT_TEXT(in, email, .is_required = true, .max = AUTH_EMAIL_MAX),
	INPUT_TEXT(in, password, .is_required = true, .may_be_blank = true, .max = AUTH_PASSWORD_MAX),
};

static const struct input_field refresh_fields[] = {
	INPUT_TEXT(in, refresh_token, .is_required = true, .max = TOKEN_MAX),
};

struct err *wrong_credentials(struct ctx *cx)
{
	FAIL_WORDED(cx, ERR_INPUT, .code = "invalid_credentials", .text = "Invalid login credentials");
}

/* Told to those only who know the password. */
static struct err *check_standing(struct ctx *cx, const struct member *m)
{
	if (m->disabled_at)
		FAIL_WORDED(cx, ERR_INPUT, .code = "user_banned", .text = "This account is disabled.");
	if (!m->confirmed_at)
		FAIL_WORDED(cx, ERR_INPUT, .code = "email_not_confirmed", .text = "Email not confirmed");
	return NULL;
}

static struct err *too_often(struct ctx *cx, struct err *e)
{
	struct err *worded;

	if (e->kind != ERR_RATE)
		return e;
	worded = err_worded(cx, ERR_RATE, e->where,
	                    &(struct err_words){.code = "over_request_rate_limit",
	                                        .text = "Too many attempts; please try again later."});
	worded->retry_after_ms = e->retry_after_ms;
	return worded;
}

static struct err *check_password(struct req *rq, const char *email, const char *password,
                                  struct member *member)
{
	struct ctx    *cx = req_ctx(rq);
	struct attempt attempt;
	struct hash    account;
	struct err    *e;
	bool           is_there, is_right;

	if (!people_hash(cx, email, &account))
		FAIL(cx, ERR_UNAVAILABLE, "SCRIBE_DATA_KEY is not set: nobody can sign in");
	TRY(password_room(cx));
	attempt_of(PASSWORDS, &account, req_client_ip(rq), &attempt);
	e = attempt_take(cx, &attempt, auth_values.tries_per_account, auth_values.tries_per_address);
	if (e)
		return too_often(cx, e);
	TRY(people_by_email(cx, email, member, &is_there));
	TRY(password_check(cx, is_there ? member->password : NULL, password, &is_right));
	if (!is_right)
		return wrong_credentials(cx);
	return attempt_succeeded(cx, &attempt, auth_values.tries_per_account,
	                         auth_values.tries_per_address);
}

static struct err *by_password(struct req *rq)
{
	struct ctx   *cx = req_ctx(rq);
	struct in     in = {.email = NULL};
	struct member member = {.id = NULL};
	const char   *email;

	TRY(input_parse(rq, password_fields, COUNT(password_fields), &in));
	email = contact_email_normalise(cx, span_of(in.email));
	/* What is no address is nobody's, and counts like another. */
	TRY(check_password(rq, email ? email : in.email, in.password, &member));
	TRY(check_standing(cx, &member));
	return begin_session(rq, member.id, member.sealed_password);
}

static struct err *by_refresh_token(struct req *rq)
{
	struct ctx    *cx = req_ctx(rq);
	struct in      in = {.refresh_token = NULL};
	struct sign_in next;
	struct member  member;
	enum refreshed how;
	bool           is_there = false;

	TRY(input_parse(rq, refresh_fields, COUNT(refresh_fields), &in));
	TRY(auth_session_refresh(cx, in.refresh_token, auth_values.session_days * 86400, &next, &how));
	if (how == REFRESH_REUSED) {
		LOG(LOG_WARN, cx, "refresh_token_reused", F_STR("session", next.session_id));
		FAIL_WORDED(cx, ERR_INPUT, .code = "refresh_token_already_used",
		            .text = "Invalid Refresh Token: Already Used");
	}
	if (how == REFRESHED)
		TRY(people_by_session(cx, next.person, next.session_id, &member, &is_there));
	if (!is_there)
		FAIL_WORDED(cx, ERR_INPUT, .code = "refresh_token_not_found",
		            .text = "Invalid Refresh Token: Refresh Token Not Found");
	return reply_session(rq, &member, &next);
}

struct err *post_token(struct req *rq)
{
	struct ctx *cx = req_ctx(rq);
	const char *grant = form_text(cx, span_of(req_query(rq)), "grant_type");

	if (grant && str_equal(grant, "password"))
		return by_password(rq);
	if (grant && str_equal(grant, "refresh_token"))
		return by_refresh_token(rq);
	FAIL_WORDED(cx, ERR_INPUT, .code = "unsupported_grant_type",
	            .text = "grant_type must be password or refresh_token.");
}

/* ---- who is signed in ---- */

struct err *caller_of(struct req *rq, struct person *out)
{
	struct ctx *cx = req_ctx(rq);
	struct err *e = person_of(rq, out);

	if (!e)
		return NULL;
	if (!req_header(rq, "Authorization") && !req_header(rq, "apikey"))
		FAIL_WORDED(cx, ERR_UNAUTHORIZED, .code = "no_authorization",
		            .text = "This endpoint requires a Bearer token");
	FAIL_WORDED(cx, ERR_UNAUTHORIZED, .code = "bad_jwt",
	            .text = "The token is not valid, or not any more.");
}

struct err *signed_in(struct req *rq, struct person *out, struct member *member_out)
{
	struct ctx *cx = req_ctx(rq);
	bool        is_there;

	TRY(caller_of(rq, out));
	if (out->role != PERSON_SIGNED_IN)
		FAIL_WORDED(cx, ERR_UNAUTHORIZED, .code = "no_authorization",
		            .text = "This endpoint requires the token of somebody who is signed in");
	TRY(people_by_session(cx, out->id, out->session_id, member_out, &is_there));
	if (!is_there)
		FAIL_WORDED(cx, ERR_UNAUTHORIZED, .status = 403, .code = "session_not_found",
		            .text = "Session from session_id claim in JWT does not exist");
	return NULL;
}

struct err *post_logout(struct req *rq)
{
	struct ctx   *cx = req_ctx(rq);
	const char   *scope = form_text(cx, span_of(req_query(rq)), "scope");
	struct person person;
	struct member member;
	enum sign_out which = SIGN_OUT_ALL;

	if (scope && str_equal(scope, "local"))
		which = SIGN_OUT_THIS;
	else if (scope && str_equal(scope, "others"))
		which = SIGN_OUT_OTHERS;
	else if (scope && !str_equal(scope, "global"))
		FAIL_WORDED(cx, ERR_INPUT, .code = "validation_failed",
		            .text = "scope must be global, local or others.");
	TRY(signed_in(rq, &person, &member));
	TRY(auth_session_end(cx, person.id, person.session_id, which));
	return reply_nothing(rq);
}
