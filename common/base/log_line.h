/* log_line.h -- one line of the log: a JSON object, built in place, written by one call.
 *
 * Knows nothing of units of work, so that what ends the process (fatal.h) can
 * speak without an arena. Thread-safe: a line belongs to its thread. */
#ifndef LOG_LINE_H
#define LOG_LINE_H

#include "base.h"

#define LOG_LINE_MAX 4096 /* bytes; what does not fit is cut between fields */

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_line {
	char   text[LOG_LINE_MAX];
	size_t len;
};

/* Name on every line, and the lowest level written. Call before threads start. */
void log_setup(const char *program, enum log_level lowest);

/* Is anything of this level written? */
bool log_wants(enum log_level level);

/* Begins with time, level, program and event. */
void log_line_start(struct log_line *l, enum log_level level, const char *event);

/* One more field. A NULL value is left out. */
void log_line_str(struct log_line *l, const char *key, const char *value);
void log_line_int(struct log_line *l, const char *key, int64_t value);

/* Closes the object and writes it to stderr. */
void log_line_write(struct log_line *l);

#endif
