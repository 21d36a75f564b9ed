/* reading.h -- what is known of a message before it is answered. */
#ifndef READING_H
#define READING_H

#include "../lead/extract.h"
#include "act.h"

struct reading {
	enum act    act;            /* what it does */
	bool        is_in_distress; /* a moment ago, and the visitor has not turned to other things */
	const char *distress_line;  /* what is said to somebody in danger, in their language */
	/* Of the visitor before this message, earlier sessions included; NULL: nothing. */
	const struct extract *known;
};

#endif
