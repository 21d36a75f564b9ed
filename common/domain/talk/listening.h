/* listening.h -- what a conversation has told the built-in responder. For responder.c only. */
#ifndef LISTENING_H
#define LISTENING_H

#include "chat.h"
#include "mode.h"
#include "reading.h"
#include "recollection.h"
#include "responder_lines.h"

enum { REPLIES_KEPT = 10 };

struct talk {
	struct ctx                    *cx;
	const char                    *system;
	enum mode                      mode;
	const struct reading          *reading;
	struct span                    message; /* the newest */
	const struct extract_entities *known;   /* all that was told */
	const struct extract_entities *now;     /* what the newest message told */
	enum reach                     reach;   /* whom it told how to reach */
	const char                    *phone;   /* their number, if asked for */
	const char                    *titled;  /* the newest message with "Mr" or the like */
	const char                    *replies[REPLIES_KEPT]; /* newest first */
	size_t                         replies_n;
	bool                           was_asked[SLOTS_N], has_money_talk;
	bool                           was_told[SLOTS_N]; /* by its meaning, in no note */
	bool                           has_long_tale;     /* the newest may be of the problem */
	bool                           was_stopped;       /* nothing more is asked */
	bool                           is_question;       /* the newest is, as it is written */
	bool                           asks_our_tongue;   /* "do you speak French?" */
	bool                           has_own_firm;      /* spoke of one, named or not */
	bool                           was_in_distress, was_helped;
	struct recollection            told;
};

/* Walks the conversation once; `t` has its context, mode and reading. */
void listen_to(struct talk *t, const struct chat_message *messages, size_t n);

/* One of the lines of an act or occasion that needs nothing filled in stands in the reply. */
bool listening_says(const struct talk *t, const char *reply, int occasion);

/* Does the reply ask for it? */
bool listening_asks(struct ctx *cx, const char *reply, enum slot slot);

/* What an entity is compared with where nothing is known. */
extern const struct extract_entities listening_nothing;

#endif
