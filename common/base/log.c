/* log.c -- events of a unit of work as lines of the log. */
#include "log.h"

#include "ctx.h"
#include "error_count.h"

static void write_event(enum log_level level, const struct ctx *cx, const char *event,
                        const struct log_field *fields, size_t n)
{
	struct log_line l;

	if (!log_wants(level))
		return;
	log_line_start(&l, level, event);
	if (cx)
		log_line_str(&l, "request_id", cx->id);
	if (cx && *cx->trace.id)
		log_line_str(&l, "trace_id", cx->trace.id);
	for (size_t i = 0; i < n; i++) {
		if (fields[i].type == LF_STR)
			log_line_str(&l, fields[i].key, fields[i].v.s);
		else
			log_line_int(&l, fields[i].key, fields[i].v.i);
	}
	log_line_write(&l);
}

void log_event(enum log_level level, const struct ctx *cx, const char *event,
               const struct log_field *fields, size_t n)
{
	if (level == LOG_ERROR)
		error_count_add(event, NULL, NULL, cx ? cx->trace.id : NULL);
	write_event(level, cx, event, fields, n);
}

void log_err(enum log_level level, const struct ctx *cx, const char *event, const struct err *e)
{
	const struct log_field fields[] = {F_STR("code", err_code(e->kind)), F_STR("field", e->field),
	                                   F_STR("detail", e->detail), F_STR("where", e->where)};

	if (level == LOG_ERROR)
		error_count_add(event, err_code(e->kind), e->where, cx ? cx->trace.id : NULL);
	write_event(level, cx, event, fields, COUNT(fields));
}
