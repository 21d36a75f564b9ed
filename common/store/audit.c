/* audit.c -- the audit_log table. */
#include "audit.h"

#include "../db/db.h"
#include "people.h"
#include "common/store/audit_insert.sql.h"

struct err *audit_write(struct ctx *cx, const struct audit_entry *in)
{
	return db_exec(cx, NULL, AUDIT_INSERT_SQL " values ($1, $2, $3, $4::uuid)",
	               ARGS(db_text(in->actor), db_text(in->action), db_text(in->subject),
	                    db_text(in->session_id)));
}

static struct audit_told read_row(struct ctx *cx, const struct db_rows *rows, int row)
{
	const char *person = row_text(rows, row, 8);

	return (struct audit_told){
		.id = row_int(rows, row, 0),
		.at = row_text(rows, row, 1),
		.actor = row_text(rows, row, 2),
		.action = row_text(rows, row, 3),
		.subject = row_text(rows, row, 4),
		.session_id = row_text(rows, row, 5),
		.rows = row_text(rows, row, 6),
		.asked = row_text(rows, row, 7),
		.name = row_text(rows, row, 9),
		.email = person ? people_address(cx, person, row_text(rows, row, 10)) : NULL,
	};
}

struct err *audit_read(struct ctx *cx, const struct audit_wish *wish, const struct audit_told **out,
                       size_t *n_out)
{
	struct audit_told *told;
	struct db_rows     rows;

	TRY(db_query(cx, &rows,
	             "select entry,"
	             " to_char(told_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
	             " by_whom, what, of_what, of_session, rows_n, asked, person, name, email"
	             " from audit_told($1::int, $2::bigint, $3::uuid)",
	             ARGS(db_int(wish->most), db_int(wish->before), db_text(wish->session_id))));
	told = NEW_ARRAY(cx->arena, struct audit_told, (size_t)rows.count + 1);
	for (int i = 0; i < rows.count; i++)
		told[i] = read_row(cx, &rows, i);
	*out = told;
	*n_out = (size_t)rows.count;
	return NULL;
}
