/* feature_flags.c -- the feature_flags table. */
#include "feature_flags.h"

#include "../db/db.h"

struct err *feature_flags_read(struct ctx *cx, struct flag *out, size_t *n_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select name, salt, share, array_to_string(modes, ','),"
	             "  array_to_string(origins, ',')"
	             " from feature_flags order by name limit $1::int",
	             ARGS(db_int(FLAGS_MAX))));
	*n_out = (size_t)rows.count;
	for (int i = 0; i < rows.count; i++)
		out[i] = (struct flag){.name = row_text(&rows, i, 0),
		                       .salt = row_text(&rows, i, 1),
		                       .share = (unsigned)row_int(&rows, i, 2),
		                       .modes = row_text(&rows, i, 3),
		                       .origins = row_text(&rows, i, 4)};
	return NULL;
}
