/* flag.h -- whether a feature flag is on for somebody. Pure.
 *
 * Its share counts a hash of its salt and of whose conversation it is (sessions.memory_owner: the
 * visitor where they agreed to be known, else the session): the same answer each time, in every
 * process, and in the database (flag_bucket()). A larger share keeps all that a smaller one had. */
#ifndef FLAG_H
#define FLAG_H

#include "../../base/json_in.h"

#define FLAGS_MAX   32    /* further ones, by name, do not count */
#define FLAG_SHARES 10000 /* all */

/* Flags that the programs themselves know; of all others only pages do, by the answers. */
#define FLAG_WHOLE_FIRST_SENTENCE "whole_first_sentence" /* FIRST_PIECE_CHARS does not count */

struct flag {
	const char *name, *salt;
	unsigned    share;           /* of FLAG_SHARES */
	const char *modes, *origins; /* comma lists; NULL: all */
};

struct flag_who {
	const char         *owner, *mode;
	const char         *origin; /* of the page; NULL: none was told */
	const struct cJSON *forced; /* what an operator wants, an object of booleans; NULL: nothing */
};

/* What is stored of a turn: forced ones stand in no experiment, for nobody drew lots. */
#define FLAG_STATES(X) X(off) X(on) X(forced_off) X(forced_on) X(absent)
enum flag_state {
#define X(word) FLAG_##word,
	FLAG_STATES(X)
#undef X
};

/* From 0 to FLAG_SHARES - 1. */
unsigned flag_bucket(struct arena *a, const char *salt, const char *owner);

/* FLAG_absent: it is not for this mode or origin, whatever the share. */
enum flag_state flag_state(struct arena *a, const struct flag *flag, const struct flag_who *who);

/* As turns.flags has it. */
const char *flag_word(enum flag_state state) NEVER_NULL;

#endif
