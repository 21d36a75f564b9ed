/* topics.h -- topics by their names, and who is in each. Of the thread that serves. */
#ifndef TOPICS_H
#define TOPICS_H

#include "channels.h"

/* The channel is in its topic from now on; false where that is full. */
bool topic_enter(struct channel *c) CHECKED;

/* And not any more; a topic without members goes. */
void topic_leave(struct channel *c);

#endif
