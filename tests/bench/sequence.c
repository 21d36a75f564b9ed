/* sequence.c -- a reader of {"seq":N,"part":M, byte by byte. */
#include "sequence.h"

#include <string.h>

/* A '#' takes the digits of a number; what is behind the second one ends it. */
static const char pattern[] = "{\"seq\":#,\"part\":#";
#define SEQ_AT  ((size_t)7)
#define PART_AT (sizeof(pattern) - 2)

static void check(struct sequence *s)
{
	bool is_next_part = s->next_part && s->seq + 1 == s->next_seq && s->part == s->next_part;
	bool is_next_piece = s->seq == s->next_seq && s->part == 0;

	if (!is_next_part && !is_next_piece)
		s->is_broken = true;
	s->next_seq = s->seq + 1;
	s->next_part = s->part + 1;
}

static bool take_digit(struct sequence *s, char c)
{
	unsigned *number = s->matched == SEQ_AT ? &s->seq : &s->part;

	if (pattern[s->matched] != '#' || c < '0' || c > '9')
		return false;
	*number = *number * 10 + (unsigned)(c - '0');
	return true;
}

static void take(struct sequence *s, char c)
{
	if (take_digit(s, c))
		return;
	if (pattern[s->matched] == '#')
		s->matched++;
	if (s->matched > PART_AT) {
		check(s);
		s->matched = 0;
	}
	if (c != pattern[s->matched])
		s->matched = 0;
	if (c == pattern[s->matched])
		s->matched++;
	if (s->matched == SEQ_AT)
		s->seq = s->part = 0;
}

void sequence_take(struct sequence *s, const char *piece, size_t len)
{
	const char *end = piece + len;

	while (piece < end) {
		if (s->matched == 0) /* sound is long, and has no brace */
			piece = memchr(piece, pattern[0], (size_t)(end - piece));
		if (!piece)
			return;
		take(s, *piece++);
	}
}
