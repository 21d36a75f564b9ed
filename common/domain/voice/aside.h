/* aside.h -- what stands in brackets or stars and is done, not said: silences, stage directions. */
#ifndef ASIDE_H
#define ASIDE_H

#include "../../base/str.h"

/* Brackets or stars and what is between, at most ASIDE_MAX bytes of one line. */
#define ASIDE_MAX 60
struct aside {
	struct span inside;
	size_t      len;
	char        open;      /* one of ([{<*_ */
	bool        is_strong; /* **so**, [[so]] */
};

/* The one at the front of the text, with a word in it. */
bool aside_at(struct span text, struct aside *out);

/* [pause], [pause:2s], <break time="500ms"/>, (long pause), *pauses*: how long, when it says so
 * (0 for a number that is none); else PAUSE_DEFAULT_MS. `is_apart`: sentences end before it and
 * begin behind it. */
#define PAUSE_DEFAULT_MS 500u
bool aside_is_pause(const struct aside *a, bool is_apart, unsigned *ms_out);

/* *takes a deep breath*, (warmly), [thoughtful look]. By form where it stands apart; inside a
 * sentence only what a voice or a face does. `follows_comma`: "Hmm, *rubs chin* that is hard". */
bool aside_is_direction(const struct aside *a, bool is_apart, bool follows_comma);

#endif
