/* lead.h -- learning who is talking, beside the reply.
 *
 * A model is asked for structured data while another call makes the reply (a
 * model that picks a tool returns no text). What it claims must be supported
 * by the visitor's own words; rules serve when it does not answer. */
#ifndef LEAD_H
#define LEAD_H

#include "../../common/domain/lead/rule_extract.h"
#include "../../common/store/turns.h"

extern const struct cfg_group lead_settings;

struct lead_search; /* lives in the arena */

/* Starts looking at the conversation with this message: a model at as much of it as fits into
 * `budget_tokens`, rules at the whole. */
struct lead_search *lead_start(struct ctx *cx, const struct turn *turn, const char *message,
                               size_t budget_tokens) NEVER_NULL;

/* What rules have found, at once: whoever answers without a model answers that. */
const struct rule_told *lead_told(const struct lead_search *search) NEVER_NULL;

/* What is known now, earlier turns included; NULL: nothing. Waits for the model at most EXTRACT_MS
 * after the start, and not beyond `until`: then rules serve. Where the reply is `by_rules`, what it
 * takes up stays, whatever a model thinks. */
const struct turn_lead *lead_join(struct ctx *cx, struct lead_search *search, bool by_rules,
                                  struct deadline until);

/* The same from rules alone, at once: of a turn that is broken off no model is waited for. */
const struct turn_lead *lead_by_rules(struct ctx *cx, struct lead_search *search);

#endif
