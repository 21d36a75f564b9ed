/* mail.c -- the confirmation mail and its link.
 *
 * A mail goes out when it can, and never twice: Resend remembers a key for a day
 * and answers the same id for the same request, and everything in the request follows from the
 * sign-up row and the settings. What a failure means is decided by the status and the
 * machine name in it (their table of errors):
 *
 *   429 rate          everybody slows down, the attempt does not count
 *   429 quota         hours later, uncounted
 *   401 403 404 405   the operator's to mend, as is a wrong sender: later, uncounted
 *   409 in progress   again soon; 409 other payload: it was sent before
 *   400 422           the address will never do: a bounce, and the job is buried
 *   5xx, no answer    again, counted */
#include "mail.h"

#include "../base/json_out.h"
#include "../base/log.h"
#include "../base/vault.h"
#include "../domain/letters/mail_text.h"
#include "../engines/upstream.h"
#include "sending.h"
#include "../store/emails.h"
#include "../store/mailboxes.h"

#define ACTOR        "confirm_mail"
#define CHANNEL      "mail"
#define RESEND       "https://api.resend.com"
#define LINK_SECONDS (INT64_C(30) * 24 * 3600)
#define LEASE_MS     60000u
#define WAIT_MS      60000u  /* for a setting */
#define MEND_MS      600000u /* for an operator */
#define QUOTA_MS     21600000u
#define SPREAD_MS    900000u /* of what waits for a new day */
#define CODE_MAX     64u
#define PLACE_BATCH  200
#define MAC_CHARS    ((size_t)2 * CRYPTO_HASH_BYTES)
#define PAGE_PATH    "/functions/v1/collect_email?token="

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

/* ---- the link ---- */

static const char *mac_of(struct ctx *cx, const struct hash *h)
{
	char *hex = arena_alloc_secret(cx->arena, MAC_CHARS + 1);

	for (size_t i = 0; i < CRYPTO_HASH_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", h->bytes[i]);
	return hex;
}

const char *mail_link(struct ctx *cx, const char *signup_id, int64_t expires_at)
{
	const char *base = str_is_blank(values.public_url) ? values.own_url : values.public_url;
	const char *claim = arena_printf(cx->arena, "%s.%lld", signup_id, (long long)expires_at);
	struct hash h;

	if (!vault_hash("signup_link", span_of(claim), &h))
		return NULL;
	return upstream_url(cx, base, "",
	                    arena_printf(cx->arena, PAGE_PATH "%s.%s", claim, mac_of(cx, &h)));
}

/* Signed with the present key, or with the former one before rotation. */
static bool is_signed(struct ctx *cx, struct span claim, struct span mac)
{
	struct hash h;
	bool        is_ours =
		vault_hash("signup_link", claim, &h) && crypto_equal(span_of(mac_of(cx, &h)), mac);

	return is_ours || (vault_former_hash("signup_link", claim, &h) &&
	                   crypto_equal(span_of(mac_of(cx, &h)), mac));
}

bool mail_token_read(struct ctx *cx, struct span token, struct mail_token *out)
{
	const char *text;
	struct span claim;
	int64_t     expires_at;

	if (token.len <= CRYPTO_UUID_CHARS + 1 + MAC_CHARS + 1 || token.len > 200)
		return false;
	claim = (struct span){token.ptr, token.len - MAC_CHARS - 1};
	if (!is_signed(cx, claim, (struct span){token.ptr + claim.len + 1, MAC_CHARS}))
		return false;
	text = arena_strndup(cx->arena, claim.ptr, claim.len);
	if (!str_to_int(text + CRYPTO_UUID_CHARS + 1, 0, INT64_MAX, &expires_at))
		return false;
	out->signup_id = arena_strndup(cx->arena, text, CRYPTO_UUID_CHARS);
	out->is_late = clock_unix_ms() / 1000 >= expires_at;
	return str_is_uuid(out->signup_id);
}

/* ---- the mail ---- */

static struct err *request_body(struct ctx *cx, const struct signup_mail *to, struct span *out)
{
	const char      *link = mail_link(cx, to->id, to->queued_at_us / 1000000 + LINK_SECONDS);
	struct json_out *j = json_new(cx->arena, 0);
	struct mail_text mail;

	mail_text_confirm(cx, to->name, link, &mail);
	json_obj(j, NULL);
	json_str(j, "from", values.from);
	json_arr(j, "to");
	json_str(j, NULL, to->email);
	json_end(j);
	json_str(j, "subject", mail.subject);
	json_str(j, "html", mail.html);
	json_str(j, "text", mail.text);
	json_obj(j, "headers");
	json_str(j, "List-Unsubscribe", arena_printf(cx->arena, "<%s>", link));
	json_str(j, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
	json_end(j);
	json_end(j);
	return json_finish(cx, j, out);
}

static struct err *post(struct ctx *cx, const struct signup_mail *to, struct http_reply *out)
{
	const char *const headers[] = {
		upstream_secret_header(cx, "Authorization",
	                           arena_printf(cx->arena, "Bearer %s", values.api_key)),
		"Content-Type: application/json",
		arena_printf(cx->arena, "Idempotency-Key: confirm-%s-%lld", to->id,
	                 (long long)to->queued_at_us),
		NULL,
	};
	struct http_call call = {
		.url = upstream_url(cx, values.base_url, "", "/emails"),
		.headers = headers,
		.limits = {.total_ms = (unsigned)values.timeout_ms},
		.is_once = true,
	};

	TRY(request_body(cx, to, &call.body));
	return http_do(cx, &call, out);
}

/* The service's machine name for what went wrong; "" when it gave none. */
static const char *name_in(struct ctx *cx, struct span body)
{
	const struct cJSON *root;
	const char         *name = json_parse(cx, body, &root) ? NULL : json_text_at(root, "name");
	size_t              n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz_") : 0;

	return n && n <= CODE_MAX && !name[n] ? name : "";
}

static struct err *give_up(struct ctx *cx, struct job *job, const char *id, int status,
                           const char *name)
{
	TRY(signup_bounced(cx, id, ACTOR));
	return job_hopeless(job,
	                    err_new(cx, ERR_UPSTREAM_REJECTED, WHERE,
	                            "the mail service refuses this mail: status %d %s", status, name));
}

static struct err *refused(struct ctx *cx, struct job *job, const char *id,
                           const struct http_reply *reply)
{
	const char *name = name_in(cx, reply->body);
	const char *why =
		arena_printf(cx->arena, "the mail service refuses us: status %d %s", reply->status, name);

	if (reply->status == 429 && strstr(name, "quota"))
		return sending_later(cx, job, QUOTA_MS, why);
	if (reply->status == 429)
		return sending_slow_down(cx, job, CHANNEL, reply);
	if (reply->status == 409 && str_equal(name, "invalid_idempotent_request"))
		return signup_mail_sent(cx, id);
	if (reply->status == 400 || (reply->status == 422 && !str_equal(name, "invalid_from_address")))
		return give_up(cx, job, id, reply->status, name);
	if (reply->status == 408 || reply->status == 409 || reply->status / 100 != 4)
		return upstream_error(cx, reply->status, reply->body, reply->retry_after_ms);
	return sending_later(cx, job, MEND_MS, why);
}

static struct err *send_mail(struct ctx *cx, struct job *job, const struct signup_mail *to)
{
	struct http_reply reply;

	TRY(post(cx, to, &reply));
	if (reply.status / 100 != 2)
		return refused(cx, job, to->id, &reply);
	TRY(signup_mail_sent(cx, to->id));
	LOG(LOG_INFO, cx, "mail_sent", F_STR("signup", to->id), F_INT("ms", reply.took_ms));
	return NULL;
}

/* Whose turn it is on the new day is a matter of luck: who filled the day before with sign-ups does
 * not fill the next one first. */
static struct err *take_place(struct ctx *cx, struct job *job)
{
	uint64_t ms;
	bool     is_granted;

	TRY(signup_mail_count(cx, job->key, values.daily_messages, &is_granted, &ms));
	if (!is_granted)
		return sending_later(cx, job, ms + crypto_random_below(SPREAD_MS),
		                     "the day's mails are sent (MAIL_DAILY_MESSAGES)");
	return sending_wait_turn(cx, job, CHANNEL, (unsigned)values.interval_ms);
}

/* Sent already, bounced, decided or refused meanwhile: nothing is left to do. */
static struct err *confirm_mail(struct ctx *cx, struct job *job)
{
	struct signup_mail to;
	bool               is_found;

	if (str_is_blank(values.api_key))
		return sending_later(cx, job, WAIT_MS, "waiting for RESEND_API_KEY");
	if (str_is_blank(values.from))
		return sending_later(cx, job, WAIT_MS, "waiting for MAIL_FROM");
	if (!vault_has_key())
		return sending_later(cx, job, WAIT_MS, "waiting for SCRIBE_DATA_KEY");
	if (!job->key || !str_is_uuid(job->key))
		return job_hopeless(job, err_new(cx, ERR_INTERNAL, WHERE, "the job names no sign-up"));
	TRY(take_place(cx, job));
	TRY(signup_for_mail(cx, job->key, ACTOR, &to, &is_found));
	if (!is_found || !to.is_wanted)
		return NULL;
	return send_mail(cx, job, &to);
}

static struct err *place_mailboxes(struct ctx *cx, struct job *job)
{
	const char *last_id = "00000000-0000-0000-0000-000000000000";
	bool        is_over = false;

	if (!vault_has_key())
		return sending_later(cx, job, WAIT_MS, "waiting for SCRIBE_DATA_KEY");
	while (!is_over) {
		TRY(mailboxes_place(cx, PLACE_BATCH, &last_id, &is_over));
		TRY(job_extend(cx, job));
	}
	return NULL;
}

const struct job_kind mail_jobs[MAIL_JOBS] = {
	{"confirm_mail", LEASE_MS, 0, confirm_mail},
	{"place_mailboxes", LEASE_MS, 0, place_mailboxes},
};
