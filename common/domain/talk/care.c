/* care.c -- what goes on with distress, what has left it, and what is not said in it. */
#include "care.h"

#include "../lead/rule_extract.h"
#include "../lead/rules.h"
#include "talk_words.h"

static bool is_about_other_things(enum act act)
{
	return act == ACT_what_can_you_do || act == ACT_orders || act == ACT_test ||
	       act == ACT_small_talk || act == ACT_recall ||
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

static bool has_turned(struct ctx *cx, enum act act, struct span message, size_t said_in_distress)
{
	if (says_so(message))
		return true;
	if (SAYS(message, ASKS_FOR_HELP))
		return false;
	return said_in_distress >= CARE_MESSAGES_MIN &&
	       (is_about_other_things(act) || tells_of_business(cx, message));
}

size_t care_messages(const struct utterance_text *history, size_t n)
{
	size_t said = 0;

	for (size_t i = n; i-- > 0 && history[i].is_in_distress;)
		said += history[i].speaker == SPEAKER_VISITOR;
	return said;
}

bool care_is_needed(struct ctx *cx, enum act act, struct span message, size_t said_in_distress)
{
	return act == ACT_distress ||
	       (said_in_distress > 0 && !has_turned(cx, act, message, said_in_distress));
}

bool care_is_fit(struct ctx *cx, struct span text)
{
	return !SAYS(text, SALES) && !rules_subjects_of(cx, text) && !act_words_of(cx, text).is_danger;
}
