/* rest_query.h -- PostgREST's query strings: which columns, which rows, in which order.
 *
 *   select=id,text  or *        col=op.value, col=not.op.value   order=col.desc.nullslast,...
 *   limit=n  offset=n           op: eq neq gt gte lt lte like ilike is in
 *
 * What else PostgREST knows (other tables inside of rows, aliases, casts, members of JSON, trees of
 * conditions, functions) is refused in words, never passed over: a condition that is not understood
 * must not show more rows. */
#ifndef REST_QUERY_H
#define REST_QUERY_H

#include "../../common/base/ctx.h"
#include "../../common/store/tables.h"

/* ERR_INPUT, with PostgREST's code and why, when it is not one of the above. All texts in *out are
 * valid UTF-8 and values of their columns' types. */
struct err *rest_query_parse(struct ctx *cx, struct span query, const struct table *table,
                             struct table_query *out) CHECKED;

/* "0-24" of a Range header: limit and offset, where the query told neither. */
struct err *rest_range_parse(struct ctx *cx, const char *range, struct table_query *in_out) CHECKED;

#endif
