/* log.c -- JSON lines, each built in one buffer and written by one call. */
#include "log.h"

#include "ctx.h"

#include <stdarg.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

static const char    *program_name = "scribe";
static enum log_level lowest_level = LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

struct line {
	char   text[LINE_MAX_BYTES];
	size_t len;
};

void log_setup(const char *program, enum log_level lowest)
{
	program_name = program;
	lowest_level = lowest;
}

/* Two bytes stay free for the closing brace and the line end. */
static void put(struct line *l, const char *s, size_t n)
{
	size_t room = sizeof(l->text) - 2 - l->len;

	if (n > room)
		n = room;
	memcpy(l->text + l->len, s, n);
	l->len += n;
}

static void put_escaped(struct line *l, const char *s)
{
	for (; *s && l->len < sizeof(l->text) - 16; s++) {
		unsigned char c = (unsigned char)*s;
		char          escaped[8];

		if (c == '"' || c == '\\')
			put(l, (char[]){'\\', (char)c}, 2);
		else if (c >= 0x20 && c < 0x7f)
			put(l, s, 1);
		else
			put(l, escaped, (size_t)snprintf(escaped, sizeof(escaped), "\\u%04x", c));
	}
}

static void put_str(struct line *l, const char *key, const char *value)
{
	if (!value || l->len + strlen(key) + 32 > sizeof(l->text))
		return;
	put(l, ",\"", 2);
	put(l, key, strlen(key));
	put(l, "\":\"", 3);
	put_escaped(l, value);
	put(l, "\"", 1);
}

static void put_int(struct line *l, const char *key, int64_t value)
{
	char text[64];
	int  n = snprintf(text, sizeof(text), "\":%lld", (long long)value);

	if (l->len + strlen(key) + 64 > sizeof(l->text))
		return;
	put(l, ",\"", 2);
	put(l, key, strlen(key));
	put(l, text, (size_t)n);
}

static void start_line(struct line *l, enum log_level level, const struct ctx *cx,
                       const char *event)
{
	char now[25];

	clock_format_utc(clock_unix_ms(), now);
	l->len = 0;
	put(l, "{\"ts\":\"", 7);
	put(l, now, strlen(now));
	put(l, "\"", 1);
	put_str(l, "level", level_names[level]);
	put_str(l, "program", program_name);
	put_str(l, "event", event);
	if (cx)
		put_str(l, "request_id", cx->id);
}

static void end_line(struct line *l)
{
	l->text[l->len++] = '}';
	l->text[l->len++] = '\n';
	if (write(STDERR_FILENO, l->text, l->len) < 0)
		return; /* nobody reads the log; there is nowhere to say so */
}

void log_event(enum log_level level, const struct ctx *cx, const char *event,
               const struct log_field *fields, size_t n)
{
	struct line l;

	if (level < lowest_level)
		return;
	start_line(&l, level, cx, event);
	for (size_t i = 0; i < n; i++) {
		if (fields[i].type == LF_STR)
			put_str(&l, fields[i].key, fields[i].v.s);
		else
			put_int(&l, fields[i].key, fields[i].v.i);
	}
	end_line(&l);
}

void log_err(enum log_level level, const struct ctx *cx, const char *event, const struct err *e)
{
	LOG(level, cx, event, F_STR("code", err_code(e->kind)), F_STR("field", e->field),
	    F_STR("detail", e->detail), F_STR("where", e->where));
}

void log_fatal(const char *fmt, ...)
{
	char    text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	LOG(LOG_ERROR, NULL, "fatal", F_STR("detail", text));
	exit(70); /* EX_SOFTWARE */
}
