/* auth -- who signs in: people of ours, as auth-js asks for them.
 *
 * POST token?grant_type=password       { email, password } -> a session
 * POST token?grant_type=refresh_token  { refresh_token } -> the next one of it
 * POST logout?scope=global|local|others
 * GET  user, PUT user { password }     who is signed in
 * GET  settings, GET health
 * POST recover { email }               a mail with a link, if there is such a person
 * POST signup { email, password }      the same for anybody, where AUTH_SIGNUP=1
 * GET  verify?token=...                the page behind the link; POST: its form, or JSON
 * GET, POST admin/users; GET, PUT, DELETE admin/users/<id>    with the service key
 *
 * Works the job "recovery_mail". */
#include "auth.h"

#include "../../common/web/keys.h"
#include "../../common/web/service.h"
#include "../../common/work/letter.h"
#include "../../common/work/recovery_mail.h"

struct auth_values auth_values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(auth_values, password_min, "AUTH_PASSWORD_MIN", .fallback = "10", .min = 6,
                .max = 100, .help = "characters that a password has at least"),
	CFG_KEY_INT(auth_values, recovery_minutes, "AUTH_RECOVERY_MINUTES", .fallback = "60", .min = 1,
                .max = 1440, .help = "how long the link in a mail sets a password"),
	CFG_KEY_INT(auth_values, session_days, "AUTH_SESSION_DAYS", .fallback = "30", .min = 1,
                .max = 3650, .help = "who does not come back for so long is signed out"),
	CFG_KEY_BOOL(auth_values, signup, "AUTH_SIGNUP", .fallback = "0",
                 .help = "1: anybody may sign up; they see nothing until scripts/admin role"),
	CFG_KEY_INT(auth_values, token_seconds, "AUTH_TOKEN_SECONDS", .fallback = "604800", .min = 60,
                .max = 31536000,
                .help =
                    "life of an access token; what it opens ends at once where its session does"),
	CFG_KEY_INT(auth_values, tries_per_account, "AUTH_TRIES_PER_ACCOUNT", .fallback = "10",
                .min = 0, .max = 100000,
                .help = "wrong passwords for one account in a quarter of an hour; 0: no limit"),
	CFG_KEY_INT(auth_values, tries_per_address, "AUTH_TRIES_PER_ADDRESS", .fallback = "60",
                .min = 0, .max = 100000,
                .help = "the same from one address, and mails it may ask for; 0: no limit"),
};
const struct cfg_group auth_settings = {"Sign-in", &auth_values, keys, COUNT(keys)};

static struct err *get_settings(struct req *rq)
{
	struct json_out *j = reply_json(rq, 200, 0);

	json_obj(j, NULL);
	json_obj(j, "external");
	json_bool(j, "email", true);
	json_bool(j, "phone", false);
	json_bool(j, "anonymous_users", false);
	json_end(j);
	json_bool(j, "disable_signup", !auth_values.signup);
	json_bool(j, "mailer_autoconfirm", false);
	json_bool(j, "phone_autoconfirm", false);
	json_str(j, "sms_provider", "");
	json_bool(j, "mfa_enabled", false);
	json_bool(j, "saml_enabled", false);
	json_end(j);
	return NULL;
}

static struct err *get_health(struct req *rq)
{
	struct json_out *j = reply_json(rq, 200, 0);

	json_obj(j, NULL);
	json_str(j, "name", "scribe auth");
	json_str(j, "description", "signs in the people of this system");
	json_end(j);
	return NULL;
}

static const struct route {
	const char *method, *path;
	struct err *(*handle)(struct req *rq);
} routes[] = {
	{"POST", "/token", post_token},     {"POST", "/logout", post_logout},
	{"GET", "/user", get_user},         {"PUT", "/user", put_user},
	{"GET", "/settings", get_settings}, {"GET", "/health", get_health},
	{"POST", "/recover", post_recover}, {"POST", "/signup", post_signup},
	{"GET", "/verify", get_verify},     {"POST", "/verify", post_verify},
};

/* Errors of the input in the words of this API. */
static struct err *worded(struct ctx *cx, struct err *e)
{
	if (!e || e->words || err_http_status(e->kind) != 400)
		return e;
	return err_worded(cx, e->kind, e->where,
	                  &(struct err_words){.code = "validation_failed",
	                                      .text = e->field ? arena_printf(cx->arena, "%s: %s",
	                                                                      e->field, e->detail)
	                                                       : e->detail});
}

static struct err *route_request(struct req *rq)
{
	const char *path = req_path_info(rq);
	const char *allowed = NULL;

	for (size_t i = 0; i < COUNT(routes); i++) {
		if (!str_equal(path, routes[i].path))
			continue;
		if (str_equal(req_method(rq), routes[i].method))
			return routes[i].handle(rq);
		allowed = routes[i].method;
	}
	if (span_starts(span_of(path), SPAN("/admin/users")) &&
	    (!path[strlen("/admin/users")] || path[strlen("/admin/users")] == '/'))
		return admin_users(rq, path + strlen("/admin/users"));
	if (allowed)
		FAIL(req_ctx(rq), ERR_METHOD, "another method than %s", allowed);
	FAIL_WORDED(req_ctx(rq), ERR_NOT_FOUND, .code = "not_found",
	            .text = "This is not served here; see the README for what is.");
}

static struct err *auth(struct req *rq)
{
	return worded(req_ctx(rq), route_request(rq));
}

int main(int argc, char **argv)
{
	return service_main(
		argc, argv,
		&(struct service){.name = "auth",
	                      .path = "/auth/v1",
	                      .methods = METHOD_GET | METHOD_POST | METHOD_PUT | METHOD_DELETE,
	                      .errors = ERRORS_AUTH,
	                      .body_max = (size_t)64 << 10,
	                      .deadline_ms = 10000,
	                      .rate_per_minute = 120,
	                      .threads = 16,
	                      .client_max = 4,
	                      .start = passwords_start,
	                      .engines = &engine_room,
	                      .jobs = recovery_jobs,
	                      .jobs_n = COUNT(recovery_jobs),
	                      .settings =
	                          (const struct cfg_group *const[]){&auth_settings, &mail_settings},
	                      .settings_n = 2,
	                      .handle = auth});
}
