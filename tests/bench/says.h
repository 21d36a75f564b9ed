/* says.h -- what the played services answer: bytes of HTTP/1.1, and nothing of when. */
#ifndef BENCH_SAYS_H
#define BENCH_SAYS_H

#include "loop.h"

/* A reply, its own text for each number: so many words in so many sentences. Where there is a tag
 * it is the second word of each. */
struct reply {
	uint64_t    number;
	unsigned    tokens, sentences;
	struct span tag;
};

/* A streamed chat answer in three steps. */
void say_stream_begin(struct bytes *out, const struct reply *reply);
void say_stream_token(struct bytes *out, const struct reply *reply, unsigned n);
void say_stream_end(struct bytes *out, const struct reply *reply);

/* The word that tells whose request this is: the last one that begins with "zq"; len 0: none. */
struct span tag_in(struct span request);

/* The forced call that the request asks for, whole. */
void say_call(struct bytes *out, uint64_t number, struct span request);

/* The head for the audio of the request's text; the audio itself lives as long as the program. */
struct span say_speech(struct bytes *out, struct span request);

/* The vectors of the request's texts; how many. */
unsigned say_embeddings(struct bytes *out, struct span request);

void say_json(struct bytes *out, const struct bytes *body);
void say_not_found(struct bytes *out);

/* Where a text stands in the request; NULL: nowhere. */
const char *find(struct span in, const char *what);

#endif
