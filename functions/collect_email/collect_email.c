/* collect_email -- take an address somebody wants to be written to.
 *
 * POST { email, name?, signup_type?, session_id?, session_secret? }
 *   -> { success, message, alreadySignedUp }
 * GET  ?token=...                 the page behind the link in our mail; changes nothing
 * POST token=...&action=...       its buttons: confirm, unsubscribe -> a page
 * POST ?token=... List-Unsubscribe=One-Click      what mail programs send (RFC 8058)
 * POST { token, action } -> { success, message }
 *
 * Works the jobs "confirm_mail" and "place_mailboxes". */
#include "../../common/base/metrics.h"
#include "../../common/domain/who/contact.h"
#include "../../common/domain/letters/mail_page.h"
#include "../../common/web/keys.h"
#include "../../common/work/mail.h"
#include "../../common/engines/engine_room.h"
#include "../../common/web/service.h"
#include "../../common/store/emails.h"
#include "../../common/store/sessions.h"
#include "../../common/web/form.h"

#define EMAIL_MAX  1000 /* characters with the white space that is trimmed */
#define NAME_MAX   200
#define TYPE_MAX   50
#define TOKEN_MAX  200
#define ACTION_MAX 20

#define HTML "text/html; charset=utf-8"

/* ---- an address is given ---- */

struct in {
	const char *email, *name, *signup_type, *session_id, *session_secret, *token, *action;
};

static const struct input_field fields[] = {
	INPUT_TEXT(in, email, .is_required = true, .max = EMAIL_MAX),
	INPUT_TEXT(in, name, .max = NAME_MAX),
	INPUT_TEXT(in, signup_type, .max = TYPE_MAX),
	INPUT_TEXT(in, session_id, .max = SESSION_ID_MAX),
	INPUT_TEXT(in, session_secret, .max = SESSION_SECRET_MAX),
};

static const struct input_field decision_fields[] = {
	INPUT_TEXT(in, token, .is_required = true, .max = TOKEN_MAX),
	INPUT_TEXT(in, action, .is_required = true, .max = ACTION_MAX),
};

/* Only here: the link in a mail can bring no key. */
static struct err *check_key(struct req *rq)
{
	if (!keys_are_required() ||
	    keys_accept(req_ctx(rq), req_header(rq, "apikey"), req_header(rq, "Authorization")))
		return NULL;
	FAIL(req_ctx(rq), ERR_UNAUTHORIZED, "no good key");
}

/* Half a pair proves nothing. */
static struct err *check_session(struct ctx *cx, const struct in *in)
{
	if (!in->session_id && !in->session_secret)
		return NULL;
	if (!in->session_id || !in->session_secret)
		FAIL(cx, ERR_SESSION, "half a pair");
	return session_check(cx, in->session_id, in->session_secret);
}

/* No mail is promised that does not leave: who waits for one thinks the address was wrong. */
static const char *thanks(void)
{
	return mail_can_leave() ? "Thank you! Please check your inbox to confirm your address."
	                        : "Thank you! Your address is on the list.";
}

static void answer(struct req *rq, const struct signup *signup)
{
	struct json_out *out = reply_json(rq, 200, 0);

	json_obj(out, NULL);
	json_bool(out, "success", true);
	json_str(out, "message", signup->is_new ? thanks() : "You are already signed up.");
	json_bool(out, "alreadySignedUp", !signup->is_new);
	json_end(out);
}

static struct err *sign_up(struct req *rq)
{
	struct ctx   *cx = req_ctx(rq);
	struct in     in = {.signup_type = NULL};
	const char   *email;
	struct signup signup;

	TRY(check_key(rq));
	TRY(input_parse(rq, fields, COUNT(fields), &in));
	email = contact_email_normalise(cx, span_of(in.email));
	if (!email)
		FAIL_FIELD(cx, "email", "is not an address we could write to");
	TRY(check_session(cx, &in));
	TRY(signup_record(cx,
	                  &(struct signup_new){
						  .email = email,
						  .name = str_is_blank(in.name) ? NULL : in.name,
						  .signup_type = str_is_blank(in.signup_type) ? "waitlist" : in.signup_type,
						  .session_id = in.session_id,
					  },
	                  &signup));
	metrics_add(METRIC_signups, ALONE, signup.is_new);
	answer(rq, &signup);
	return NULL;
}

/* ---- its owner decides ---- */

static struct err *read_action(struct ctx *cx, const char *action, enum signup_decision *out)
{
	*out = SIGNUP_CONFIRM;
	if (str_equal(action, "confirm"))
		return NULL;
	*out = SIGNUP_UNSUBSCRIBE;
	if (str_equal(action, "unsubscribe"))
		return NULL;
	FAIL_FIELD(cx, "action", "must be confirm or unsubscribe");
}

/* An old link takes off the list, and back to it who was taken off; what nobody has decided it
 * does not confirm any more. */
static struct err *check_age(struct ctx *cx, const struct mail_token *token,
                             enum signup_decision decision)
{
	enum signup_standing standing;
	bool                 is_found;

	if (!token->is_late || decision == SIGNUP_UNSUBSCRIBE)
		return NULL;
	TRY(signup_standing(cx, token->signup_id, &standing, &is_found));
	if (is_found && standing == SIGNUP_OPEN)
		FAIL_FIELD(cx, "token", "is not valid any more");
	return NULL;
}

static struct err *decide(struct ctx *cx, struct span text, enum signup_decision decision,
                          enum signup_found *found_out)
{
	struct mail_token token;

	if (!mail_token_read(cx, text, &token))
		FAIL_FIELD(cx, "token", "is not valid any more");
	TRY(check_age(cx, &token, decision));
	TRY(signup_decide(cx, token.signup_id, decision, found_out));
	if (*found_out == SIGNUP_NONE)
		FAIL(cx, ERR_NOT_FOUND, "the sign-up is gone");
	return NULL;
}

static const char *outcome(enum signup_decision decision, enum signup_found found)
{
	if (decision == SIGNUP_UNSUBSCRIBE)
		return "You are off the list; we will not write to you.";
	return found == SIGNUP_THERE ? "Thank you, your address is confirmed."
	                             : "You may sign up again; we kept no address of yours.";
}

static struct err *decide_by_json(struct req *rq)
{
	struct ctx          *cx = req_ctx(rq);
	struct in            in = {.token = NULL};
	enum signup_decision decision;
	enum signup_found    found;
	struct json_out     *out;

	TRY(input_parse(rq, decision_fields, COUNT(decision_fields), &in));
	TRY(read_action(cx, in.action, &decision));
	TRY(decide(cx, span_of(in.token), decision, &found));
	out = reply_json(rq, 200, 0);
	json_obj(out, NULL);
	json_bool(out, "success", true);
	json_str(out, "message", outcome(decision, found));
	json_end(out);
	return NULL;
}

static void show(struct req *rq, int status, enum mail_page page, struct span token)
{
	struct ctx *cx = req_ctx(rq);
	const char *text = token.ptr ? arena_strndup(cx->arena, token.ptr, token.len) : NULL;

	req_set_header(rq, "Content-Security-Policy", mail_page_policy(cx));
	reply_bytes(rq, status, HTML, mail_page_html(cx, page, text));
}

static void show_stale(struct req *rq)
{
	show(rq, 400, MAIL_PAGE_STALE, (struct span){NULL, 0});
}

static enum mail_page page_after(enum signup_decision decision, enum signup_found found)
{
	if (decision == SIGNUP_UNSUBSCRIBE)
		return MAIL_PAGE_UNSUBSCRIBED;
	return found == SIGNUP_THERE ? MAIL_PAGE_CONFIRMED : MAIL_PAGE_WELCOME;
}

static struct err *decide_by_form(struct req *rq, struct span token)
{
	struct ctx          *cx = req_ctx(rq);
	struct span          action = form_value(req_body(rq), "action");
	enum signup_decision decision = SIGNUP_UNSUBSCRIBE;
	enum signup_found    found;
	struct err          *e = NULL;

	if (!form_value(req_body(rq), "List-Unsubscribe").ptr)
		e = read_action(cx, arena_strndup(cx->arena, action.ptr ? action.ptr : "", action.len),
		                &decision);
	if (!e)
		e = decide(cx, token, decision, &found);
	if (e && e->kind != ERR_INPUT && e->kind != ERR_NOT_FOUND)
		return e;
	if (e)
		show_stale(rq);
	else
		show(rq, 200, page_after(decision, found), token);
	return NULL;
}

static struct err *show_page(struct req *rq)
{
	static const enum mail_page pages[] = {
		[SIGNUP_OPEN] = MAIL_PAGE_ASK,
		[SIGNUP_CONFIRMED] = MAIL_PAGE_ALREADY,
		[SIGNUP_UNSUBSCRIBED] = MAIL_PAGE_UNSUBSCRIBED,
	};
	struct ctx          *cx = req_ctx(rq);
	struct span          text = form_value(span_of(req_query(rq)), "token");
	struct mail_token    token = {.signup_id = NULL};
	enum signup_standing standing;
	bool                 is_found = false;

	if (text.ptr && mail_token_read(cx, text, &token))
		TRY(signup_standing(cx, token.signup_id, &standing, &is_found));
	if (!is_found)
		show_stale(rq);
	else if (token.is_late && standing == SIGNUP_OPEN)
		show(rq, 200, MAIL_PAGE_LATE, text);
	else
		show(rq, 200, pages[standing], text);
	return NULL;
}

static bool is_json_decision(struct req *rq)
{
	const struct cJSON *root;

	return !json_parse(req_ctx(rq), req_body(rq), &root) && json_type(root) == JSON_OBJECT &&
	       json_at(root, "token");
}

/* The page's form brings it; a mail program's one click has only the link's. */
static struct span form_token(struct req *rq)
{
	struct span token = form_value(req_body(rq), "token");

	return token.ptr ? token : form_value(span_of(req_query(rq)), "token");
}

static struct err *collect_email(struct req *rq)
{
	struct span token = {NULL, 0};

	if (str_equal(req_method(rq), "GET"))
		return show_page(rq);
	if (!span_starts(span_trim(req_body(rq)), SPAN("{")))
		token = form_token(rq);
	if (token.ptr)
		return decide_by_form(rq, token);
	return is_json_decision(rq) ? decide_by_json(rq) : sign_up(rq);
}

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "collect_email",
	                                      .methods = METHOD_GET | METHOD_POST,
	                                      .body_max = (size_t)1 << 20,
	                                      .deadline_ms = 5000,
	                                      .rate_per_minute = 10,
	                                      .threads = 8,
	                                      .is_idempotent = true,
	                                      .takes_session = true,
	                                      .errors = ERRORS_WITH_SUCCESS,
	                                      .engines = &engine_room,
	                                      .jobs = mail_jobs,
	                                      .jobs_n = COUNT(mail_jobs),
	                                      .settings =
	                                          (const struct cfg_group *const[]){&mail_settings},
	                                      .settings_n = 1,
	                                      .handle = collect_email});
}
