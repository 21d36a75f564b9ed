/* audit.h -- the audit_log table: who read or changed contact data. Append-only. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "../base/ctx.h"

struct audit_entry {
	const char *actor;      /* a program's name, or a person at a terminal: "operator:dana" */
	const char *action;     /* "contact_read", "contact_changed", ... */
	const char *subject;    /* "email_signups:<id>"; never the data itself */
	const char *session_id; /* NULL: about no session */
};

/* To write the entry inside a larger statement: actor, action, subject, session_id. */
#define AUDIT_INSERT "insert into audit_log (actor, action, subject, session_id)"

/* Contact data may be used only after this has succeeded. */
struct err *audit_write(struct ctx *cx, const struct audit_entry *in) CHECKED;

#endif
