/* money.c -- an amount is [currency] number [currency], two of them are a range.
 *
 * In a field that holds a budget every number counts. In speech a number needs
 * evidence: see is_spendable(). */
#include "money.h"

#include "../text/quantity.h"
#include "../text/words.h"

static const char *const currencies[] = {
	"usd",   "eur",    "gbp",    "chf",     "cad",   "aud",  "nzd",   "sgd",   "inr",    "jpy",
	"rs",    "us",     "dollar", "dollars", "bucks", "euro", "euros", "pound", "pounds", "quid",
	"franc", "francs", "rupee",  "rupees",  "yen",   "sek",  "nok",   "dkk",   "pln",
};

static bool is_currency(const struct piece *p)
{
	return p->kind == PIECE_CURRENCY || PIECE_ANY(p, currencies);
}

static uint64_t whole_units(double v)
{
	return v >= (double)MONEY_MAX ? MONEY_MAX : (uint64_t)(v + 1e-6);
}

static const char *end_of(struct span s)
{
	return s.ptr + s.len;
}

/* One side of a range, or the whole amount. */
struct amount {
	struct quantity number;
	struct span     text;
	bool            is_marked;
};

/* "six figures" names a magnitude: at least 100 000. */
static void take_figures(struct span *rest, struct amount *a)
{
	struct span  after = *rest;
	struct piece p;
	double       low = 1;

	if (a->number.value < 5 || a->number.value > 9 || !piece_next(&after, &p))
		return;
	if (p.kind == PIECE_DASH && !piece_next(&after, &p))
		return;
	if (!piece_is(&p, "figure") && !piece_is(&p, "figures"))
		return;
	for (double i = 1; i < a->number.value; i++)
		low *= 10;
	a->number.value = low;
	a->number.scale = low;
	a->text.len = (size_t)(end_of(p.text) - a->text.ptr);
	*rest = after;
}

/* At the very front of *rest; unchanged when no amount stands there. */
static bool take_amount(struct span *rest, struct amount *out)
{
	struct span  at = *rest, after;
	struct piece p, mark = {.kind = PIECE_NONE};

	*out = (struct amount){.is_marked = false};
	for (after = at; piece_next(&after, &p) && is_currency(&p); at = after) {
		mark = out->is_marked ? mark : p;
		out->is_marked = true;
		if (p.kind == PIECE_CURRENCY) {
			at = after;
			break;
		}
	}
	if (!quantity_read(&at, &out->number))
		return false;
	out->text = out->number.text;
	if (out->is_marked)
		out->text = (struct span){mark.text.ptr, (size_t)(end_of(out->text) - mark.text.ptr)};
	take_figures(&at, out);
	for (after = at; piece_next(&after, &p) && is_currency(&p); at = after) {
		out->is_marked = true;
		out->text.len = (size_t)(end_of(p.text) - out->text.ptr);
	}
	out->is_marked = out->is_marked || out->number.is_slang;
	*rest = at;
	return true;
}

static bool is_range_joint(const struct piece *p, bool is_between)
{
	return p->kind == PIECE_DASH || piece_is(p, "to") || piece_is(p, "or") ||
	       piece_is(p, "through") || piece_is(p, "bis") || (is_between && piece_is(p, "and"));
}

/* The upper end of a range, which lends its magnitude to the lower: "50-100k". */
static void take_upper(struct span *rest, bool is_between, struct amount *low, struct amount *high)
{
	struct span   at = *rest;
	struct piece  p;
	struct amount upper;
	double        lent = low->number.value;

	*high = *low;
	if (!piece_next(&at, &p) || !is_range_joint(&p, is_between) || !take_amount(&at, &upper))
		return;
	if (low->number.scale <= 1 && upper.number.scale > 1 &&
	    lent * upper.number.scale <= upper.number.value)
		lent *= upper.number.scale;
	if (lent > upper.number.value)
		return;
	low->number.value = lent;
	*high = upper;
	*rest = at;
}

bool money_next(struct span *rest, struct money *out)
{
	struct piece p, before = {.kind = PIECE_NONE};
	struct span  at;

	for (at = *rest; at.len; before = p) {
		struct amount low, high;
		bool          is_between = piece_is(&before, "between");
		struct span   here = at;

		if (!piece_next(&at, &p))
			break;
		if ((p.is_glued && before.kind == PIECE_WORD && !is_currency(&p)) ||
		    !take_amount(&here, &low))
			continue;
		at = here;
		take_upper(&at, is_between, &low, &high);
		*rest = at;
		*out = (struct money){.low = whole_units(low.number.value),
		                      .high = whole_units(high.number.value),
		                      .is_marked = low.is_marked || high.is_marked,
		                      .is_scaled = low.number.scale > 1 || high.number.scale > 1};
		out->text.ptr = is_between ? before.text.ptr : low.text.ptr;
		out->text.len = (size_t)(end_of(high.text) - out->text.ptr);
		return true;
	}
	*rest = (struct span){end_of(*rest), 0};
	return false;
}

uint64_t money_largest(struct span field)
{
	struct money m;
	uint64_t     largest = 0;

	while (money_next(&field, &m))
		largest = m.high > largest ? m.high : largest;
	return largest;
}

/* ---- in free speech ---- */

static const char *const budget_words[] = {
	"budget",      "budgets",   "budgeted",  "spend",        "spending",
	"invest",      "afford",    "allocate",  "allocated",    "earmarked",
	"price range", "set aside", "our range", "put aside",    "willing to pay",
	"can pay",     "cap is",    "set a cap", "approved for",
};

/* Money that is somebody's, but not what is to be spent with us. */
static const char *const other_money[] = {
	"revenue",
	"revenues",
	"raised",
	"raise",
	"valuation",
	"valued",
	"arr",
	"mrr",
	"sales",
	"turnover",
	"profit",
	"profits",
	"funding",
	"funded",

	"salary",
	"salaries",
	"saved",
	"savings",
	"losing",
	"lost",
	"worth",
	"donated",
	"earn",
	"earned",
	"compensation",
	"dollar company",
	"dollar market",
	"dollar business",
	"dollar industry",
	"in debt",
	"market",
	"fine of",
	"stock",
	"prize",
	"lead score",
	"score",
};

static const char *const counted_things[] = {
	"users",     "user",       "customers",    "people",    "employees", "subscribers", "downloads",
	"requests",  "visits",     "visitors",     "followers", "steps",     "rows",        "records",
	"documents", "docs",       "products",     "items",     "orders",    "messages",    "hours",
	"days",      "weeks",      "months",       "years",     "minutes",   "seconds",     "miles",
	"km",        "kilometers", "meters",       "words",     "tokens",    "lines",       "members",
	"students",  "patients",   "developers",   "engineers", "calls",     "emails",      "companies",
	"clients",   "stores",     "locations",    "square",    "percent",   "views",       "listeners",
	"readers",   "devices",    "servers",      "files",     "images",    "videos",      "pages",
	"articles",  "books",      "times",        "degrees",   "points",    "active",      "monthly",
	"daily",     "tickets",    "transactions", "attendees", "guests",    "seats",       "shops",
	"th",        "st",         "nd",           "rd",        "am",        "pm",          "of",
	"page",      "person",     "year",         "month",     "week",      "day",         "man",
	"run",       "race",       "resolution",   "queries",   "assets",    "sites",
};

/* What may follow an amount that is the whole of an answer. */
static const char *const answer_tails[] = {
	"or",       "so",    "max",  "maximum",   "total", "tops",    "ish",           "at",  "to",
	"for",      "give",  "plus", "and",       "range", "roughly", "budget",        "i",   "we",
	"probably", "maybe", "but",  "depending", "is",    "would",   "approximately", "all", "in",
	"this",
};

enum {
	ANSWER_WORDS = 9,
	SENTENCE_BYTES = 200,
	SMALL_CHANGE = 1000,
	YEAR_FIRST = 1900,
	YEAR_LAST = 2100
};

/* The sentence around the amount, within the text from `from` to `end`. A
 * point inside a number ends no sentence. Bounded, since speech may have none. */
static struct span sentence_around(const char *from, struct span amount, const char *end)
{
	const char *p = amount.ptr, *q = end_of(amount);

	while (p > from && amount.ptr - p < SENTENCE_BYTES && !strchr("!?\n;", p[-1]) &&
	       !(p[-1] == '.' && *p == ' '))
		p--;
	while (q < end && q - end_of(amount) < SENTENCE_BYTES && !strchr("!?\n;", *q) &&
	       !(*q == '.' && (q + 1 == end || q[1] == ' ')))
		q++;
	return (struct span){p, (size_t)(q - p)};
}

static bool counts_things(struct span after)
{
	struct piece p;

	if (!piece_next(&after, &p))
		return false;
	if (p.kind == PIECE_OTHER && p.text.ptr[0] == '%')
		return true;
	if (p.kind == PIECE_DASH && !piece_next(&after, &p))
		return false;
	return PIECE_ANY(&p, counted_things);
}

static bool is_whole_answer(struct span sentence, struct span after)
{
	struct piece p;

	if (words_count(sentence) > ANSWER_WORDS)
		return false;
	return !piece_next(&after, &p) || p.kind != PIECE_WORD || PIECE_ANY(&p, answer_tails);
}

static bool is_year(const struct money *m)
{
	return !m->is_marked && !m->is_scaled && m->low >= YEAR_FIRST && m->low <= YEAR_LAST;
}

/* One pass over the sentence for the whole list: amounts may come thick. */
static bool speaks_of(struct span sentence, const char *const *phrases, size_t n)
{
	struct span rest = sentence, word;

	while (words_next(&rest, &word)) {
		struct span here = {word.ptr, (size_t)(end_of(sentence) - word.ptr)};

		for (size_t i = 0; i < n; i++)
			if ((word.ptr[0] | ' ') == phrases[i][0] && words_start_with(here, phrases[i], NULL))
				return true;
	}
	return false;
}

/* Evidence, strongest first. A price tag ("$20 a month") is no budget unless they say so. */
static bool is_spendable(const struct money *m, bool is_asked, struct span sentence,
                         struct span after)
{
	if (is_year(m) || m->high < 100 || (!m->is_marked && counts_things(after)))
		return false;
	if (is_asked || speaks_of(sentence, budget_words, COUNT(budget_words)))
		return true;
	if (m->high < SMALL_CHANGE || speaks_of(sentence, other_money, COUNT(other_money)))
		return false;
	return m->is_marked || (m->is_scaled && is_whole_answer(sentence, after));
}

bool money_next_spoken(struct span *rest, bool is_asked, struct money *out)
{
	const char *from = rest->ptr, *end = end_of(*rest);

	while (money_next(rest, out)) {
		struct span sentence = sentence_around(from, out->text, end);

		if (is_spendable(out, is_asked, sentence, *rest))
			return true;
	}
	return false;
}
