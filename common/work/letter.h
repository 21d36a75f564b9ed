/* letter.h -- one mail through Resend: where it may go, and what became of it. */
#ifndef LETTER_H
#define LETTER_H

#include "../base/cfg.h"
#include "../domain/letters/mail_text.h"
#include "../store/jobs.h"

extern const struct cfg_group mail_settings;

/* Can mails leave with the settings of now? Else they wait. */
bool mail_can_leave(void);

/* How many mails may leave in a day (UTC); 0: any number. */
int64_t mail_daily_messages(void);

/* The address of one of our own pages: `path` and what follows it. */
const char *mail_url(struct ctx *cx, const char *path) NEVER_NULL;

struct letter {
	const char      *to;
	struct mail_text text;
	const char      *key;         /* the Idempotency-Key: the same for the same letter */
	const char      *unsubscribe; /* where its reader can leave; NULL: nowhere */
};

enum letter_fate {
	LETTER_SENT,
	LETTER_SENT_BEFORE, /* with other words, by the same key */
	LETTER_REFUSED      /* for good: the address will never do */
};

/* Fails, with the job postponed, while a setting is missing without which no mail leaves. */
struct err *letter_can_go(struct ctx *cx, struct job *job) CHECKED;

/* Waits until it may be sent; fails, with the job postponed, when that is too far off. */
struct err *letter_wait_turn(struct ctx *cx, struct job *job) CHECKED;

/* Sends it for the job. What is no fault of the letter postpones the job and is an error. Where it
 * is refused, *why_out says how, for job_hopeless(). */
struct err *letter_send(struct ctx *cx, struct job *job, const struct letter *letter,
                        enum letter_fate *fate_out, struct err **why_out) CHECKED;

#endif
