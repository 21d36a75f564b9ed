/* turn_leads.h -- what a turn finds out of its visitor, as it is stored. */
#ifndef TURN_LEADS_H
#define TURN_LEADS_H

#include "../store/turns.h"

#define LEAD_BY_RULES "rules" /* who found it, where no model did */

/* What is known of the visitor with what was found now (NULL: nothing), and what that is worth.
 * NULL: nothing is known. */
const struct turn_lead *turn_lead_with(struct ctx *cx, const struct turn *turn,
                                       const struct extract *found, const char *provider);

/* Reads, by rules, what the visitor said in a turn that was broken off before anybody had, and
 * stores what it tells: a turn's words may name who speaks, and be a lead, whatever became of the
 * reply. *was_read_out: there was one, and it is done. */
struct err *turn_lead_of_broken(struct ctx *cx, const char *session_id, bool *was_read_out) CHECKED;

#endif
