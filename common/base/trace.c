/* trace.c -- reading, making and writing traceparent. */
#include "trace.h"

#include "clock.h"
#include "crypto.h"
#include "stages.h"

#include <string.h>

#define HEX     "0123456789abcdef"
#define SAMPLED 1 /* of the flags, which are all there are in version 00 */

/* version "-" trace id "-" parent id "-" flags */
#define ID_AT     3u
#define PARENT_AT (ID_AT + TRACE_ID_CHARS + 1)
#define FLAGS_AT  (PARENT_AT + TRACE_SPAN_CHARS + 1)

static void random_hex(char *out, size_t chars)
{
	unsigned char bytes[TRACE_ID_CHARS / 2];

	/* All zeroes mean "none". */
	do {
		crypto_random(bytes, chars / 2);
	} while (!bytes[0]);
	for (size_t i = 0; i < chars / 2; i++) {
		out[2 * i] = HEX[bytes[i] >> 4];
		out[2 * i + 1] = HEX[bytes[i] & 15];
	}
	out[chars] = '\0';
}

/* So many lower case digits, not all of them 0 where `is_id`, and then `end`. */
static bool is_hex(const char *text, size_t chars, bool is_id, const char *end)
{
	return strspn(text, HEX) == chars && (!is_id || strspn(text, "0") < chars) &&
	       strchr(end, text[chars]);
}

/* Version 00 ends behind its flags; of a later one what is known stands where it always has. */
static bool is_well_formed(const char *text)
{
	bool is_00 = strncmp(text, "00-", ID_AT) == 0;

	return strnlen(text, TRACE_PARENT_MAX) == TRACE_PARENT_MAX && is_hex(text, 2, false, "-") &&
	       strncmp(text, "ff", 2) != 0 && is_hex(text + ID_AT, TRACE_ID_CHARS, true, "-") &&
	       is_hex(text + PARENT_AT, TRACE_SPAN_CHARS, true, "-") &&
	       is_hex(text + FLAGS_AT, 2, false, is_00 ? "" : "-");
}

static int flags_of(const char *text)
{
	return (int)(strchr(HEX, text[FLAGS_AT + 1]) - HEX);
}

void trace_begin(struct trace *t, const char *traceparent)
{
	*t = (struct trace){.unix_offset_ms = clock_unix_ms() - (int64_t)clock_mono_ms()};
	trace_span(t->span);
	if (traceparent && is_well_formed(traceparent)) {
		memcpy(t->id, traceparent + ID_AT, TRACE_ID_CHARS);
		memcpy(t->parent, traceparent + PARENT_AT, TRACE_SPAN_CHARS);
		t->is_sampled = flags_of(traceparent) & SAMPLED;
	} else {
		random_hex(t->id, TRACE_ID_CHARS);
		t->is_sampled = stages_are_wanted();
	}
}

void trace_header(const struct trace *t, char out[sizeof("traceparent: ") + TRACE_PARENT_MAX])
{
	*out = '\0';
	if (*t->id)
		snprintf(out, sizeof("traceparent: ") + TRACE_PARENT_MAX, "traceparent: 00-%s-%s-%02x",
		         t->id, t->span, t->is_sampled ? SAMPLED : 0);
}

void trace_span(char out[TRACE_SPAN_CHARS + 1])
{
	random_hex(out, TRACE_SPAN_CHARS);
}
