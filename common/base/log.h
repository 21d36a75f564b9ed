/* log.h -- one JSON object per line on stderr; ids come from the unit of work.
 *
 * Event names are fixed words ("llm_fallback"), never built from data. What a
 * person said or typed is never logged: log its length. Thread-safe: a line is
 * one write. */
#ifndef LOG_H
#define LOG_H

#include "base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

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

/* Name on every line, and the lowest level written. Call before threads start. */
void log_setup(const char *program, enum log_level lowest);

/* cx may be NULL outside a unit of work. Fields beyond 4 kB of line are cut. */
void log_event(enum log_level level, const struct ctx *cx, const char *event,
               const struct log_field *fields, size_t n);
#define LOG(level, cx, event, ...) \
	log_event((level), (cx), (event), (const struct log_field[]){__VA_ARGS__}, \
	          COUNT(((const struct log_field[]){__VA_ARGS__})))

/* An error with its code, detail and place. */
void log_err(enum log_level level, const struct ctx *cx, const char *event, const struct err *e);

/* Start-up and out of memory only: writes the sentence and ends the process. */
_Noreturn void log_fatal(const char *fmt, ...) PRINTF(1, 2);

#endif
