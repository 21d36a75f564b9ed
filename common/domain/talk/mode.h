/* mode.h -- the seven manners in which the agent speaks. */
#ifndef MODE_H
#define MODE_H

#include "../../base/base.h"

#define MODE_DEFAULT MODE_PROFESSIONAL

/* mode, name in requests and in sessions.current_mode, title, manner in a few words */
#define MODES(X) \
	X(MODE_WILLIAM, "william", "William", "Warm, direct and a little dry; thinks out loud.") \
	X(MODE_ENTREPRENEUR, "entrepreneur", "Entrepreneur", \
	  "A founder talking shop: energetic, concrete, after the next step.") \
	X(MODE_PROFESSIONAL, "professional", "Professional", \
	  "A senior adviser in a first meeting: courteous, composed, precise.") \
	X(MODE_MENTOR, "mentor", "Mentor", \
	  "Patient and warm; asks a good question before it answers.") \
	X(MODE_STORYTELLER, "storyteller", "Storyteller", \
	  "Answers in small scenes and vivid, simple images.") \
	X(MODE_FUTURIST, "futurist", "Futurist", \
	  "Looks one step further, without hype, and comes back to today.") \
	X(MODE_INTERVIEWER, "interviewer", "Interviewer", \
	  "Curious and brief: one open question after another.")

/* clang-format off */
enum mode {
#define X(mode, name, title, manner) mode,
	MODES(X)
#undef X
	MODES_N
};
/* clang-format on */

/* False when there is no such mode; names are exact. */
bool mode_find(const char *name, enum mode *out);

/* Its name as in requests. */
const char *mode_name(enum mode mode) NEVER_NULL;

/* For a person who chooses: what it is called, and its manner in a sentence. */
const char *mode_title(enum mode mode) NEVER_NULL;
const char *mode_manner(enum mode mode) NEVER_NULL;

/* Who speaks, how, and what it is curious about: the mode's part of the system prompt. */
const char *mode_persona(enum mode mode) NEVER_NULL;

/* Sentences of one reply: 2, performing 4. */
unsigned mode_sentences_max(bool is_performer);

#endif
