/* utterance.h -- who said what. */
#ifndef UTTERANCE_H
#define UTTERANCE_H

enum speaker { SPEAKER_VISITOR, SPEAKER_AGENT };

/* One stored utterance. */
struct utterance_text {
	enum speaker speaker;
	const char  *text;
};

#endif
