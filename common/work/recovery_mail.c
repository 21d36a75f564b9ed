/* recovery_mail.c -- sending somebody the link by which they set a password. */
#include "recovery_mail.h"

#include "../base/log.h"
#include "../store/audit.h"
#include "../store/people.h"
#include "letter.h"
#include "signed_link.h"

#define ACTOR     RECOVERY_JOB
#define PURPOSE   "recovery_link"
#define LEASE_MS  60000u
#define PAGE_PATH "/auth/v1/verify?type=recovery&token="

struct err *recovery_of_token(struct ctx *cx, struct span token, struct recovery *out,
                              bool *found_out)
{
	struct signed_link link;

	*found_out = false;
	if (!signed_link_read(cx, PURPOSE, token, &link))
		return NULL;
	return recovery_look(cx, link.id, out, found_out);
}

/* Of a mail that waits for a setting the link is good for what is left of its time. */
static unsigned minutes_left(const struct recovery *r)
{
	int64_t seconds = r->ends_at - clock_unix_ms() / 1000;

	return seconds > 60 ? (unsigned)((seconds + 59) / 60) : 1;
}

static struct err *send_link(struct ctx *cx, struct job *job, const struct recovery *r,
                             const char *email)
{
	const char      *token = signed_link_token(cx, PURPOSE, r->id, r->ends_at);
	struct letter    letter = {.to = email, .key = arena_printf(cx->arena, "recovery-%s", r->id)};
	uint64_t         start_ms = clock_mono_ms();
	enum letter_fate fate;
	struct err      *why;

	if (!token)
		FAIL(cx, ERR_UNAVAILABLE, "SCRIBE_DATA_KEY is not set: no link can be signed");
	mail_text_recovery(cx, mail_url(cx, arena_printf(cx->arena, PAGE_PATH "%s", token)),
	                   minutes_left(r), &letter.text);
	TRY(letter_send(cx, job, &letter, &fate, &why));
	if (fate == LETTER_REFUSED)
		return job_hopeless(job, why);
	TRY(recovery_sent(cx, r->id));
	if (fate == LETTER_SENT)
		LOG(LOG_INFO, cx, "mail_sent", F_STR("recovery", r->id),
		    F_INT("ms", clock_mono_ms() - start_ms));
	return NULL;
}

static struct err *recovery_mail(struct ctx *cx, struct job *job)
{
	struct recovery r;
	struct member   member;
	bool            is_found;

	TRY(letter_can_go(cx, job));
	if (!job->key || !str_is_uuid(job->key))
		return job_hopeless(job, err_new(cx, ERR_INTERNAL, WHERE, "the job names no recovery"));
	TRY(letter_wait_turn(cx, job));
	TRY(recovery_look(cx, job->key, &r, &is_found));
	if (!is_found || !r.is_open)
		return NULL;
	TRY(people_by_id(cx, r.person, &member, &is_found));
	if (!is_found)
		return NULL;
	TRY(audit_write(cx,
	                &(struct audit_entry){ACTOR, "contact_read",
	                                      arena_printf(cx->arena, "people:%s", member.id), NULL}));
	return send_link(cx, job, &r, member.email);
}

const struct job_kind recovery_jobs[RECOVERY_JOBS] = {
	{.name = RECOVERY_JOB, .lease_ms = LEASE_MS, .run = recovery_mail},
};
