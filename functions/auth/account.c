/* account.c -- who somebody is, their password, and setting it by a link in a mail. */
#include "auth.h"

#include "../../common/base/log.h"
#include "../../common/domain/letters/page.h"
#include "../../common/domain/letters/recovery_page.h"
#include "../../common/domain/who/contact.h"
#include "../../common/store/recoveries.h"
#include "../../common/web/form.h"
#include "../../common/web/origin.h"
#include "../../common/work/recovery_mail.h"

#define MAILS        "auth_mail"
#define MAILS_MAX    4 /* to one account in a quarter of an hour */
#define REDIRECT_MAX 1000
#define TOKEN_MAX    200
#define TYPE_MAX     40
#define HTML         "text/html; charset=utf-8"

struct in {
	const char         *email, *password, *phone, *type, *token, *token_hash, *code_challenge;
	const struct cJSON *data;
};

/* ---- the user ---- */

struct err *get_user(struct req *rq)
{
	struct person person;
	struct member member;

	TRY(signed_in(rq, &person, &member));
	reply_member(rq, 200, &member);
	return NULL;
}

static const struct input_field user_fields[] = {
	INPUT_TEXT(in, email, .max = AUTH_EMAIL_MAX),
	INPUT_TEXT(in, phone, .max = AUTH_EMAIL_MAX),
	INPUT_TEXT(in, password, .may_be_blank = true, .max = AUTH_PASSWORD_MAX),
	INPUT_NODE(in, data),
};

static const char *actor_of(struct ctx *cx, const char *person)
{
	return arena_printf(cx->arena, "person:%s", person);
}

struct err *put_user(struct req *rq)
{
	struct ctx          *cx = req_ctx(rq);
	struct in            in = {.email = NULL};
	struct member_change change = {.access = MEMBER_AS_IS};
	struct person        person;
	struct member        member;
	bool                 is_there;

	TRY(signed_in(rq, &person, &member));
	TRY(input_parse(rq, user_fields, COUNT(user_fields), &in));
	if (in.email || in.phone || in.data || !in.password)
		FAIL_WORDED(cx, ERR_INPUT, .code = "validation_failed",
		            .text = "Here only the password can be changed.");
	TRY(password_make(cx, in.password, &change.password));
	change.keep = person.session_id;
	TRY(people_change(cx, person.id, &change, actor_of(cx, person.id), &is_there));
	TRY(signed_in(rq, &person, &member));
	reply_member(rq, 200, &member);
	return NULL;
}

/* ---- a mail is asked for ---- */

static const struct input_field recover_fields[] = {
	INPUT_TEXT(in, email, .is_required = true, .max = AUTH_EMAIL_MAX),
	INPUT_TEXT(in, code_challenge, .max = TOKEN_MAX),
};

struct err *email_of(struct ctx *cx, const char *text, const char **out)
{
	*out = contact_email_normalise(cx, span_of(text));
	if (!*out)
		FAIL_WORDED(cx, ERR_INPUT, .code = "validation_failed",
		            .text = "Unable to validate email address: invalid format");
	return NULL;
}

struct asked {
	const char *email, *redirect_to;
	bool        is_new;
};

/* Behind the answer, so that its time does not tell who is there. */
static void begin_recovery(struct ctx *cx, void *data)
{
	const struct asked *a = data;
	struct err         *e =
		recovery_begin(cx, a->email, a->redirect_to, auth_values.recovery_minutes * 60, a->is_new);

	if (e)
		log_err(LOG_ERROR, cx, "recovery_not_begun", e);
}

static struct err *check_redirect(struct ctx *cx, const char *to)
{
	if (!to || (strlen(to) <= REDIRECT_MAX && origin_is_listed(to)))
		return NULL;
	FAIL_WORDED(cx, ERR_INPUT, .code = "validation_failed",
	            .text = "redirect_to must begin with an origin of SCRIBE_ALLOWED_ORIGINS.");
}

/* The same for everybody, whoever has that address. */
static struct err *ask(struct req *rq, bool is_new, struct asked **out)
{
	struct ctx    *cx = req_ctx(rq);
	struct in      in = {.email = NULL};
	struct asked  *a = NEW(cx->arena, struct asked);
	struct attempt attempt;
	struct hash    account;
	struct err    *e;

	TRY(input_parse(rq, recover_fields, COUNT(recover_fields), &in));
	if (in.code_challenge)
		FAIL_WORDED(cx, ERR_INPUT, .code = "validation_failed",
		            .text = "PKCE is not supported; use flowType: 'implicit'.");
	a->is_new = is_new;
	a->redirect_to = form_text(cx, span_of(req_query(rq)), "redirect_to");
	TRY(email_of(cx, in.email, &a->email));
	TRY(check_redirect(cx, a->redirect_to));
	if (!people_hash(cx, a->email, &account))
		FAIL(cx, ERR_UNAVAILABLE, "SCRIBE_DATA_KEY is not set: nobody can be written to");
	attempt_of(MAILS, &account, req_client_ip(rq), &attempt);
	e = attempt_take(cx, &attempt, MAILS_MAX, auth_values.tries_per_address);
	if (e && e->kind == ERR_RATE) {
		struct err *worded =
			err_worded(cx, ERR_RATE, e->where,
		               &(struct err_words){.code = "over_email_send_rate_limit",
		                                   .text =
		                                       "For security purposes, please try again later."});

		worded->retry_after_ms = e->retry_after_ms;
		return worded;
	}
	TRY(e);
	*out = a;
	return NULL;
}

struct err *post_recover(struct req *rq)
{
	struct asked *a;

	TRY(ask(rq, false, &a));
	req_after(rq, begin_recovery, a);
	return reply_empty(rq);
}

/* The password that came along is not kept: whoever opens the mail chooses one, so nobody can sign
 * somebody else up with one that they know. */
struct err *post_signup(struct req *rq)
{
	struct ctx   *cx = req_ctx(rq);
	struct asked *a;
	struct member nobody = {.email = NULL};
	char          id[CRYPTO_UUID_CHARS + 1];

	if (!auth_values.signup)
		FAIL_WORDED(cx, ERR_INPUT, .status = 422, .code = "signup_disabled",
		            .text = "Signups not allowed for this instance");
	TRY(ask(rq, true, &a));
	req_after(rq, begin_recovery, a);
	crypto_uuid(id);
	nobody.id = arena_strndup(cx->arena, id, CRYPTO_UUID_CHARS);
	nobody.email = a->email;
	nobody.name = "";
	reply_member(rq, 200, &nobody);
	return NULL;
}

/* ---- the link ---- */

static const struct input_field verify_fields[] = {
	INPUT_TEXT(in, type, .is_required = true, .max = TYPE_MAX),
	INPUT_TEXT(in, token, .max = TOKEN_MAX),
	INPUT_TEXT(in, token_hash, .max = TOKEN_MAX),
};

static struct err *stale(struct ctx *cx)
{
	FAIL_WORDED(cx, ERR_UNAUTHORIZED, .status = 403, .code = "otp_expired",
	            .text = "Email link is invalid or has expired");
}

/* An open recovery, used by that; its person's id. */
static struct err *use_token(struct ctx *cx, struct span token, struct recovery *out)
{
	bool is_found, is_used;

	TRY(recovery_of_token(cx, token, out, &is_found));
	if (!is_found || !out->is_open)
		return stale(cx);
	TRY(recovery_use(cx, out->id, &is_used));
	return is_used ? NULL : stale(cx);
}

static struct err *verify_json(struct req *rq)
{
	struct ctx     *cx = req_ctx(rq);
	struct in       in = {.type = NULL};
	struct recovery recovery;
	const char     *token;

	TRY(input_parse(rq, verify_fields, COUNT(verify_fields), &in));
	token = in.token_hash ? in.token_hash : in.token;
	if (!token)
		FAIL_FIELD(cx, "token_hash", "is missing");
	TRY(use_token(cx, span_of(token), &recovery));
	return begin_session(rq, recovery.person, NULL);
}

static struct err *show(struct req *rq, int status, struct span page)
{
	req_set_header(rq, "Content-Security-Policy", page_policy(req_ctx(rq)));
	reply_bytes(rq, status, HTML, page);
	return NULL;
}

static struct err *show_stale(struct req *rq)
{
	return show(rq, 400, recovery_page_stale(req_ctx(rq)));
}

static struct err *show_form(struct req *rq, const struct recovery *r, struct span token,
                             bool is_again)
{
	struct ctx *cx = req_ctx(rq);
	const char *text = arena_strndup(cx->arena, token.ptr, token.len);

	if (r->redirect_to)
		return show(rq, 200, recovery_page_go(cx, text));
	return show(rq, is_again ? 422 : 200,
	            recovery_page_ask(cx, text, (unsigned)auth_values.password_min, is_again));
}

/* To look changes nothing. */
struct err *get_verify(struct req *rq)
{
	struct span     token = form_value(span_of(req_query(rq)), "token");
	struct recovery recovery = {.id = NULL};
	bool            is_found = false;

	if (token.ptr)
		TRY(recovery_of_token(req_ctx(rq), token, &recovery, &is_found));
	return is_found && recovery.is_open ? show_form(rq, &recovery, token, false) : show_stale(rq);
}

/* On to the page that asked, signed in, as auth-js reads it from the address: behind the "#", which
 * no server sees. */
static struct err *leave(struct req *rq, const struct recovery *r)
{
	struct ctx    *cx = req_ctx(rq);
	const char    *token, *url;
	struct sign_in in;
	struct member  member;
	int64_t        expires_at;
	bool           is_begun, is_there = false;

	TRY(auth_session_begin(cx, r->person, NULL, auth_values.session_days * 86400, &in, &is_begun));
	if (is_begun)
		TRY(people_by_session(cx, r->person, in.session_id, &member, &is_there));
	if (!is_there)
		return show_stale(rq);
	TRY(access_token(cx, &member, &in, &token, &expires_at));
	url =
		arena_printf(cx->arena,
	                 "%.*s#access_token=%s&expires_at=%lld&expires_in=%lld&refresh_token=%s"
	                 "&token_type=bearer&type=recovery",
	                 (int)strcspn(r->redirect_to, "#"), r->redirect_to, token,
	                 (long long)expires_at, (long long)auth_values.token_seconds, in.refresh_token);
	return show(rq, 200, recovery_page_leave(cx, url));
}

static struct err *set_password(struct req *rq, const struct recovery *r, const char *password)
{
	struct ctx          *cx = req_ctx(rq);
	struct member_change change = {.access = MEMBER_AS_IS};
	bool                 is_used, is_there;

	TRY(password_make(cx, password, &change.password));
	TRY(recovery_use(cx, r->id, &is_used));
	if (!is_used)
		return show_stale(rq);
	TRY(people_change(cx, r->person, &change, actor_of(cx, r->person), &is_there));
	return show(rq, 200, recovery_page_done(cx));
}

static struct err *verify_form(struct req *rq)
{
	struct ctx     *cx = req_ctx(rq);
	struct span     token = form_value(req_body(rq), "token");
	const char     *password = form_text(cx, req_body(rq), "password");
	struct recovery recovery = {.id = NULL};
	bool            is_found = false, is_used;

	if (token.ptr)
		TRY(recovery_of_token(cx, token, &recovery, &is_found));
	if (!is_found || !recovery.is_open)
		return show_stale(rq);
	if (recovery.redirect_to) {
		TRY(recovery_use(cx, recovery.id, &is_used));
		return is_used ? leave(rq, &recovery) : show_stale(rq);
	}
	if (!password || strlen(password) > AUTH_PASSWORD_BYTES ||
	    (int64_t)utf8_length(span_of(password)) < auth_values.password_min)
		return show_form(rq, &recovery, token, true);
	return set_password(rq, &recovery, password);
}

struct err *post_verify(struct req *rq)
{
	return span_starts(span_trim(req_body(rq)), SPAN("{")) ? verify_json(rq) : verify_form(rq);
}
