/* fatal.c -- the last line of a process. */
#include "fatal.h"

#include "error_count.h"
#include "log_line.h"

#include <stdarg.h>

#define SENTENCE_MAX     1024
#define STATUS_FOR_FATAL 70 /* EX_SOFTWARE */

void fatal(const char *fmt, ...)
{
	char            sentence[SENTENCE_MAX];
	struct log_line l;
	va_list         args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	error_count_add("fatal", NULL, NULL, NULL);
	log_line_start(&l, LOG_ERROR, "fatal");
	log_line_str(&l, "detail", sentence);
	log_line_write(&l);
	exit(STATUS_FOR_FATAL);
}
