/* audit.c -- the audit_log table. */
#include "audit.h"

#include "../db/db.h"
#include "common/store/audit_insert.sql.h"

struct err *audit_write(struct ctx *cx, const struct audit_entry *in)
{
	return db_exec(cx, NULL, AUDIT_INSERT_SQL " values ($1, $2, $3, $4::uuid)",
	               ARGS(db_text(in->actor), db_text(in->action), db_text(in->subject),
	                    db_text(in->session_id)));
}
