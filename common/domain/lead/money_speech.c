/* money_speech.c -- which amounts in what somebody says are money they may spend.
 *
 * The cue nearest before an amount decides, then one close behind it: "revenue is $5 million" is
 * no budget in whatever sentence it stands. What has none needs a currency, or a magnitude and the
 * look of an answer. */
#include "lexicon.h"
#include "money.h"

#include "../text/words.h"

enum {
	CUE_WORDS = 14,
	AFTER_WORDS = 5,
	OWNER_WORDS = 4,
	ANSWER_WORDS = 12,
	LEAST = 100,
	LEAST_THOUSANDS = 5,
	SMALL_CHANGE = 1000,
	YEAR_FIRST = 1900,
	YEAR_LAST = 2100
};

enum cue { CUE_NONE, CUE_BUDGET, CUE_OTHER };

/* Words [from, to) that the amount has, in an utterance. */
struct place {
	const struct utterance *u;
	size_t                  from, to;
};

/* The first word that does not begin before p. */
static size_t word_at(const struct utterance *u, const char *p)
{
	size_t from = 0, to = u->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (u->words[middle].text.ptr < p)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool is_year(const struct money *m)
{
	return !m->is_marked && !m->is_scaled && m->low >= YEAR_FIRST && m->low <= YEAR_LAST;
}

/* "The roof cost", but not "it may cost". */
static bool is_cost(const struct utterance *u, size_t i)
{
	static const char *const modals[] = {"can",  "could",  "may",   "might",    "should",
	                                     "must", "cannot", "can't", "will",     "would",
	                                     "to",   "not",    "it",    "shouldn't"};

	return tokens_is(u, i, "cost") && i > tokens_sentence_from(u, i) &&
	       !TOKENS_IS_ANY(u, i - 1, modals);
}

static enum cue cue_at(const struct utterance *u, size_t i)
{
	size_t budget = phrases_at(LIST(BUDGET_WORDS), u, i),
		   other = phrases_at(LIST(OTHER_MONEY), u, i);

	if (is_cost(u, i))
		return CUE_OTHER;
	return budget == 0 && other == 0 ? CUE_NONE : budget >= other ? CUE_BUDGET : CUE_OTHER;
}

/* "Last year we spent": what stands right before the word. */
static bool is_past(const struct utterance *u, size_t start, size_t i)
{
	for (size_t from = start; from < i; from++)
		if (from + phrases_at(LIST(PAST_TIMES), u, from) == i)
			return true;
	return false;
}

/* "Our competitor pays", "last year we had a budget": the words right before say whose or when. */
static bool is_of_another(const struct utterance *u, size_t i)
{
	static const char *const ours[] = {"we", "i", "we'd", "i'd", "we'll", "i'll", "we've", "i've"};
	size_t start = tokens_sentence_from(u, i), from = i > OWNER_WORDS ? i - OWNER_WORDS : 0;

	for (from = from < start ? start : from; i > from && !TOKENS_IS_ANY(u, i - 1, ours); i--)
		if (phrases_at(LIST(OTHER_OWNERS), u, i - 1))
			return true;
	return i > from && is_past(u, from, i - 1);
}

static enum cue nearest_cue(const struct place *p)
{
	size_t   start = tokens_sentence_from(p->u, p->from), i;
	enum cue cue;

	for (i = p->from + 1; i > start && p->from + 1 - i < CUE_WORDS; i--) {
		cue = cue_at(p->u, i - 1);
		if (cue == CUE_BUDGET && is_of_another(p->u, i - 1))
			return CUE_OTHER;
		if (cue)
			return cue;
		if (phrases_at(LIST(MONEY_BREAKS), p->u, i - 1))
			break;
	}
	for (i = p->to > p->from ? p->to - 1 : p->to;
	     i < p->u->n && i < p->to + AFTER_WORDS && p->u->words[i].gap != GAP_STOP; i++) {
		cue = cue_at(p->u, i);
		if (cue)
			return cue;
	}
	return is_of_another(p->u, p->from) ? CUE_OTHER : CUE_NONE;
}

static bool is_bare(const struct place *p)
{
	return p->to >= p->u->n || p->u->words[p->to].gap != GAP_SPACE ||
	       phrases_at(LIST(AMOUNT_TAILS), p->u, p->to);
}

/* How many words are said in one breath with the amount. */
static size_t words_around(const struct place *p)
{
	size_t from = p->from, to = p->to, start = tokens_sentence_from(p->u, p->from),
		   end = tokens_sentence_to(p->u, p->from);

	while (from > start && p->u->words[from].gap == GAP_SPACE)
		from--;
	while (to < end && p->u->words[to].gap == GAP_SPACE)
		to++;
	return to - from;
}

/* "We have 60k for a site that" may go on for as long as it likes. */
static bool is_kept_for(const struct place *p)
{
	static const char *const has[] = {"have", "got"}, *const ends[] = {"for", "to"};

	return p->from > 0 && TOKENS_IS_ANY(p->u, p->from - 1, has) && TOKENS_IS_ANY(p->u, p->to, ends);
}

static bool is_whole_answer(const struct place *p)
{
	size_t start = tokens_sentence_from(p->u, p->from);

	if (p->from > start && phrases_at(LIST(HEDGES), p->u, p->from - 1))
		return true;
	return is_kept_for(p) || (words_around(p) <= ANSWER_WORDS && is_bare(p));
}

static bool is_percent(const struct utterance *u, const struct money *m)
{
	const char *end = m->text.ptr + m->text.len;

	return end < u->text.ptr + u->text.len && *end == '%';
}

/* "The 19th" */
static bool is_ordinal(const struct utterance *u, const struct money *m)
{
	static const char *const ends[] = {"th", "st", "nd", "rd"};
	const char              *end = m->text.ptr + m->text.len;
	struct span              rest = {end, (size_t)(u->text.ptr + u->text.len - end)}, word;

	return words_next(&rest, &word) && word.ptr == end && WORDS_ANY(word, ends);
}

/* "50,000 users", "20%", "GPT OSS 120B", "128k context". */
static bool counts_things(const struct place *p, const struct money *m)
{
	return phrases_at(LIST(COUNTED_THINGS), p->u, p->to) || is_percent(p->u, m) ||
	       (p->from > 0 && phrases_at(LIST(MODELS), p->u, p->from - 1)) ||
	       (p->from > 1 && phrases_at(LIST(MODELS), p->u, p->from - 2));
}

/* "Katharine with a K" */
static bool is_letter(const struct place *p)
{
	return p->to == p->from + 2 && p->from > 0 && tokens_is(p->u, p->from - 1, "with") &&
	       tokens_is(p->u, p->from, "a") && !p->u->words[p->from + 1].low[1];
}

static bool is_denied(const struct place *p)
{
	static const char *const nots[] = {"not", "instead of", "rather than", "much is", "much are"};

	return (p->from > 0 && TOKENS_ANY_AT(p->u, p->from - 1, nots) == 1) ||
	       (p->from > 1 && TOKENS_ANY_AT(p->u, p->from - 2, nots) == 2);
}

/* "I can stretch to twenty five": thousands go without saying, right behind talk of a budget. */
static bool has_cue_before(const struct place *p)
{
	size_t from = p->from > 3 ? p->from - 3 : 0, start = tokens_sentence_from(p->u, p->from);

	return phrases_in(LIST(BUDGET_WORDS), p->u, from < start ? start : from, p->from);
}

static bool is_spendable(const struct place *p, const struct money *m, bool is_asked)
{
	enum cue cue;

	if (is_denied(p) || is_letter(p) || is_ordinal(p->u, m) || tokens_is(p->u, p->to, "back"))
		return false;
	if (m->high < LEAST)
		return m->high >= LEAST_THOUSANDS && is_bare(p) && !counts_things(p, m) &&
		       (is_asked || has_cue_before(p));
	if (is_year(m) || (!m->is_marked && counts_things(p, m)))
		return false;
	if (!m->is_marked && !is_bare(p) && !phrases_at(LIST(PERIODS), p->u, p->to))
		return false; /* "nine hundred suppliers" */
	cue = nearest_cue(p);
	if (cue || is_asked)
		return cue != CUE_OTHER;
	if (m->is_marked && p->from > 0 && phrases_at(LIST(HEDGES), p->u, p->from - 1))
		return true; /* "maybe five hundred quid" */
	return m->high >= SMALL_CHANGE && (m->is_marked || (m->is_scaled && is_whole_answer(p)));
}

/* "A month", "per year" behind it belong to it. */
static void take_period(struct place *p, struct money *m)
{
	size_t n = phrases_at(LIST(PERIODS), p->u, p->to);

	if (n == 0 || p->u->words[p->to].gap == GAP_STOP)
		return;
	p->to += n;
	m->text.len =
		(size_t)(p->u->words[p->to - 1].text.ptr + p->u->words[p->to - 1].text.len - m->text.ptr);
}

bool money_next_spoken(const struct utterance *u, bool is_asked, struct span *rest,
                       struct money *out)
{
	while (money_next(rest, out)) {
		const char  *end = out->text.ptr + out->text.len;
		struct place p = {u, word_at(u, out->text.ptr), word_at(u, end)};

		if (!is_spendable(&p, out, is_asked))
			continue;
		take_period(&p, out);
		return true;
	}
	return false;
}
