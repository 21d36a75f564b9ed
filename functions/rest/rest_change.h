/* rest_change.h -- the body of a PATCH: what rows are to become. */
#ifndef REST_CHANGE_H
#define REST_CHANGE_H

#include "../../common/store/table_query.h"
#include "../../common/web/req.h"

/* An object of columns that people may write, each with a text that fits or null.
 * ERR_INPUT where it is none. */
struct err *rest_change_read(struct req *rq, const struct table *table,
                             struct table_change *out) CHECKED;

#endif
