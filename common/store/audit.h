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
 *               nothing that it does not tell)
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

#endif
