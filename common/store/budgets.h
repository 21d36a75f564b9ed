/* budgets.h -- the chat_budgets table: what one caller may ask of models in a day (UTC). */
#ifndef STORE_BUDGETS_H
#define STORE_BUDGETS_H

#include "../base/cfg.h"
#include "../base/crypto.h"
#include "../base/ctx.h"

extern const struct cfg_group budget_settings;

/* Whose budget it is; neither id nor address is kept. */
struct hash budget_of_session(const char *session_id); /* in any case of its letters */
struct hash budget_of_address(const char *address);

/* One request taken from a budget. */
struct budget {
	struct hash caller;
	const char *day; /* it was taken from; NULL: budgets are off */
};

/* Counts one request before it is made. ERR_RATE until midnight UTC when the
 * requests or the tokens of the day are used up. Requests that run beside each
 * other are all let through while any token is left. */
struct err *budget_take(struct ctx *cx, struct hash caller, struct budget *out) CHECKED;

/* Adds the tokens a request that was taken has cost, to the day it began. */
struct err *budget_charge(struct ctx *cx, const struct budget *b, int64_t tokens) CHECKED;

#endif
