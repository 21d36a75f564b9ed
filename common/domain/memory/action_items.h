/* action_items.h -- what somebody is to do after a conversation. */
#ifndef ACTION_ITEMS_H
#define ACTION_ITEMS_H

#include "../../base/ctx.h"
#include "../../base/json_in.h"
#include "../../base/json_out.h"
#include "../text/utterance.h"

enum { ACTION_ITEMS_MAX = 10, ACTION_TEXT_MAX = 240 };

struct action_item {
	const char *text;
	const char *owner;    /* "visitor" or "team" */
	const char *priority; /* "high", "medium" or "low" */
};

/* The newest ACTION_ITEMS_MAX, each text once; an item said again takes the place of
 * the older one. */
struct action_items {
	struct action_item at[ACTION_ITEMS_MAX];
	size_t             n;
};

/* Adds one. The text is cleaned and cut, contact data in it masked, an owner or a
 * priority that is none of ours becomes "team", "medium". A blank text adds nothing. */
void action_add(struct ctx *cx, struct action_items *items, struct span text, const char *owner,
                const char *priority);

/* One of an extract, for the team: "send_proposal" is told as "Send proposal". */
void action_add_followup(struct ctx *cx, struct action_items *items, const char *action,
                         const char *priority);

/* Finds by rules what the speakers asked of each other or promised for later ("could
 * you send me ...", "I'll check with ..."), as they said it. */
void action_items_hear(struct ctx *cx, struct action_items *items, struct utterance_text said);

/* An array of {text, owner, priority}, as stored and as models give it; these also give texts. */
void action_items_write(struct json_out *j, const char *key, const struct action_items *items);
void action_items_read(struct ctx *cx, struct action_items *items, const struct cJSON *array);

#endif
