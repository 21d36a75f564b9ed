/* abbreviation.h -- words that are written with a full stop which ends no sentence. */
#ifndef ABBREVIATION_H
#define ABBREVIATION_H

#include "../../base/str.h"

enum abbreviation {
	ABBREVIATION_NONE,
	ABBREVIATION_INNER,  /* never the last word of a sentence: "Dr.", "bzw." */
	ABBREVIATION_OUTER,  /* may be: "Inc.", "usw.", "U.S." */
	ABBREVIATION_COUNTED /* one before a number only: "No. 5", "max. 3" */
};

/* What the word is when a full stop follows it; without that stop, in any case. How it is said goes
 * to *said_out (may be NULL), which stays as it is when that is as it is written. */
enum abbreviation abbreviation_of(struct span word, struct span *said_out);

#endif
