/* log.h -- one JSON object per line on stderr; ids come from the unit of work.
 *
 * Event names are fixed words ("llm_fallback"), never built from data. What a
 * person said or typed is never logged: log its length. Thread-safe: a line is
 * one write. What is logged as LOG_ERROR is counted, too (error_count.h). */
#ifndef LOG_H
#define LOG_H

#include "log_line.h"

struct ctx;
struct err;

struct log_field {
	const char *key;
	enum { LF_STR, LF_INT } type;
	union {
		const char *s;
		int64_t     i;
	} v;
};
#define F_STR(k, x) ((struct log_field){(k), LF_STR, {.s = (x)}})
#define F_INT(k, x) ((struct log_field){(k), LF_INT, {.i = (int64_t)(x)}})

/* cx may be NULL outside a unit of work. Fields beyond 4 kB of line are cut. */
void log_event(enum log_level level, const struct ctx *cx, const char *event,
               const struct log_field *fields, size_t n);
#define LOG(level, cx, event, ...) \
	log_event((level), (cx), (event), (const struct log_field[]){__VA_ARGS__}, \
	          COUNT(((const struct log_field[]){__VA_ARGS__})))

/* An error with its code, detail and place. */
void log_err(enum log_level level, const struct ctx *cx, const char *event, const struct err *e);

#endif
