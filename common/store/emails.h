/* emails.h -- the email_signups table: who asked to be written to.
 *
 * The address and the name are sealed (vault.h); a keyed hash of the whole
 * address in lower case finds a sign-up again. Everything that reads or changes
 * one writes the audit log in the same statement.
 *
 * Anybody can sign anybody up. So a sign-up is its session's (session_id) only once the address was
 * confirmed; before, the session is who made it (made_by), and it is nobody's when several gave
 * the same address. What a mail may be sent to is a matter of the mailbox (mailboxes.h). */
#ifndef STORE_EMAILS_H
#define STORE_EMAILS_H

#include "../base/crypto.h"
#include "../base/ctx.h"

/* What makes two addresses one. False without a data key. */
bool email_hash(struct ctx *cx, const char *address, struct hash *out) CHECKED;

struct signup_new {
	const char *email; /* normalised (contact.h) */
	const char *name;  /* NULL: not told */
	const char *signup_type;
	const char *session_id; /* of a checked session, which has told this of itself; NULL: none */
};

struct signup {
	const char *id;
	bool        is_new;
	bool        is_mailed; /* a mail was queued with it */
};

/* One statement: the sign-up or the one that was there, the mail's job unless the mailbox wants
 * none or one was queued for it in the last seven days, the session's columns, the audit log.
 * ERR_UNAVAILABLE without a data key: contact data is never stored in plain. */
struct err *signup_record(struct ctx *cx, const struct signup_new *in, struct signup *out) CHECKED;

/* What a mail is made of; the same as long as queued_at_us is. */
struct signup_mail {
	const char *id, *email;
	const char *name;         /* NULL: not told */
	int64_t     queued_at_us; /* since 1970 */
	bool        is_wanted;    /* not sent yet, nothing was decided, and the mailbox takes mail */
};

/* Opens the contact data for `actor`. *found_out is false when the sign-up is gone;
 * ERR_INTERNAL when it does not open with the keys there are. */
struct err *signup_for_mail(struct ctx *cx, const char *id, const char *actor,
                            struct signup_mail *out, bool *found_out) CHECKED;

/* A place in the total of the day (UTC) for the sign-up's mail, which keeps it; at most `per_day`
 * of them, 0: any number. Not granted: *wait_ms_out until the next day. */
struct err *signup_mail_count(struct ctx *cx, const char *id, int64_t per_day, bool *granted_out,
                              uint64_t *wait_ms_out) CHECKED;

/* The mail service has taken it. */
struct err *signup_mail_sent(struct ctx *cx, const char *id) CHECKED;

/* The mail service will never take this address. */
struct err *signup_bounced(struct ctx *cx, const char *id, const char *actor) CHECKED;

/* What the owner of the address has decided so far. */
enum signup_standing { SIGNUP_OPEN, SIGNUP_CONFIRMED, SIGNUP_UNSUBSCRIBED };

/* *found_out is false when the sign-up is gone, unless it was forgotten and its mailbox still wants
 * no mail. Opens no contact data. */
struct err *signup_standing(struct ctx *cx, const char *id, enum signup_standing *out,
                            bool *found_out) CHECKED;

enum signup_decision { SIGNUP_CONFIRM, SIGNUP_UNSUBSCRIBE };

enum signup_found {
	SIGNUP_NONE,
	SIGNUP_THERE,
	SIGNUP_FORGOTTEN /* no address is left, only whether its mailbox takes mail */
};

/* What the owner of the address decides; with it whether the mailbox is written to. */
struct err *signup_decide(struct ctx *cx, const char *id, enum signup_decision decision,
                          enum signup_found *found_out) CHECKED;

#endif
