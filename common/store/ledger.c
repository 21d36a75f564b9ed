/* ledger.c -- the ledger table. */
#include "ledger.h"

#include "common/store/ledger_tell.sql.h"

struct err *ledger_tell(struct ctx *cx, const struct ledger_lines *in, struct db_rows *rows_out)
{
	return db_query(cx, rows_out, LEDGER_TELL_SQL,
	                ARGS(db_text(in->payers), db_text(in->requests), db_text(in->tokens),
	                     db_text(in->characters), db_text(in->audio_ms)));
}
