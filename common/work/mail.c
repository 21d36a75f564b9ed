/* mail.c -- the confirmation mail and its link. */
#include "mail.h"

#include "../base/log.h"
#include "../base/vault.h"
#include "letter.h"
#include "sending.h"
#include "signed_link.h"
#include "../store/emails.h"
#include "../store/mailboxes.h"

#define ACTOR        "confirm_mail"
#define PURPOSE      "signup_link"
#define LINK_SECONDS (INT64_C(30) * 24 * 3600)
#define LEASE_MS     60000u
#define SPREAD_MS    900000u /* of what waits for a new day */
#define PLACE_BATCH  200
#define PAGE_PATH    "/functions/v1/collect_email?token="

/* ---- the link ---- */

const char *mail_link(struct ctx *cx, const char *signup_id, int64_t expires_at)
{
	const char *token = signed_link_token(cx, PURPOSE, signup_id, expires_at);

	return token ? mail_url(cx, arena_printf(cx->arena, PAGE_PATH "%s", token)) : NULL;
}

bool mail_token_read(struct ctx *cx, struct span token, struct mail_token *out)
{
	struct signed_link link;

	if (!signed_link_read(cx, PURPOSE, token, &link))
		return false;
	*out = (struct mail_token){link.id, link.is_late};
	return true;
}

/* ---- the mail ---- */

static struct err *give_up(struct ctx *cx, struct job *job, const char *id, struct err *why)
{
	TRY(signup_bounced(cx, id, ACTOR));
	return job_hopeless(job, why);
}

static struct err *send_mail(struct ctx *cx, struct job *job, const struct signup_mail *to)
{
	const char      *link = mail_link(cx, to->id, to->queued_at_us / 1000000 + LINK_SECONDS);
	struct letter    letter = {.to = to->email,
	                           .key = arena_printf(cx->arena, "confirm-%s-%lld", to->id,
	                                               (long long)to->queued_at_us),
	                           .unsubscribe = link};
	uint64_t         start_ms = clock_mono_ms();
	enum letter_fate fate;
	struct err      *why;

	mail_text_confirm(cx, to->name, link, &letter.text);
	TRY(letter_send(cx, job, &letter, &fate, &why));
	if (fate == LETTER_REFUSED)
		return give_up(cx, job, to->id, why);
	TRY(signup_mail_sent(cx, to->id));
	if (fate == LETTER_SENT)
		LOG(LOG_INFO, cx, "mail_sent", F_STR("signup", to->id),
		    F_INT("ms", clock_mono_ms() - start_ms));
	return NULL;
}

/* Whose turn it is on the new day is a matter of luck: who filled the day before with sign-ups does
 * not fill the next one first. */
static struct err *take_place(struct ctx *cx, struct job *job)
{
	uint64_t ms;
	bool     is_granted;

	TRY(signup_mail_count(cx, job->key, mail_daily_messages(), &is_granted, &ms));
	if (!is_granted)
		return sending_later(cx, job, ms + crypto_random_below(SPREAD_MS),
		                     "the day's mails are sent (MAIL_DAILY_MESSAGES)");
	return letter_wait_turn(cx, job);
}

/* Sent already, bounced, decided or refused meanwhile: nothing is left to do. */
static struct err *confirm_mail(struct ctx *cx, struct job *job)
{
	struct signup_mail to;
	bool               is_found;

	TRY(letter_can_go(cx, job));
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
		return sending_unset(cx, job, "SCRIBE_DATA_KEY");
	while (!is_over) {
		TRY(mailboxes_place(cx, PLACE_BATCH, &last_id, &is_over));
		TRY(job_extend(cx, job));
	}
	return NULL;
}

const struct job_kind mail_jobs[MAIL_JOBS] = {
	{.name = "confirm_mail", .lease_ms = LEASE_MS, .run = confirm_mail},
	{.name = "place_mailboxes", .lease_ms = LEASE_MS, .run = place_mailboxes, .is_long = true},
};
