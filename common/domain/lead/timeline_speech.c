/* timeline_speech.c -- finding the phrase that says when, in what somebody says.
 *
 * A phrase has a core ("Q3", "six weeks", "march"), what leads to it ("by the
 * end of") and what follows ("2027", "or so"). Some cores say enough alone;
 * the others need a preposition or talk of needing, starting or launching. */
#include "timeline.h"

#include "../text/quantity.h"
#include "../text/words.h"

enum core { CORE_NONE, CORE_WEAK, CORE_STRONG };

static const char *const strong[] = {
	"asap",
	"as soon as possible",
	"immediately",
	"right away",
	"straight away",
	"urgent",
	"urgently",
	"no rush",
	"no hurry",
	"not in a rush",
	"not in a hurry",
	"not in any rush",
	"no deadline",
	"no particular rush",
	"no big rush",
	"no real rush",
	"not urgent",
	"q1",
	"q2",
	"q3",
	"q4",
	"h1",
	"h2",
	"next week",
	"next month",
	"next quarter",
	"next year",
	"next spring",
	"next summer",
	"next fall",
	"next autumn",
	"next winter",
	"end of the year",
	"end of year",
	"end of the month",
	"end of the quarter",
	"end of this month",
	"end of this quarter",
	"end of this year",
	"year end",
	"first quarter",
	"second quarter",
	"third quarter",
	"fourth quarter",
	"in no rush",
	"in no hurry",
};

static const char *const weak[] = {
	"this week", "this month",  "this quarter", "this year", "this spring",  "this summer",
	"this fall", "this autumn", "this winter",  "tomorrow",  "today",        "right now",
	"january",   "february",    "march",        "april",     "may",          "june",
	"july",      "august",      "september",    "october",   "november",     "december",
	"monday",    "tuesday",     "wednesday",    "thursday",  "friday",       "spring",
	"summer",    "autumn",      "winter",       "christmas", "the new year", "2026",
	"2027",      "2028",        "2029",         "2030",
};

static const char *const leads[] = {
	"by",       "in",        "within", "before", "until",    "till", "during",
	"early",    "mid",       "late",   "later",  "sometime", "end",  "start",
	"starting", "beginning", "around", "next",   "middle",
};

static const char *const fillers[] = {"of", "the", "about", "roughly", "a"};

static const char *const needs[] = {
	"need",     "needs",     "needed",    "want",       "wants",     "deadline",
	"launch",   "launching", "ship",      "shipping",   "start",     "starting",
	"begin",    "timeline",  "live",      "ready",      "kick off",  "finish",
	"deliver",  "delivered", "done",      "complete",   "completed", "have it",
	"roll out", "rollout",   "timeframe", "time frame", "spend",     "hoping",
	"target",   "targeting", "go",        "looking",    "planning",  "aiming",
};

static const char *const meetings[] = {
	"call", "talk",  "meet",   "meeting",  "chat", "email",    "coffee",
	"ring", "reach", "follow", "schedule", "book", "calendar",
};

static const char *const pasts[] = {
	"founded", "launched", "was", "were", "last", "ago",    "since",   "graduated", "joined",
	"moved",   "happened", "did", "past", "had",  "raised", "started", "born",      "previous",
};

static const char *const units[] = {"day",    "days", "week",  "weeks",    "month",
                                    "months", "year", "years", "fortnight"};

/* Words of a number at word i; 0: none stands there. */
static size_t number_words(const struct utterance *u, size_t i)
{
	const char     *end = u->text.ptr + u->text.len;
	struct span     rest;
	struct quantity q;
	size_t          n = 0;

	if (i >= u->n)
		return 0;
	rest = (struct span){u->words[i].text.ptr, (size_t)(end - u->words[i].text.ptr)};
	if (!quantity_read(&rest, &q))
		return 0;
	while (i + n < u->n && u->words[i + n].text.ptr < rest.ptr)
		n++;
	return n;
}

/* "six to eight weeks", "4-6 weeks", "a couple of months": its words; 0: none. */
static size_t span_at(const struct utterance *u, size_t i)
{
	static const char *const joints[] = {"to", "or"};
	static const char *const between[] = {"of", "business", "working", "more"};
	size_t                   n = number_words(u, i), more;

	if (n == 0)
		return (tokens_is(u, i, "a") || tokens_is(u, i, "an")) && TOKENS_IS_ANY(u, i + 1, units)
		           ? 2
		           : 0;
	if (TOKENS_IS_ANY(u, i + n, joints)) {
		more = number_words(u, i + n + 1);
		n += more ? 1 + more : 0;
	} else {
		n += number_words(u, i + n);
	}
	n += TOKENS_IS_ANY(u, i + n, between);
	return TOKENS_IS_ANY(u, i + n, units) ? n + 1 : 0;
}

static enum core core_at(const struct utterance *u, size_t i, size_t *n)
{
	*n = TOKENS_ANY_AT(u, i, strong);
	if (*n)
		return CORE_STRONG;
	*n = TOKENS_ANY_AT(u, i, weak);
	if (*n)
		return CORE_WEAK;
	*n = span_at(u, i);
	if (*n)
		return CORE_WEAK;
	*n = tokens_is(u, i, "now") ? 1 : 0;
	return *n && (tokens_is(u, i - 1, "start") || tokens_is(u, i - 1, "starting") ||
	              (i > 1 && tokens_is(u, i - 2, "need")))
	           ? CORE_STRONG
	           : CORE_NONE;
}

/* First word of what leads to the core at i; i when nothing does. */
static size_t lead_from(const struct utterance *u, size_t i)
{
	static const char *const parts[] = {"start", "end", "beginning", "middle"};
	size_t                   from = i;

	for (size_t at = i; at > 0 && i - at < 6 && u->words[at].gap == GAP_SPACE; at--) {
		if (TOKENS_IS_ANY(u, at - 1, parts) && !tokens_is(u, at, "of"))
			break;
		if (TOKENS_IS_ANY(u, at - 1, leads))
			from = at - 1;
		else if (!TOKENS_IS_ANY(u, at - 1, fillers))
			break;
	}
	return from;
}

/* One past what belongs behind the core that ends at i: "2027", "of next year", "or so". */
static size_t tail_to(const struct utterance *u, size_t i)
{
	static const char *const tails[] = {
		"2026",    "2027",         "2028",          "2029",        "of 2026",   "of 2027",
		"of 2028", "of next year", "of this year",  "of the year", "next year", "this year",
		"or so",   "from now",     "at the latest", "at all",      "time",      "at most",
	};
	size_t n = TOKENS_ANY_AT(u, i, tails);

	return i < u->n && u->words[i].gap != GAP_STOP ? i + n : i;
}

static bool is_about_a_meeting(const struct utterance *u, size_t from)
{
	size_t start = tokens_sentence_from(u, from), at = from > 4 ? from - 4 : 0;

	for (at = at < start ? start : at; at < from; at++)
		if (TOKENS_IS_ANY(u, at, meetings) && !(at > 0 && tokens_is(u, at - 1, "a")))
			return true;
	return false;
}

static bool is_past(const struct utterance *u, size_t from, size_t to)
{
	size_t start = tokens_sentence_from(u, from);
	size_t at = from > 5 && from - 5 > start ? from - 5 : start;

	return tokens_is(u, to, "ago") || TOKENS_ANY_IN(u, at, from, pasts);
}

static bool is_meant(const struct utterance *u, bool is_asked, enum core core, size_t from,
                     size_t core_from, size_t to)
{
	static const char *const ambiguous[] = {"may", "march", "spring", "fall", "today"};
	size_t                   start = tokens_sentence_from(u, from);

	if (from > start && (tokens_is(u, from - 1, "meant") || tokens_is(u, from - 1, "mean")))
		return true; /* of what was told before */
	if (!is_asked && from == core_from && TOKENS_IS_ANY(u, from, ambiguous))
		return false;
	if (is_about_a_meeting(u, from) || (core == CORE_WEAK && is_past(u, from, to)))
		return false;
	if (tokens_is(u, to, "ago"))
		return false;
	return is_asked || core == CORE_STRONG || from < core_from ||
	       TOKENS_ANY_IN(u, start, tokens_sentence_to(u, from), needs) || u->n <= 6;
}

static bool phrase_at(const struct utterance *u, bool is_asked, size_t i, size_t *from, size_t *to)
{
	size_t    n;
	enum core core = core_at(u, i, &n);

	if (core == CORE_NONE || u->words[i].is_contact)
		return false;
	*from = lead_from(u, i);
	*to = tail_to(u, i + n);
	return is_meant(u, is_asked, core, *from, i, *to);
}

/* "no rush, sometime in Q3" is one phrase: what follows at once belongs to it. */
static void join_next(const struct utterance *u, bool is_asked, size_t *to)
{
	size_t next_from, next_to;

	for (size_t i = *to; i < u->n && i < *to + 6 && u->words[i].gap != GAP_STOP; i++) {
		if (!phrase_at(u, is_asked, i, &next_from, &next_to) || next_from > *to + 2 ||
		    next_to <= *to)
			continue;
		*to = next_to;
		return;
	}
}

bool timeline_next(const struct utterance *u, bool is_asked, size_t *i, size_t *from_out,
                   size_t *to_out)
{
	for (; *i < u->n; (*i)++) {
		if (!phrase_at(u, is_asked, *i, from_out, to_out))
			continue;
		join_next(u, is_asked, to_out);
		*i = *to_out;
		return true;
	}
	return false;
}
