/* care.c -- what goes on with distress, what has left it, and what is not said in it. */
#include "care.h"

#include "../lead/rule_extract.h"
#include "../lead/rules.h"
#include "../text/words.h"

/* What somebody says who is still there; "why would anybody care?" is a question, too. */
static bool may_go_on(enum act act)
{
	static const enum act acts[] = {
		ACT_distress,
		ACT_statement,
		ACT_sad,
		ACT_yes,
		ACT_no,
		ACT_are_you_there,
		ACT_say_again,
		ACT_complaint,
		ACT_thanks,
		ACT_goodbye,
		ACT_question,
		ACT_not_understood,
		ACT_stop_asking,
		ACT_wants_person,
		ACT_why_ask,
		ACT_what_next,
		ACT_asked_already,
		ACT_small_talk,
		ACT_advice_request,
	};

	for (size_t i = 0; i < COUNT(acts); i++)
		if (act == acts[i])
			return true;
	return false;
}

/* Work, money or a plan: who tells of these talks of something else. */
static bool tells_of_business(struct ctx *cx, struct span message)
{
	struct exchange       said = {.asked = SPAN(""), .said = message};
	const struct extract *x = rule_extract(cx, &said, 1);

	return x && (x->entities.use_case || x->entities.budget_range || x->entities.org_name);
}

bool care_has_turned(struct ctx *cx, enum act act, struct span message)
{
	return !may_go_on(act) || (act != ACT_distress && tells_of_business(cx, message));
}

bool care_is_fit(struct ctx *cx, struct span text)
{
	static const char *const sales[] = {
		"budget",   "price",    "pricing",  "discount", "product",  "demo",
		"project",  "company",  "business", "offer",    "buy",      "service",
		"proposal", "timeline", "meeting",  "email",    "deadline", "customers",
	};

	return !WORDS_ANY(text, sales) && !rules_subjects_of(cx, text) &&
	       !act_is_danger(cx, text, NULL);
}
