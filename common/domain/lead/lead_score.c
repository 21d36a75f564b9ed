/* lead_score.c -- the contract's table, one row of rules[] each, in its order. */
#include "lead_score.h"

#include "lexicon.h"

#include "money.h"
#include "timeline.h"
#include "../text/words.h"

#include <ctype.h>

#define BUDGET_MIN 50000u

static struct span field(const char *text)
{
	return text ? span_of(text) : SPAN("");
}

static bool in_either(const struct extract_entities *e, const char *const *phrases, size_t n)
{
	return words_find_any(field(e->role), phrases, n) ||
	       words_find_any(field(e->use_case), phrases, n);
}

static bool is_senior(const struct extract *x)
{
	static const char *const titles[] = {
		"vp",  "svp", "vice president", "chief", "head", "director", "founder", "ceo", "cto", "cmo",
		"cfo", "coo",
	};

	return in_either(&x->entities, titles, COUNT(titles));
}

static bool is_large_budget(const struct extract *x)
{
	return money_largest(field(x->entities.budget_range)) >= BUDGET_MIN;
}

static bool is_urgent(const struct extract *x)
{
	return timeline_is_urgent(field(x->entities.timeline));
}

/* "@google.com" as the end of an address: not "@google.com.example.org". */
static bool has_great_address(struct span text)
{
	static const char *const hosts[] = {"@google.com", "@microsoft.com", "@apple.com",
	                                    "@amazon.com", "@meta.com",      "@netflix.com"};

	for (; text.len; text.ptr++, text.len--) {
		if (*text.ptr != '@')
			continue;
		for (size_t i = 0; i < COUNT(hosts); i++) {
			size_t n = strlen(hosts[i]);
			bool   goes_on = text.len > n && (isalnum((unsigned char)text.ptr[n]) ||
                                            text.ptr[n] == '-' || text.ptr[n] == '_');

			goes_on = goes_on || (text.len > n + 1 && text.ptr[n] == '.' &&
			                      isalnum((unsigned char)text.ptr[n + 1]));
			if (span_starts_nocase(text, span_of(hosts[i])) && !goes_on)
				return true;
		}
	}
	return false;
}

static bool is_warm(const struct extract *x)
{
	static const char *const phrases[] = {"intro",    "introduced", "introduction",
	                                      "referred", "referral",   "recommended by"};

	for (size_t i = 0; i < ENTITY_COUNT; i++) {
		struct span text = field(x->entities.text[i]);

		if (WORDS_ANY(text, phrases) || has_great_address(text))
			return true;
	}
	return false;
}

static bool is_aligned(const struct extract *x)
{
	return phrases_said(LIST(LEAD_SCORE_TOPICS), field(x->entities.use_case));
}

/* "Fortune 500", "Series B", anywhere in the name: the word behind decides. */
static bool is_ranked_name(struct span name)
{
	struct span word;

	while (words_next(&name, &word)) {
		struct span after = name, next;

		if (!words_next(&after, &next))
			return false;
		if (words_equal(word, "fortune") && isdigit((unsigned char)next.ptr[0]))
			return true;
		if (words_equal(word, "series") && next.len == 1 && strchr("abcdefABCDEF", next.ptr[0]))
			return true;
	}
	return false;
}

static bool is_enterprise(const struct extract *x)
{
	static const char *const signs[] = {"enterprise", "funded", "ipo", "billion", "million users"};
	struct span              name = field(x->entities.org_name);

	return WORDS_ANY(name, signs) || is_ranked_name(name);
}

static bool is_vendor(const struct extract *x)
{
	static const char *const signs[] = {"agency", "reseller", "partnership", "vendor",  "discount",
	                                    "cheap",  "free",     "student",     "academic"};

	return WORDS_ANY(field(x->entities.use_case), signs) != NULL;
}

static bool is_general(const struct extract *x)
{
	return x->intent == INTENT_SUPPORTER_FAN || x->intent == INTENT_ADVICE_REQUEST;
}

/* "research" counts unless every one of them is "market research". */
static bool has_pure_research(struct span text)
{
	struct span word;
	bool        is_market = false;

	while (words_next(&text, &word)) {
		if (!is_market && words_equal(word, "research"))
			return true;
		is_market = words_equal(word, "market");
	}
	return false;
}

static bool is_academic(const struct extract *x)
{
	static const char *const signs[] = {"thesis", "dissertation", "university", "academic",
	                                    "student"};
	struct span              use_case = field(x->entities.use_case);

	return WORDS_ANY(use_case, signs) || has_pure_research(use_case);
}

static const struct {
	const char *reason;
	int         points;
	bool (*matches)(const struct extract *x);
} rules[] = {
	{"senior_title", 30, is_senior},        {"budget_>=50k", 20, is_large_budget},
	{"urgent_timeline", 15, is_urgent},     {"warm_intro", 10, is_warm},
	{"aligned_thesis", 10, is_aligned},     {"enterprise_client", 10, is_enterprise},
	{"vendor_pitch", -15, is_vendor},       {"general_interest", -10, is_general},
	{"academic_inquiry", -10, is_academic},
};

_Static_assert(COUNT(rules) == LEAD_REASONS_MAX, "one reason for each rule");

void lead_score(const struct extract *x, struct lead_score *out)
{
	int sum = 0;

	*out = (struct lead_score){.score = 0};
	for (size_t i = 0; i < COUNT(rules); i++) {
		if (!rules[i].matches(x))
			continue;
		sum += rules[i].points;
		out->reasons[out->n_reasons++] = rules[i].reason;
	}
	out->score = sum < 0 ? 0 : sum > 100 ? 100 : sum;
}

const char *lead_priority(int score)
{
	return score >= LEAD_HIGH ? "high" : score >= LEAD_MEDIUM ? "medium" : "low";
}
