/* sequence.h -- do the pieces of a streamed reply's sound come in turn? */
#ifndef BENCH_SEQUENCE_H
#define BENCH_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed it waits for the first piece, wherever the bytes of the answer are cut. */
struct sequence {
	size_t   matched; /* of the text that stands before the two numbers, see sequence.c */
	unsigned seq, part, next_seq, next_part;
	bool     is_broken; /* one came out of turn */
};

/* Looks at more of the answer. Each piece is the next part of the one before, or the first of the
 * next. */
void sequence_take(struct sequence *s, const char *piece, size_t len);

#endif
