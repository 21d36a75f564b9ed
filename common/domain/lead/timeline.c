/* timeline.c -- urgency of a timeline field. Phrases in speech: timeline_speech.c. */
#include "timeline.h"

#include "../text/quantity.h"
#include "../text/words.h"

/* The words before the current piece, newest first, for what turns a meaning. */
enum { BEFORE = 4 };
struct view {
	struct piece before[BEFORE];
	struct span  rest;
};

static const char *const not_words[] = {
	"not",    "no",     "isn't", "nothing", "never",  "don't",   "without", "non",
	"aren't", "wasn't", "isnt",  "dont",    "hardly", "doesn't", "neither", "nor",
};

static const char *const rush_words[] = {"rush", "hurry", "rushed", "rushing"};

static void look_on(struct view *v, const struct piece *p)
{
	for (size_t i = BEFORE - 1; i > 0; i--)
		v->before[i] = v->before[i - 1];
	v->before[0] = *p;
}

/* One of the last n pieces of the same sentence denies what follows. */
static bool is_denied(const struct view *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v->before[i].kind == PIECE_STOP || v->before[i].kind == PIECE_COMMA)
			return false;
		if (PIECE_ANY(&v->before[i], not_words))
			return true;
	}
	return false;
}

static bool says_no_rush(struct span field)
{
	struct view  v = {.rest = field};
	struct piece p;

	for (; piece_next(&v.rest, &p); look_on(&v, &p))
		if (PIECE_ANY(&p, rush_words) && is_denied(&v, BEFORE))
			return true;
	return false;
}

static bool is_urgent_word(const struct view *v, const struct piece *p)
{
	static const char *const words[] = {"now", "urgent", "asap", "immediately"};

	return PIECE_ANY(p, words) && !is_denied(v, 2);
}

/* "this month", "next month", "this quarter"; nearer still: "this week", "next week". */
static bool is_near_period(const struct view *v, const struct piece *p)
{
	static const char *const soon[] = {"today", "tonight", "tomorrow"};
	bool                     is_this = piece_is(&v->before[0], "this");
	bool                     is_next = piece_is(&v->before[0], "next");

	if (PIECE_ANY(p, soon))
		return !is_denied(v, 2);
	if (!is_this && !is_next)
		return false;
	if (!piece_is(p, "month") && !piece_is(p, "week") && !(is_this && piece_is(p, "quarter")))
		return false;
	return !is_denied(v, 2);
}

/* "Q3" is the word "Q" with a number glued to it and nothing glued behind. */
static bool is_quarter(const struct view *v, const struct piece *p)
{
	static const char *const ordinals[] = {"first", "second", "third", "fourth"};
	struct span              after = v->rest;
	struct piece             number, behind;

	if (piece_is(p, "quarter"))
		return PIECE_ANY(&v->before[0], ordinals);
	if (!piece_is(p, "q") || !piece_next(&after, &number) || number.kind != PIECE_NUMBER ||
	    number.value < 1 || number.value > 4 || number.text.len != 1)
		return false;
	if (p->is_glued && v->before[0].kind == PIECE_NUMBER)
		return false;
	return number.is_glued &&
	       !(piece_next(&after, &behind) && behind.is_glued && behind.kind == PIECE_WORD);
}

static double days_of(const struct piece *unit)
{
	static const struct {
		const char *name;
		double      days;
	} units[] = {
		{"hour", 0.05},    {"hours", 0.05}, {"day", 1},   {"days", 1},     {"week", 7},
		{"weeks", 7},      {"wk", 7},       {"wks", 7},   {"month", 30},   {"months", 30},
		{"fortnight", 14}, {"week's", 7},   {"day's", 1}, {"month's", 30},
	};

	for (size_t i = 0; i < COUNT(units); i++)
		if (piece_is(unit, units[i].name))
			return units[i].days;
	return 0;
}

/* A span of time begins at the front of *at: its length in days, the longer end
 * of a range; 0 when none. "a week" has only its article. */
static double span_days(struct span at)
{
	static const char *const between[] = {"to", "or", "of", "business", "working", "short"};

	struct quantity q;
	struct span     ahead = at;
	struct piece    p;
	double          n = 1;

	if (!piece_next(&ahead, &p))
		return 0;
	if (quantity_read(&at, &q))
		n = q.value;
	else if (piece_is(&p, "a") || piece_is(&p, "an"))
		at = ahead;
	else
		return 0;
	for (int i = 0; i < 4 && piece_next(&at, &p); i++) {
		struct span here = at;

		if (days_of(&p) > 0)
			return n * days_of(&p);
		if (p.kind != PIECE_DASH && !PIECE_ANY(&p, between))
			return 0;
		if (quantity_read(&here, &q)) {
			n = q.value;
			at = here;
		}
	}
	return 0;
}

/* "more than 6 weeks", "6 times a week", "the last 6 weeks" are no nearness. */
static bool is_other_span(const struct view *v)
{
	static const char *const turns[] = {
		"over", "least", "beyond", "after", "last",  "past", "previous",
		"once", "twice", "times",  "hours", "every", "per",
	};
	static const char *const less[] = {"less", "sooner", "later", "fewer"};

	if (!piece_is(&v->before[0], "than"))
		return PIECE_ANY(&v->before[0], turns);
	return !PIECE_ANY(&v->before[1], less) && !PIECE_ANY(&v->before[2], not_words);
}

static bool is_near_span(const struct view *v, struct span here)
{
	double days;

	if (is_other_span(v) || is_denied(v, 2))
		return false;
	days = span_days(here);
	return days > 0 && days <= TIMELINE_URGENT_DAYS;
}

/* Skips the rest of a number, so that "twenty six weeks" is not read again as six. */
static void skip_quantity(struct view *v, struct span here)
{
	struct quantity q;
	struct piece    last;
	struct span     after = here;

	if (!quantity_read(&after, &q) || after.ptr <= v->rest.ptr)
		return;
	piece_next(&here, &last);
	v->rest = after;
	look_on(v, &last);
}

bool timeline_is_urgent(struct span field)
{
	struct view  v = {.rest = field};
	struct piece p;

	if (says_no_rush(field))
		return false;
	for (;;) {
		struct span here = v.rest;

		if (!piece_next(&v.rest, &p))
			break;
		if (is_urgent_word(&v, &p) || is_near_period(&v, &p) || is_quarter(&v, &p) ||
		    is_near_span(&v, here))
			return true;
		look_on(&v, &p);
		skip_quantity(&v, here);
	}
	return words_contain(field, "as soon as possible");
}
