/* timeline_speech.c -- finding the phrase that says when, in what somebody says.
 *
 * A phrase has a core ("Q3", "six weeks", "march"), what leads to it ("by the
 * end of") and what follows ("2027", "or so"). Some cores say enough alone;
 * the others need a preposition or talk of needing, starting or launching. */
#include "lexicon.h"
#include "timeline.h"

#include "../../base/str.h"
#include "../text/quantity.h"
#include "../text/words.h"

enum core { CORE_NONE, CORE_WEAK, CORE_STRONG };

/* In "10k a month", "ten a week" no time is told. */
static bool ends_amount(const struct utterance *u, size_t i)
{
	return i > 0 && (phrases_at(LIST(AMOUNT_ENDS), u, i - 1) || quantity_words(u, i - 1) ||
	                 (u->words[i - 1].low[0] >= '0' && u->words[i - 1].low[0] <= '9'));
}

/* "six to eight weeks", "4-6 weeks", "a couple of months": its words; 0: none. */
static size_t span_at(const struct utterance *u, size_t i)
{
	static const char *const joints[] = {"to", "or"};
	static const char *const between[] = {"of", "business", "working", "more"};
	size_t                   n = quantity_words(u, i), more;

	if (n == 0 && (ends_amount(u, i) || tokens_is(u, i + 2, "rate")))
		return 0;
	if (n == 0)
		return (tokens_is(u, i, "a") || tokens_is(u, i, "an")) &&
		               phrases_at(LIST(TIME_UNITS), u, i + 1)
		           ? 2
		           : 0;
	if (TOKENS_IS_ANY(u, i + n, joints)) {
		more = quantity_words(u, i + n + 1);
		n += more ? 1 + more : 0;
	} else {
		n += quantity_words(u, i + n);
	}
	n += TOKENS_IS_ANY(u, i + n, between);
	return phrases_at(LIST(TIME_UNITS), u, i + n) && u->words[i + n].gap != GAP_STOP &&
	               !(tokens_is(u, i + n + 1, "a") && phrases_at(LIST(TIME_UNITS), u, i + n + 2))
	           ? n + 1
	           : 0;
}

/* "Week 48" of a year. */
static size_t week_at(const struct utterance *u, size_t i)
{
	size_t n = tokens_is(u, i, "week") && i + 1 < u->n && u->words[i + 1].gap == GAP_SPACE
	               ? quantity_words(u, i + 1)
	               : 0;

	return n ? n + 1 : 0;
}

static enum core core_at(const struct utterance *u, size_t i, size_t *n)
{
	*n = phrases_at(LIST(TIMES_STRONG), u, i);
	if (*n)
		return CORE_STRONG;
	*n = phrases_at(LIST(TIMES_WEAK), u, i);
	if (*n)
		return CORE_WEAK;
	*n = week_at(u, i);
	*n = *n ? *n : span_at(u, i);
	if (*n)
		return CORE_WEAK;
	*n = tokens_is(u, i, "now") ? 1 : 0;
	return *n && (tokens_is(u, i - 1, "start") || tokens_is(u, i - 1, "starting") ||
	              (i > 1 && tokens_is(u, i - 2, "need")))
	           ? CORE_STRONG
	           : CORE_NONE;
}

/* A day of a month in figures, as in "12 June" and "June 12". */
static bool is_day_in_figures(const struct token *w)
{
	int64_t day;

	return !w->is_contact && str_to_int(w->low, 1, 31, &day);
}

static bool is_day_before(const struct utterance *u, size_t i)
{
	return i > 0 && u->words[i].gap == GAP_SPACE && phrases_at(LIST(MONTHS), u, i) &&
	       is_day_in_figures(&u->words[i - 1]);
}

/* Words of the day behind the month that ends at i, where nothing is counted: 1 or 0. */
static size_t day_behind(const struct utterance *u, size_t i)
{
	if (i == 0 || i >= u->n || u->words[i].gap != GAP_SPACE || !phrases_at(LIST(MONTHS), u, i - 1))
		return 0;
	return phrases_at(LIST(ORDINALS), u, i) ||
	       (is_day_in_figures(&u->words[i]) && (i + 1 == u->n || u->words[i + 1].gap != GAP_SPACE));
}

/* "The 5th of" March, "12" June: the first word of the day in front of the month at i; i: none, nor
 * where that may be another word ("the first may be"). */
static size_t day_from(const struct utterance *u, size_t i)
{
	static const char *const tens[] = {"twenty", "thirty"};
	bool                     has_of = i > 1 && tokens_is(u, i - 1, "of");
	size_t                   at = i - has_of;

	if (!has_of && is_day_before(u, i) &&
	    (words_is_capitalised(u->words[i].text) || !phrases_at(LIST(TIMES_AMBIGUOUS), u, i)))
		return i - 1;
	if (!phrases_at(LIST(MONTHS), u, i) || (!has_of && phrases_at(LIST(TIMES_AMBIGUOUS), u, i)))
		return i;
	if (at == 0 || u->words[at].gap != GAP_SPACE ||
	    !phrases_has(LIST(ORDINALS), u->words[at - 1].low))
		return i;
	at -= at > 1 && TOKENS_IS_ANY(u, at - 2, tens) ? 2 : 1;
	return at - (at > 0 && tokens_is(u, at - 1, "the"));
}

/* First word of what leads to the core at i; i when nothing does. */
static size_t lead_from(const struct utterance *u, size_t i)
{
	static const char *const parts[] = {"start", "end", "beginning", "middle"};
	bool                     has_day = is_day_before(u, i);
	size_t                   from = day_from(u, i);

	for (size_t at = i; at > 0 && i - at < 6 && u->words[at].gap == GAP_SPACE; at--) {
		if (TOKENS_IS_ANY(u, at - 1, parts) && !tokens_is(u, at, "of"))
			break;
		if (phrases_at(LIST(TIME_LEADS), u, at - 1))
			from = at - 1 < from ? at - 1 : from;
		else if (!phrases_at(LIST(TIME_FILLERS), u, at - 1) && !(has_day && at == i))
			break;
	}
	return from;
}

/* One past what belongs behind the core that ends at i: "3rd", "2027", "of next year", "or so". */
static size_t tail_to(const struct utterance *u, size_t i)
{
	size_t n;

	i += day_behind(u, i);
	n = phrases_at(LIST(TIME_TAILS), u, i);
	return i < u->n && u->words[i].gap != GAP_STOP ? i + n : i;
}

/* "The spring meeting on the ninth", "a call for papers": not one with us. */
static bool is_an_event(const struct utterance *u, size_t i)
{
	static const char *const articles[] = {"a", "the", "our"};

	return (i > 0 && TOKENS_IS_ANY(u, i - 1, articles)) ||
	       (i > 1 && TOKENS_IS_ANY(u, i - 2, articles));
}

static bool is_about_a_meeting(const struct utterance *u, size_t from)
{
	size_t start = tokens_sentence_from(u, from), at = from > 4 ? from - 4 : 0;

	for (at = at < start ? start : at; at < from; at++)
		if (phrases_at(LIST(MEETINGS), u, at) && !is_an_event(u, at))
			return true;
	return false;
}

/* "Installed", "broke", but not "needed", which is of what comes. */
static bool is_past_form(const struct utterance *u, size_t i)
{
	size_t len = i < u->n ? strlen(u->words[i].low) : 0;

	return len > 2 && !phrases_has(LIST(STILL_WANTED), u->words[i].low) &&
	       (strcmp(u->words[i].low + len - 2, "ed") == 0 || phrases_at(LIST(PAST_FORMS), u, i));
}

/* "You set it up for us in June", but not "could you set it up in June" nor "you said it would be
 * done by June". */
static bool is_told_as_past(const struct utterance *u, size_t from)
{
	static const char *const subjects[] = {"you", "they", "he", "she", "we", "i", "it", "who"};
	bool                     is_past = false;

	for (size_t i = tokens_sentence_from(u, from); i < from; i++) {
		if (phrases_at(LIST(MODALS), u, i)) {
			is_past = false;
			i++;
		} else if (TOKENS_IS_ANY(u, i, subjects) && is_past_form(u, i + 1))
			is_past = true;
	}
	return is_past;
}

/* "Are you open on Sunday?", "what happens in June": of us or the world, and no time of theirs. */
static bool is_asked_of_others(const struct utterance *u, size_t from)
{
	static const char *const asks[] = {"do",   "does", "did", "are", "is",    "was",
	                                   "were", "what", "why", "how", "where", "who"};
	size_t start = tokens_sentence_from(u, from), end = tokens_sentence_to(u, from);

	while (start < from && phrases_at(LIST(GREETINGS), u, start))
		start += phrases_at(LIST(GREETINGS), u, start);
	return TOKENS_IS_ANY(u, start, asks) && from > start + 1 &&
	       !phrases_in(LIST(CAN_IT_BE), u, start, end) && !phrases_in(LIST(SELVES), u, start, end);
}

/* "A summer placement" */
static bool is_what_kind(const struct utterance *u, size_t i, size_t to)
{
	static const char *const articles[] = {"a", "an"};

	return i > 0 && TOKENS_IS_ANY(u, i - 1, articles) && to < u->n &&
	       u->words[to].gap == GAP_SPACE && !words_is_stop(u->words[to].text);
}

static bool is_past(const struct utterance *u, size_t from, size_t to)
{
	static const char *const to_come[] = {"to be", "must be", "should be"};
	size_t                   start = tokens_sentence_from(u, from);
	size_t                   at = from > 5 && from - 5 > start ? from - 5 : start;

	return tokens_is(u, to, "ago") ||
	       (phrases_in(LIST(PASTS), u, at, from) && !TOKENS_ANY_IN(u, at, from, to_come));
}

/* "Have a good Christmas": somebody wishes us a day. */
static bool is_wished(const struct utterance *u, size_t core_from)
{
	return core_from > 0 && u->words[core_from].gap == GAP_SPACE &&
	       phrases_has(LIST(DAY_WISHES), u->words[core_from - 1].low);
}

/* "November twelfth" says when, whatever stands before it. */
static bool is_date(const struct utterance *u, size_t i)
{
	return week_at(u, i) || (i + 1 < u->n && u->words[i + 1].gap == GAP_SPACE &&
	                         phrases_has(LIST(ORDINALS), u->words[i + 1].low));
}

/* "Nobody tells me till Sunday": how late things are, and no day that something is due. */
static bool is_late_already(const struct utterance *u, size_t from)
{
	static const char *const untils[] = {"till", "until"};
	static const char *const nobody[] = {"nobody", "nothing", "never", "no one", "doesn't"};
	size_t                   start = tokens_sentence_from(u, from), at = from > 6 ? from - 6 : 0;

	return TOKENS_IS_ANY(u, from, untils) &&
	       TOKENS_ANY_IN(u, at < start ? start : at, from, nobody);
}

/* "It is no longer urgent", "it was urgent last year" */
static bool is_denied(const struct utterance *u, size_t from)
{
	static const char *const nots[] = {"no longer", "isn't", "not",     "wasn't", "was",
	                                   "never",     "were",  "nothing", "weren't"};
	size_t                   start = tokens_sentence_from(u, from), at = from > 4 ? from - 4 : 0;

	return TOKENS_ANY_IN(u, at < start ? start : at, from, nots);
}

/* "I got the date wrong, it's June", "they moved it to June" */
static bool is_behind_a_wrong_one(const struct utterance *u, size_t from)
{
	enum { LINKS_MAX = 4, WRONG_WORDS_MAX = 4 };
	size_t at = from;

	while (at > 0 && from - at < LINKS_MAX && phrases_has(LIST(RIGHT_LINKS), u->words[at - 1].low))
		at--;
	if (at == from && u->words[from].gap == GAP_SPACE && !tokens_is(u, at - 1, "to") &&
	    !tokens_is(u, at - 1, "until"))
		return false; /* "the date wrong on Friday" */
	for (size_t n = 1; n <= WRONG_WORDS_MAX && n <= at; n++)
		if (phrases_at(LIST(TIME_WRONGS), u, at - n) == n)
			return true;
	return false;
}

/* "No, June", "June is more realistic": it takes the place of another. */
static bool is_put_right(const struct utterance *u, size_t from, size_t to)
{
	return is_behind_a_wrong_one(u, from) || phrases_at(LIST(TIME_BETTERS), u, to) ||
	       (from > 0 && phrases_at(LIST(TIME_FIXES), u, from - 1) == 1 &&
	        from > tokens_sentence_from(u, from));
}

/* "Four years of experience", "for four years", "two vans a week": how long or how often. */
static bool is_how_long(const struct utterance *u, size_t i, size_t to)
{
	static const char *const lasts[] = {"for", "every", "over"};
	size_t                   n = span_at(u, i), len;

	if (n == 0 || to != i + n)
		return false;
	while (i > 0 && u->words[i].gap == GAP_SPACE && quantity_words(u, i - 1))
		i--; /* "twenty six" */
	if (i == 0 || tokens_is(u, to, "of"))
		return tokens_is(u, to, "of");
	if (TOKENS_IS_ANY(u, i - 1, lasts))
		return true;
	len = strlen(u->words[i - 1].low);
	return tokens_is(u, i, "a") && !tokens_is(u, to, "from") && u->words[i].gap == GAP_SPACE &&
	       (phrases_at(LIST(TIME_UNITS), u, i - 1) ||
	        (len > 3 && u->words[i - 1].low[len - 1] == 's'));
}

static bool is_meant(const struct utterance *u, bool is_asked, enum core core, size_t from,
                     size_t core_from, size_t to)
{
	static const char *const overs[] = {"ago", "late", "behind", "overdue", "old", "long"};
	size_t                   start = tokens_sentence_from(u, from);

	if (from > start && (tokens_is(u, from - 1, "meant") || tokens_is(u, from - 1, "mean")))
		return true; /* of what was told before */
	if (is_put_right(u, from, to) && !is_about_a_meeting(u, from))
		return true;
	if (!is_asked && from == core_from && phrases_at(LIST(TIMES_AMBIGUOUS), u, from))
		return false;
	if (is_about_a_meeting(u, from) || (core == CORE_WEAK && is_past(u, from, to)) ||
	    is_wished(u, core_from) || (!is_asked && is_late_already(u, from)))
		return false;
	if (core == CORE_WEAK && from == core_from && is_how_long(u, core_from, to))
		return false;
	if (core == CORE_WEAK && !is_asked && (is_told_as_past(u, from) || is_asked_of_others(u, from)))
		return false;
	if (TOKENS_IS_ANY(u, to, overs) || (core == CORE_WEAK && is_what_kind(u, core_from, to)) ||
	    (phrases_at(LIST(URGENCIES), u, core_from) && is_denied(u, from)))
		return false;
	return is_asked || core == CORE_STRONG || from < core_from || is_date(u, core_from) ||
	       phrases_in(LIST(NEEDS), u, start, tokens_sentence_to(u, from)) || u->n <= 6;
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
		if (!phrase_at(u, is_asked, i, &next_from, &next_to) || next_from > *to + 3 ||
		    next_to <= *to)
			continue;
		if (is_put_right(u, next_from, next_to) || phrases_in(LIST(CLOSINGS), u, *to, next_from))
			return;
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
