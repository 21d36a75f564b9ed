/* table_open.h -- rows as people get them: what is sealed opened for who may, masked for others. */
#ifndef STORE_TABLE_OPEN_H
#define STORE_TABLE_OPEN_H

#include "../base/json_out.h"
#include "table_query.h"

/* Writes the rows of table_select() as objects, one behind the other, in its transaction. What is
 * opened is in the audit log then. What does not open is as masked, or null. */
struct err *table_write_rows(struct ctx *cx, const struct table_query *q,
                             const struct db_rows *rows, struct json_out *j) CHECKED;

#endif
