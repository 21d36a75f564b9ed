/* mode.h -- the seven manners in which the agent speaks. */
#ifndef MODE_H
#define MODE_H

#include "../../base/base.h"

#define MODE_DEFAULT MODE_PROFESSIONAL

/* mode, name in requests and in sessions.current_mode */
#define MODES(X) \
	X(MODE_WILLIAM, "william") \
	X(MODE_ENTREPRENEUR, "entrepreneur") \
	X(MODE_PROFESSIONAL, "professional") \
	X(MODE_MENTOR, "mentor") \
	X(MODE_STORYTELLER, "storyteller") \
	X(MODE_FUTURIST, "futurist") \
	X(MODE_INTERVIEWER, "interviewer")

enum mode {
#define X(mode, name) mode,
	MODES(X)
#undef X
};

/* False when there is no such mode; names are exact. */
bool mode_find(const char *name, enum mode *out);

/* Its name as in requests. */
const char *mode_name(enum mode mode) NEVER_NULL;

/* Who speaks, how, and what it is curious about: the mode's part of the system prompt. */
const char *mode_persona(enum mode mode) NEVER_NULL;

/* Sentences of one reply: 2, performing 4. */
unsigned mode_sentences_max(bool is_performer);

#endif
