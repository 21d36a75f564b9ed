/* care.c -- what goes on with distress, what has left it, and what is not said in it. */
#include "care.h"

#include "../lead/rule_extract.h"
#include "../lead/rules.h"
#include "talk_words.h"

static bool is_about_other_things(enum act act)
{
	return act == ACT_what_can_you_do || act == ACT_orders || act == ACT_test ||
	       (act >= ACT_consulting_inquiry && act != ACT_advice_request);
}

static bool says_so(struct span message)
{
	return SAYS(message, OTHER_THINGS);
}

static bool tells_of_business(struct ctx *cx, struct span message)
{
	struct exchange       said = {.asked = SPAN(""), .said = message};
	const struct extract *x = rule_extract(cx, &said, 1);

	return x && (x->entities.budget_range || x->entities.org_name);
}

bool care_has_turned(struct ctx *cx, enum act act, struct span message, size_t said_in_distress)
{
	if (act == ACT_distress)
		return false;
	if (says_so(message))
		return true;
	return said_in_distress >= CARE_MESSAGES_MIN &&
	       (is_about_other_things(act) || tells_of_business(cx, message));
}

bool care_is_fit(struct ctx *cx, struct span text)
{
	return !SAYS(text, SALES) && !rules_subjects_of(cx, text) && !act_words_of(cx, text).is_danger;
}
