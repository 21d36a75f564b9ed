/* letter.c -- one mail, as Resend takes it.
 *
 * A mail goes out when it can, and never twice: Resend remembers a key for a day
 * and answers the same id for the same request, and everything in the request follows from
 * rows and the settings. What a failure means is decided by the status and the
 * machine name in it (their table of errors):
 *
 *   429 rate          everybody slows down, the attempt does not count
 *   429 quota         hours later, uncounted
 *   401 403 404 405   the operator's to mend, as is a wrong sender: later, uncounted
 *   409 in progress   again soon; 409 other payload: it was sent before
 *   400 422           the address will never do, and the job is buried
 *   5xx, no answer    again, counted */
#include "letter.h"

#include "../base/json_out.h"
#include "../base/vault.h"
#include "../engines/upstream.h"
#include "sending.h"

#define CHANNEL  "mail"
#define RESEND   "https://api.resend.com"
#define MEND_MS  600000u /* for an operator */
#define QUOTA_MS 21600000u
#define CODE_MAX 64u

static struct mail_values {
	const char *api_key, *base_url, *from, *public_url, *own_url;
	int64_t     daily_messages, interval_ms, timeout_ms;
} values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(mail_values, daily_messages, "MAIL_DAILY_MESSAGES", .fallback = "1000", .min = 0,
                .max = INT32_MAX,
                .help = "mails a day (UTC) in all; more wait for the next day; 0: no limit"),
	CFG_KEY_STR(mail_values, from, "MAIL_FROM",
                .help =
                    "the sender of our mails, \"Name <address>\"; mails wait while it is unset"),
	CFG_KEY_INT(mail_values, interval_ms, "MAIL_INTERVAL_MS", .fallback = "250", .min = 0,
                .max = 600000, .help = "pause between two mails, of all workers together"),
	CFG_KEY_INT(mail_values, timeout_ms, "MAIL_TIMEOUT_MS", .fallback = "15000", .min = 100,
                .max = 45000, .help = "how long the mail service may take to accept a mail"),
	CFG_KEY_STR(mail_values, api_key, "RESEND_API_KEY", .flags = CFG_SECRET,
                .help = "sends mails; they wait while it is unset"),
	CFG_KEY_URL(mail_values, base_url, "RESEND_BASE_URL", .fallback = RESEND,
                .help = "the mail service"),
	CFG_KEY_URL(mail_values, public_url, "SCRIBE_PUBLIC_URL",
                .help = "how visitors reach this system; links in mails begin with it"),
	CFG_KEY_URL(mail_values, own_url, "SCRIBE_OWN_URL", .fallback = "http://127.0.0.1:8080",
                .help = "the same where no public one is set; scripts/stack sets it"),
};
const struct cfg_group mail_settings = {"Mail", &values, keys, COUNT(keys)};

bool mail_can_leave(void)
{
	return !str_is_blank(values.api_key) && !str_is_blank(values.from) && vault_has_key();
}

int64_t mail_daily_messages(void)
{
	return values.daily_messages;
}

const char *mail_url(struct ctx *cx, const char *path)
{
	const char *base = str_is_blank(values.public_url) ? values.own_url : values.public_url;

	return upstream_url(cx, base, "", path);
}

struct err *letter_can_go(struct ctx *cx, struct job *job)
{
	if (str_is_blank(values.api_key))
		return sending_unset(cx, job, "RESEND_API_KEY");
	if (str_is_blank(values.from))
		return sending_unset(cx, job, "MAIL_FROM");
	if (!vault_has_key())
		return sending_unset(cx, job, "SCRIBE_DATA_KEY");
	return NULL;
}

struct err *letter_wait_turn(struct ctx *cx, struct job *job)
{
	return sending_wait_turn(cx, job, CHANNEL, (unsigned)values.interval_ms);
}

static struct err *request_body(struct ctx *cx, const struct letter *letter, struct span *out)
{
	struct json_out *j = json_new(cx->arena, 0);

	json_obj(j, NULL);
	json_str(j, "from", values.from);
	json_arr(j, "to");
	json_str(j, NULL, letter->to);
	json_end(j);
	json_str(j, "subject", letter->text.subject);
	json_str(j, "html", letter->text.html);
	json_str(j, "text", letter->text.text);
	if (letter->unsubscribe) {
		json_obj(j, "headers");
		json_str(j, "List-Unsubscribe", arena_printf(cx->arena, "<%s>", letter->unsubscribe));
		json_str(j, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
		json_end(j);
	}
	json_end(j);
	return json_finish(cx, j, out);
}

static struct err *post(struct ctx *cx, const struct letter *letter, struct http_reply *out)
{
	const char *const headers[] = {
		upstream_secret_header(cx, "Authorization",
	                           arena_printf(cx->arena, "Bearer %s", values.api_key)),
		"Content-Type: application/json",
		arena_printf(cx->arena, "Idempotency-Key: %s", letter->key),
		NULL,
	};
	struct http_call call = {
		.url = upstream_url(cx, values.base_url, "", "/emails"),
		.headers = headers,
		.limits = {.total_ms = (unsigned)values.timeout_ms},
		.is_once = true,
	};

	struct err *e;

	TRY(request_body(cx, letter, &call.body));
	e = http_do(cx, &call, out);
	sending_count("resend send", out, e);
	return e;
}

/* The service's machine name for what went wrong; "" when it gave none. */
static const char *name_in(struct ctx *cx, struct span body)
{
	const struct cJSON *root;
	const char         *name = json_parse(cx, body, &root) ? NULL : json_text_at(root, "name");
	size_t              n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz_") : 0;

	return n && n <= CODE_MAX && !name[n] ? name : "";
}

static struct err *refused(struct ctx *cx, struct job *job, const struct http_reply *reply,
                           enum letter_fate *fate_out, struct err **why_out)
{
	const char *name = name_in(cx, reply->body);
	const char *why =
		arena_printf(cx->arena, "the mail service refuses us: status %d %s", reply->status, name);

	if (reply->status == 429 && strstr(name, "quota"))
		return sending_later(cx, job, QUOTA_MS, why);
	if (reply->status == 429)
		return sending_slow_down(cx, job, CHANNEL, reply);
	*fate_out = LETTER_SENT_BEFORE;
	if (reply->status == 409 && str_equal(name, "invalid_idempotent_request"))
		return NULL;
	*fate_out = LETTER_REFUSED;
	if (reply->status == 400 ||
	    (reply->status == 422 && !str_equal(name, "invalid_from_address"))) {
		*why_out = err_new(cx, ERR_UPSTREAM_REJECTED, WHERE,
		                   "the mail service refuses this mail: status %d %s", reply->status, name);
		return NULL;
	}
	if (reply->status == 408 || reply->status == 409 || reply->status / 100 != 4)
		return upstream_error(cx, reply->status, reply->body, reply->retry_after_ms);
	return sending_later(cx, job, MEND_MS, why);
}

struct err *letter_send(struct ctx *cx, struct job *job, const struct letter *letter,
                        enum letter_fate *fate_out, struct err **why_out)
{
	struct http_reply reply;

	*fate_out = LETTER_SENT;
	*why_out = NULL;
	TRY(post(cx, letter, &reply));
	return reply.status / 100 == 2 ? NULL : refused(cx, job, &reply, fate_out, why_out);
}
