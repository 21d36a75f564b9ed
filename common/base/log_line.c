/* log_line.c -- JSON lines, each built in one buffer and written by one call. */
#include "log_line.h"

#include "clock.h"

#include <unistd.h>

static const char    *program_name = "scribe";
static enum log_level lowest_level = LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_setup(const char *program, enum log_level lowest)
{
	program_name = program;
	lowest_level = lowest;
}

/* Two bytes stay free for the closing brace and the line end. */
static void put(struct log_line *l, const char *s, size_t n)
{
	size_t room = sizeof(l->text) - 2 - l->len;

	if (n > room)
		n = room;
	memcpy(l->text + l->len, s, n);
	l->len += n;
}

static void put_escaped(struct log_line *l, const char *s)
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

void log_line_str(struct log_line *l, const char *key, const char *value)
{
	if (!value || l->len + strlen(key) + 32 > sizeof(l->text))
		return;
	put(l, ",\"", 2);
	put(l, key, strlen(key));
	put(l, "\":\"", 3);
	put_escaped(l, value);
	put(l, "\"", 1);
}

void log_line_int(struct log_line *l, const char *key, int64_t value)
{
	char text[64];
	int  n = snprintf(text, sizeof(text), "\":%lld", (long long)value);

	if (l->len + strlen(key) + 64 > sizeof(l->text))
		return;
	put(l, ",\"", 2);
	put(l, key, strlen(key));
	put(l, text, (size_t)n);
}

bool log_wants(enum log_level level)
{
	return level >= lowest_level;
}

void log_line_start(struct log_line *l, enum log_level level, const char *event)
{
	char now[25];

	clock_format_utc(clock_unix_ms(), now);
	l->len = 0;
	put(l, "{\"ts\":\"", 7);
	put(l, now, strlen(now));
	put(l, "\"", 1);
	log_line_str(l, "level", level_names[level]);
	log_line_str(l, "program", program_name);
	log_line_str(l, "event", event);
}

void log_line_write(struct log_line *l)
{
	l->text[l->len++] = '}';
	l->text[l->len++] = '\n';
	if (write(STDERR_FILENO, l->text, l->len) < 0)
		return; /* nobody reads the log; there is nowhere to say so */
}
