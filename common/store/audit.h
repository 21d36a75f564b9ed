/* audit.h -- the audit_log table: who read or changed contact data. Append-only.
 *
 * A row is written, in the same statement, where contact data
 *   changes     agent_reply (the name, the address or the permission is new or another; copying
 *               what was known into the next extract is no change), collect_email, save_memory
 *               (somebody saves a memory that has to be sealed; a job masks what was written
 *               before a name was known), summarize_session (a summary that has to be sealed)
 *   is opened for somebody who is not the visitor: scripts/leads, scripts/session, the Slack
 *               message, the mail; scripts/admin list and auth, of people, with the service key;
 *               rest, one row for each request (of the database's own making: hidden_of() gives
 *               nothing that it does not tell); the log itself, of whose account each look was
 *   is sealed anew or deleted: scripts/rotate-key (per batch), scripts/forget
 * No row is written where the visitor's own words are opened for their own conversation: the
 * history and the memories of a turn, recall_memories, the utterances a job remembers or
 * summarises. That would be a row for every turn, and tell nothing of anybody else. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "../base/ctx.h"

struct audit_entry {
	const char *actor;      /* a program's name, or a person at a terminal: "operator:dana" */
	const char *action;     /* "contact_read", "contact_changed", ... */
	const char *subject;    /* "email_signups:<id>"; never the data itself */
	const char *session_id; /* NULL: about no session */
};

/* Contact data may be used only after this has succeeded. */
struct err *audit_write(struct ctx *cx, const struct audit_entry *in) CHECKED;

/* A row of it, for people. */
struct audit_told {
	int64_t     id;
	const char *at;         /* ISO 8601 in UTC */
	const char *actor;      /* as above, or "person:<id>", "service_role", "link" */
	const char *name;       /* of that person, or who made that link; NULL: none is known */
	const char *email;      /* theirs; NULL: they are gone, or it does not open */
	const char *action;     /* as above */
	const char *subject;    /* a table, or a row of it */
	const char *session_id; /* NULL: about none, or about several */
	const char *rows;       /* how many were seen or changed; NULL: that is not told */
	const char *asked;      /* which: conditions, with contact data masked, or a name; NULL: none */
};

struct audit_wish {
	int64_t     most;       /* 200 at most */
	int64_t     before;     /* older than this row; INT64_MAX: the newest */
	const char *session_id; /* what names it, alone or among others; NULL: all */
};

/* The newest ones first. For owner and admin, in a transaction that has said who asks (access.h),
 * which tells the log of it. */
struct err *audit_read(struct ctx *cx, const struct audit_wish *wish, const struct audit_told **out,
                       size_t *n_out) CHECKED;

#endif
