/* answer.h -- reads an answer of HTTP/1.1 as it comes, piece by piece. */
#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include "loop.h"

#define ANSWER_HEAD_MAX   8192
#define ANSWER_STATUS_MAX 600u

enum answer_part {
	ANSWER_HEAD,
	ANSWER_LENGTH, /* the body, whose length was told */
	ANSWER_CHUNK_SIZE,
	ANSWER_CHUNK,
	ANSWER_CHUNK_END,
	ANSWER_TRAILER,
	ANSWER_UNTIL_CLOSE,
	ANSWER_WHOLE,
};

/* Zeroed, with on_body and data, it waits for an answer. */
struct answer {
	void (*on_body)(const char *piece, size_t len, void *data);
	void            *data;
	enum answer_part part;
	unsigned         status;
	uint64_t         left; /* bytes of the body or chunk */
	size_t           head_len;
	char             head[ANSWER_HEAD_MAX + 1];
};

/* Waits for the next one. */
void answer_begin(struct answer *a);

/* False: this is not HTTP as we know it, or more came than the answer. */
bool answer_take(struct answer *a, const char *piece, size_t len);

/* The connection can not be used again. */
bool answer_closes(const struct answer *a);

#endif
