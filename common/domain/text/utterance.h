/* utterance.h -- who said what. */
#ifndef UTTERANCE_H
#define UTTERANCE_H

#include "../../base/str.h"

enum speaker { SPEAKER_VISITOR, SPEAKER_AGENT };

/* One stored utterance. */
struct utterance_text {
	enum speaker speaker;
	const char  *text;
	bool         is_in_distress; /* the visitor was: nothing of it is taken down or quoted */
	bool         is_interrupted; /* the agent: the text is only what was heard of it */
	bool         is_unread;      /* the visitor: its turn was broken off before it was read */
};

/* What the visitor said, and to what: the agent's words right before. Empty: none. */
struct exchange {
	struct span asked, said;
};

#endif
