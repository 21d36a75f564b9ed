/* slack.c -- one message per session, at Slack's pace.
 *
 * What an answer means (their document of webhook errors; bodies are plain words):
 *   200        delivered
 *   429        everybody slows down as asked, the attempt does not count
 *   5xx, 408   not posted: again, counted
 *   403 404 410 the hook or its channel is gone: an operator's to mend; buried with the word
 *   other 4xx  our message is wrong: buried
 *   3xx        never followed: buried
 *   no answer  uncertain, unless the connection was never made */
#include "slack.h"

#include "../base/json_out.h"
#include "../base/log.h"
#include "../base/vault.h"
#include "../domain/letters/slack_text.h"
#include "../engines/upstream.h"
#include "sending.h"
#include "../store/alerts.h"
#include "../store/leads.h"

#define ACTOR     "slack_lead"
#define CHANNEL   "slack"
#define HOST      "hooks.slack.com"
#define LEASE_MS  60000u
#define RECORD_MS 5000u  /* for writing down how it ended */
#define WAIT_MS   60000u /* for a setting */
#define WORD_MAX  64u

#define ID_PATTERN "{id}"
#define DOUBT      "uncertain: " /* how a job begins to say so, which scripts/jobs shows */

static struct slack_values {
	const char *webhook_url, *hosts, *admin_url;
	int64_t     interval_ms, timeout_ms;
} values;

static const struct cfg_key keys[] = {
	CFG_KEY_URL(slack_values, admin_url, "SCRIBE_ADMIN_URL",
                .help = "pages for operators; messages link to .../sessions/<id>, or where it "
                        "has {id} for the id"),
	CFG_KEY_LIST(slack_values, hosts, "SLACK_HOSTS",
                 .help = "hosts besides hooks.slack.com that messages may be posted to"),
	CFG_KEY_INT(slack_values, interval_ms, "SLACK_INTERVAL_MS", .fallback = "1000", .min = 0,
                .max = 600000, .help = "pause between two messages, of all workers together"),
	CFG_KEY_INT(slack_values, timeout_ms, "SLACK_TIMEOUT_MS", .fallback = "10000", .min = 100,
                .max = 45000, .help = "how long Slack may take to answer"),
	CFG_KEY_URL(slack_values, webhook_url, "SLACK_WEBHOOK_URL", .flags = CFG_SECRET,
                .help = "where leads are announced; messages wait while it is unset"),
};
const struct cfg_group slack_settings = {"Slack", &values, keys, COUNT(keys)};

/* ---- where to ---- */

static bool is_listed(struct span host, const char *hosts)
{
	struct span rest = hosts ? span_of(hosts) : SPAN(""), item;

	if (span_equal_nocase(host, SPAN(HOST)))
		return true;
	while (cfg_next_item(&rest, &item))
		if (span_equal_nocase(host, item))
			return true;
	return false;
}

static bool is_this_machine(struct span host)
{
	unsigned a, b, c, d;
	char     text[16], rest;

	if (span_equal_nocase(host, SPAN("localhost")) || span_equal(host, SPAN("[::1]")))
		return true;
	if (host.len >= sizeof(text))
		return false;
	memcpy(text, host.ptr, host.len);
	text[host.len] = '\0';
	/* NOLINTNEXTLINE(cert-err34-c): three digits are in range */
	return sscanf(text, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &rest) == 4 && a == 127 && b < 256 &&
	       c < 256 && d < 256;
}

/* The host between "://" and the port or path. A user name would hide another host. */
static bool host_in(struct span after_scheme, struct span *out)
{
	size_t n = strcspn(after_scheme.ptr, "/?#");

	if (memchr(after_scheme.ptr, '@', n) || memchr(after_scheme.ptr, '\\', n))
		return false;
	*out = (struct span){after_scheme.ptr, n};
	for (size_t i = n; i > 0; i--) {
		if (after_scheme.ptr[i - 1] == ']')
			break;
		if (after_scheme.ptr[i - 1] == ':') {
			out->len = i - 1;
			break;
		}
	}
	return out->len > 0;
}

bool slack_url_is_allowed(const char *url, const char *hosts)
{
	struct span whole = span_of(url), host;
	bool        is_https = span_starts_nocase(whole, SPAN("https://"));

	if (!is_https && !span_starts_nocase(whole, SPAN("http://")))
		return false;
	if (!host_in(span_of(url + (is_https ? 8 : 7)), &host))
		return false;
	return is_this_machine(host) || (is_https && is_listed(host, hosts));
}

/* ---- the message ---- */

static const char *link_of(struct ctx *cx, const char *session_id)
{
	const char *at;

	if (str_is_blank(values.admin_url))
		return NULL;
	at = strstr(values.admin_url, ID_PATTERN);
	if (at)
		return arena_printf(cx->arena, "%.*s%s%s", (int)(at - values.admin_url), values.admin_url,
		                    session_id, at + strlen(ID_PATTERN));
	return upstream_url(cx, values.admin_url, "",
	                    arena_printf(cx->arena, "/sessions/%s", session_id));
}

static struct err *message_of(struct ctx *cx, const struct lead *lead, struct span *out)
{
	return slack_text_lead(cx,
	                       &(struct slack_lead){
							   .score = lead->score,
							   .priority = lead->priority,
							   .intent = lead->intent,
							   .reasons = lead->reasons,
							   .reasons_n = lead->reasons_n,
							   .extract = lead->extract,
							   .session_id = lead->session_id,
							   .link = link_of(cx, lead->session_id),
						   },
	                       out);
}

/* Slack's plain word for what went wrong; "" for anything that could be prose. */
static const char *word_in(struct ctx *cx, struct span body)
{
	struct span word = span_trim(body);

	for (size_t i = 0; i < word.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz_", word.ptr[i]))
			return "";
	return word.len <= WORD_MAX ? arena_strndup(cx->arena, word.ptr, word.len) : "";
}

static struct err *refused(struct ctx *cx, struct job *job, const struct http_reply *reply)
{
	struct err *e = err_new(cx, ERR_UPSTREAM_REJECTED, WHERE, "Slack refuses: status %d %s",
	                        reply->status, word_in(cx, reply->body));
	bool        may_pass = reply->status == 408 || reply->status >= 500;

	TRY(alert_end(cx, job->key, may_pass || reply->status == 429 ? ALERT_WAITING : ALERT_REFUSED));
	if (reply->status == 429)
		return sending_slow_down(cx, job, CHANNEL, reply);
	e->retry_after_ms = reply->retry_after_ms;
	return may_pass ? e : job_hopeless(job, e);
}

static struct err *unanswered(struct ctx *cx, struct job *job, struct err *e)
{
	TRY(alert_end(cx, job->key, e->uncertain ? ALERT_UNCERTAIN : ALERT_WAITING));
	if (!e->uncertain)
		return e;
	return job_hopeless(job, err_new(cx, ERR_UPSTREAM, WHERE,
	                                 DOUBT "Slack did not answer: the message may have been "
	                                       "delivered and is not sent again (%s)",
	                                 e->detail));
}

static struct err *post(struct ctx *cx, struct job *job, struct span message)
{
	struct http_reply reply;

	struct http_call call = {
		.url = values.webhook_url,
		.headers = (const char *const[]){"Content-Type: application/json", NULL},
		.body = message,
		.limits = {.total_ms = (unsigned)values.timeout_ms},
		.is_once = true,
	};
	struct err *e = http_do(cx, &call, &reply);

	sending_count("slack post", &reply, e);
	/* What became of it must be recorded even when the time is over. */
	ctx_detach(cx, RECORD_MS);
	if (e)
		return unanswered(cx, job, e);
	if (reply.status / 100 != 2)
		return refused(cx, job, &reply);
	LOG(LOG_INFO, cx, "slack_sent", F_INT("ms", reply.took_ms));
	return alert_end(cx, job->key, ALERT_SENT);
}

/* Whoever died while sending it could not say so. */
static struct err *not_again(struct ctx *cx, struct job *job, enum alert_state state)
{
	if (state == ALERT_SENT)
		return NULL;
	TRY(alert_end(cx, job->key, ALERT_UNCERTAIN));
	return job_hopeless(job, err_new(cx, ERR_UPSTREAM, WHERE,
	                                 DOUBT "an earlier attempt may have delivered the message; "
	                                       "it is not sent again"));
}

static struct err *announce(struct ctx *cx, struct job *job)
{
	struct lead      lead;
	struct span      message;
	enum alert_state state;
	bool             is_found, may_send;

	TRY(sending_wait_turn(cx, job, CHANNEL, (unsigned)values.interval_ms));
	TRY(lead_of_session(cx, job->key, ACTOR, &lead, &is_found));
	if (!is_found)
		return NULL;
	TRY(message_of(cx, &lead, &message));
	TRY(alert_begin(cx, job->key, job->attempt, &may_send, &state));
	return may_send ? post(cx, job, message) : not_again(cx, job, state);
}

static struct err *slack_lead(struct ctx *cx, struct job *job)
{
	if (str_is_blank(values.webhook_url))
		return sending_unset(cx, job, "SLACK_WEBHOOK_URL");
	if (!slack_url_is_allowed(values.webhook_url, values.hosts))
		return sending_later(cx, job, WAIT_MS,
		                     "SLACK_WEBHOOK_URL is not https to " HOST
		                     " or to a host of SLACK_HOSTS");
	if (!job->key || !str_is_uuid(job->key))
		return job_hopeless(job, err_new(cx, ERR_INTERNAL, WHERE, "the job names no session"));
	return announce(cx, job);
}

const struct job_kind slack_jobs[1] = {
	{.name = "slack_lead", .lease_ms = LEASE_MS, .run = slack_lead},
};
