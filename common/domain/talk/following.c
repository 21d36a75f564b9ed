/* following.c -- "And if they don't?": a question that only goes on from the last answer. */
#include "following.h"

#include "../text/words.h"
#include "talk_words.h"
#include "wording.h"

/* What so few words are taken for where they only go on. */
static bool is_followed_up(enum act act)
{
	return act == ACT_question || act == ACT_statement || act == ACT_no || act == ACT_yes ||
	       act == ACT_goodbye || act == ACT_uneasy || act == ACT_about_you ||
	       act == ACT_what_next || act == ACT_not_understood;
}

/* "And if they don't?" is about what was answered last: nothing else is named. */
bool following_goes_on(const struct talk *t)
{
	enum { WORDS_MAX = 6 };
	struct span rest = t->message, word;
	size_t      n = 0;

	if (!is_followed_up(t->reading->act) || !t->replies_n ||
	    !phrases_start(ACTS_LIST(GOES_ON), t->message))
		return false;
	for (; words_next(&rest, &word); n++)
		if (!SAYS(word, GOES_ON_WITH))
			return false;
	return n > 1 && n <= WORDS_MAX;
}

/* What the last reply was said for, of what can be said again in other words. */
static int last_occasion(const struct talk *t)
{
	static const int occasions[] = {SAY_reader,       SAY_keeping,       SAY_memory,
	                                SAY_people,       ACT_about_you,     ACT_what_can_you_do,
	                                ACT_wants_person, ACT_wants_refund,  ACT_wants_erasure,
	                                ACT_what_next,    SAY_address,       SAY_no_number,
	                                ACT_price,        ACT_advice_request};

	for (size_t i = 0; i < COUNT(occasions); i++)
		if (listening_says(t, t->replies[0], occasions[i]))
			return occasions[i];
	return ACT_question;
}

const char *following(const struct talk *t)
{
	int  last = last_occasion(t);
	bool is_of_data = last == SAY_reader || last == SAY_memory || last == SAY_keeping;

	if (is_of_data && SAYS(t->message, HOW_LONG))
		last = SAY_keeping;
	else if (is_of_data && words_contain(t->message, "who"))
		last = SAY_reader;
	return wording_say(t, last);
}
