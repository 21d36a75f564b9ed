/* comfort.c -- which line, by what was said and whether danger is over. */
#include "comfort.h"

#include "../text/words.h"
#include "talk_words.h"
#include "wording.h"

/* What could hurt is near: where they are, or in reach. SAY_danger: neither. */
static enum occasion near_at_hand(const struct talk *t)
{
	if (SAYS(t->message, BRINKS))
		return SAY_brink;
	return SAYS(t->message, MEANS) ? SAY_means : SAY_danger;
}

/* What was said decides which line: what is at hand, what was taken, that nobody would care. */
static enum occasion danger_of(const struct talk *t)
{
	if (SAYS(t->message, TAKEN))
		return SAY_taken;
	if (near_at_hand(t) != SAY_danger)
		return near_at_hand(t);
	return SAYS(t->message, FEELS_ALONE) ? SAY_matter : SAY_danger;
}

/* Somebody near is there, or was reached. */
static bool is_helped(const struct talk *t)
{
	return t->was_in_distress && ((SAYS(t->message, HELPERS) && SAYS(t->message, REACHED)) ||
	                              SAYS(t->message, TELLS_OF_HELP));
}

static enum occasion after_danger(const struct talk *t)
{
	bool is_foreign = t->reading->language != LANGUAGE_en;

	if (!is_foreign && SAYS(t->message, ASKS_FOR_HELP))
		return SAY_danger;
	if (is_helped(t) || (is_foreign && phrases_start(ACTS_LIST(THANKS), t->message)))
		return SAY_helped;
	if (is_foreign)
		return t->is_question && !SAYS(t->message, PRESENCE) ? SAY_danger : SAY_staying;
	if (near_at_hand(t) != SAY_danger)
		return near_at_hand(t);
	if (SAYS(t->message, REFUSES_HELP))
		return SAY_matter;
	if (SAYS(t->message, REACHES_OUT))
		return SAY_reaching;
	return t->reading->act == ACT_question || t->is_question ? SAY_unsure : SAY_staying;
}

/* With help at hand only words that leave no doubt are danger again; the rest may sound like it. */
static bool is_danger_over(const struct talk *t)
{
	return t->reading->act != ACT_distress ||
	       ((t->was_helped || is_helped(t)) && !act_words_of(t->cx, t->message).is_danger);
}

/* No list of questions, nothing to sell: somebody is there, that is all. */
const char *comfort(const struct talk *t)
{
	const char *line = t->reading->distress_line;
	int         language = (int)t->reading->language;

	if (!is_danger_over(t) && wording_said_ago(t, line) == REPLIES_KEPT)
		return line;
	if (language != LANGUAGE_en)
		return wording_say(t, (int)(is_danger_over(t) ? after_danger(t) : SAY_danger) + language);
	if (!is_danger_over(t))
		return wording_say(t, (int)danger_of(t));
	if (SAYS(t->message, REACHES_OUT))
		return wording_say(t, (int)after_danger(t));
	switch (t->reading->act) {
	case ACT_are_you_there:
	case ACT_thanks:
		return wording_say(t, (int)t->reading->act);
	case ACT_about_you:
		return wording_say(t, SAY_machine);
	case ACT_goodbye:
		return wording_say(t, SAY_parting);
	default:
		return wording_say(t, words_start_with(t->message, "thank", NULL) ? ACT_thanks
		                                                                  : (int)after_danger(t));
	}
}
