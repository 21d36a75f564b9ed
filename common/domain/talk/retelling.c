/* retelling.c -- what was told, told back to who asks for it. */
#include "retelling.h"

#include "../text/words.h"
#include "talk_words.h"
#include "wording.h"

/* The sentence that was found. */
static const char *of_memory(const struct talk *t)
{
	enum occasion occasion = t->told.is_verbatim ? SAY_closest
	                         : t->told.is_note   ? SAY_noted
	                         : t->told.day       ? SAY_told_on
	                                             : SAY_told;

	return wording_say(t, (int)occasion);
}

enum { TOLD_MAX = 8, TOLD_OF_ALL = 6 };

/* "My daughter's name" is asked for, and not their own; "our company name" is. */
static bool is_of_another(struct span message, const char *word)
{
	struct span rest = message, now, before = {"", 0}, first = {"", 0};

	for (; words_next(&rest, &now); first = before, before = now)
		if (words_equal(now, word) && SAYS(first, OWNERS) && !SAYS(before, OF_ONESELF))
			return true;
	return false;
}

/* What somebody told of themselves, as the words in their question name it; with all of it an
 * address or a number only if it is named. */
static size_t told_of(const struct talk *t, bool is_all, const char *out[TOLD_MAX],
                      const char **says_out)
{
	const struct extract_entities *k = t->known;
	const struct {
		const char *says, *value, *words[4];
	} kinds[TOLD_MAX] = {
		{"you told me that your name is", k->person_name, {"name", "who i am"}},
		{"what I have for your work is", k->role, {"job", "living"}},
		{"what I have for your role is", k->role, {"role"}},
		{"you told me that it is", k->org_name, {"company", "work"}},
		{"you told me", k->budget_range, {"budget", "money"}},
		{"my notes say", k->timeline, {"deadline", "timeline", "date", "when"}},
		{"the address I have is", k->contact_email, {"email", "address"}},
		{"the number I have is", t->phone, {"number", "phone", "mobile"}},
	};
	size_t n = 0;

	for (size_t i = 0; i < TOLD_MAX; i++) {
		bool is_asked = is_all && i < TOLD_OF_ALL;

		for (size_t j = 0; j < COUNT(kinds[i].words) && kinds[i].words[j]; j++)
			is_asked = is_asked || (words_contain(t->message, kinds[i].words[j]) &&
			                        !is_of_another(t->message, kinds[i].words[j]));
		if (!is_asked || !wording_quotable(kinds[i].value) || (n && out[n - 1] == kinds[i].value))
			continue;
		*says_out = kinds[i].says;
		out[n++] = kinds[i].value;
	}
	return n;
}

/* One after the other, or that there is nothing. */
static const char *recap(const struct talk *t, const char *const *told, size_t n, bool is_all)
{
	struct buf b = buf_new(t->cx->arena, 0);

	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i ? ", " : "what I have from you is: ", told[i]);
	if (n && is_all && t->known->use_case)
		buf_str(&b, ", and what you need is written down as you said it");
	return n ? buf_text(&b) : wording_say(t, SAY_untold);
}

/* The sentence that was found tells of what the notes have otherwise since: it was corrected. */
static bool is_outdated(const struct talk *t)
{
	static const enum entity corrected[] = {ENTITY_budget_range, ENTITY_timeline};
	struct exchange          said = {.said = span_of(t->told.words ? t->told.words : "")};
	struct rule_told         then;

	rule_extract_on(t->cx, NULL, &said, 1, &then);
	for (size_t i = 0; i < COUNT(corrected); i++) {
		const char *now = t->known->text[corrected[i]], *before = then.now.text[corrected[i]];

		if (now && before && !words_contain(span_of(now), before))
			return true;
	}
	return false;
}

const char *retelling(const struct talk *t)
{
	const char *told[TOLD_MAX] = {NULL}, *says = "";
	size_t      n = told_of(t, false, told, &says);
	bool        is_all = n && words_contain(t->message, "about me");

	if (is_all)
		n = told_of(t, true, told, &says);
	if (is_all || n > 1)
		return recap(t, told, n, is_all);
	if (t->told.words && !(n && (t->told.is_verbatim || is_outdated(t))))
		return of_memory(t);
	return n ? arena_printf(t->cx->arena, "%s %s", says, told[0]) : NULL;
}

const char *retelling_or_not(const struct talk *t)
{
	const char *retold =
		SAYS(t->message, COMPLAINTS) ? wording_say(t, SAY_complaints) : retelling(t);
	const char *told[TOLD_MAX] = {NULL}, *says;
	size_t      n = recollection_is_of_all(t->cx, t->message) ? told_of(t, true, told, &says) : 0;

	return retold ? retold : recap(t, told, n, true);
}
