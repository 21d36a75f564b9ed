/* money.c -- an amount is [currency] number [currency], two of them are a range.
 *
 * In a field that holds a budget every number counts. What is one in speech: money_speech.c. */
#include "money.h"

#include "lexicon.h"

#include "../text/quantity.h"
#include "../text/words.h"

static bool is_currency(const struct piece *p)
{
	return p->kind == PIECE_CURRENCY ||
	       (p->kind == PIECE_WORD && phrases_is(LIST(CURRENCIES), p->text));
}

/* "It costs us fifty thousand": not the currency. */
static bool is_pronoun(const struct piece *p, struct span after)
{
	struct piece next;

	return piece_is(p, "us") && !(piece_next(&after, &next) && next.kind == PIECE_CURRENCY) &&
	       !words_is_capitalised(p->text);
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
	for (int i = 1; i < a->number.value; i++)
		low *= 10;
	a->number.value = low;
	a->number.scale = low;
	a->text.len = (size_t)(end_of(p.text) - a->text.ptr);
	*rest = after;
}

/* "Canadian" of "Canadian dollars": what is behind it. */
static struct span after_country(struct span rest)
{
	struct span  after = rest;
	struct piece p, next;

	if (!piece_next(&after, &p) || !phrases_is(LIST(CURRENCIES_OF), p.text))
		return rest;
	rest = after;
	return piece_next(&after, &next) && is_currency(&next) ? rest : (struct span){p.text.ptr, 0};
}

/* At the very front of *rest; unchanged when no amount stands there. */
static bool take_amount(struct span *rest, struct amount *out)
{
	struct span  at = *rest, after;
	struct piece p, mark = {.kind = PIECE_NONE};

	*out = (struct amount){.is_marked = false};
	for (after = at; piece_next(&after, &p) && is_currency(&p) && !is_pronoun(&p, after);
	     at = after) {
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
	for (after = after_country(at); piece_next(&after, &p) && is_currency(&p); at = after) {
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
