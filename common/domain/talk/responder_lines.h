/* responder_lines.h -- what the built-in responder says, by mode.
 *
 * Each line is one sentence. {name}, {who}, {topic}, {amount}, {when} ... stand
 * for what is known; a line that needs something unknown is passed over. Lines
 * agree with singular and plural topics alike. */
#ifndef RESPONDER_LINES_H
#define RESPONDER_LINES_H

#include "mode.h"

/* What the responder walks through, skipping what is known. */
enum slot {
	SLOT_NAME,
	SLOT_WORK,
	SLOT_PROBLEM,
	SLOT_DEPTH,
	SLOT_TIMELINE,
	SLOT_BUDGET,
	SLOT_CONTACT
};
#define SLOTS_N 7

#define LINES_MAX 4 /* of one kind; unused ones are NULL */

struct manner {
	const char *topic[LINES_MAX];   /* takes up {topic} */
	const char *work[LINES_MAX];    /* takes up {who}: role and company */
	const char *plain[LINES_MAX];   /* takes up nothing in particular */
	const char *unknown[LINES_MAX]; /* a question that can not be looked up here */
	const char *advice[LINES_MAX];  /* asked for advice */
	const char *colour[LINES_MAX];  /* one more thought when performing */
	const char *questions[SLOTS_N][2];
	const char *open[LINES_MAX]; /* questions when all slots are filled */
};

/* The lines of a mode. */
const struct manner *manner_of(enum mode mode) NEVER_NULL;

#endif
