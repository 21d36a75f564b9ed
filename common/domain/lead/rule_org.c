/* rule_org.c -- whom the visitor works for, and where. */
#include "rules.h"

#include "../text/words.h"

#include <ctype.h>

enum { ORG_WORDS_MAX = 6, LOWER_ORG_WORDS = 4, SORT_WORDS = 2, PLACE_WORDS_MAX = 4, SHORT_ORG = 2 };

static bool can_be_org(const struct rules *r, size_t i)
{
	const struct token *w = &r->u->words[i];

	return !w->is_contact && !words_is_stop(w->text) && !rules_has_contraction(w->low) &&
	       !phrases_has(LIST(NOT_ORGS), w->low) && strlen(w->low) <= 40;
}

/* How many words of "society", "town hall", "city" stand at word i, which may have "of" behind. */
static size_t sort_at(const struct utterance *u, size_t i)
{
	size_t n = phrases_at(LIST(ORG_SIGNS), u, i);

	return n ? n : phrases_at(LIST(REALMS), u, i);
}

static bool ends_sort_of_org(const struct rules *r, size_t i)
{
	return i > 0 && tokens_is(r->u, i, "of") &&
	       (sort_at(r->u, i - 1) == 1 || (i > 1 && sort_at(r->u, i - 2) == 2));
}

/* "Vale of Clwyd Cheese Company", "O'Connor and Daughters": a sign of an organisation is near. */
static bool closes_org(const struct rules *r, size_t i)
{
	for (size_t to = i - 1; to < i + 2 && to < r->u->n && r->u->words[to].gap == GAP_SPACE; to++)
		if (phrases_at(LIST(ORG_SIGNS), r->u, to))
			return true;
	return false;
}

/* "of", "and" between two parts; without capitals only before the last word of all. */
static bool is_org_glue(const struct rules *r, size_t i, bool by_capitals)
{
	bool is_of = ends_sort_of_org(r, i);

	return phrases_at(LIST(ORG_GLUE), r->u, i) && i + 1 < r->u->n &&
	       r->u->words[i + 1].gap == GAP_SPACE && can_be_org(r, i + 1) &&
	       (by_capitals ? rules_is_capital(r, i + 1)
	                    : is_of || i + 2 >= r->u->n || r->u->words[i + 2].gap != GAP_SPACE ||
	                          phrases_at(LIST(NAME_CLOSERS), r->u, i + 2) || closes_org(r, i + 2));
}

static bool is_legal_form(const struct rules *r, size_t i)
{
	return phrases_at(LIST(LEGAL_FORMS), r->u, i) && r->u->words[i].gap != GAP_STOP;
}

/* "Stanford University", "Fortune 500": in the midst of a name any capital will do. */
static bool goes_on_in_capitals(const struct rules *r, size_t i)
{
	const struct token *w = &r->u->words[i];

	return !w->is_contact && !rules_has_contraction(w->low) && strlen(w->low) <= 40 &&
	       (isdigit((unsigned char)w->low[0]) || (rules_is_capital(r, i) && w->low[1]));
}

static bool goes_on(const struct rules *r, size_t i, bool by_capitals)
{
	if (by_capitals)
		return goes_on_in_capitals(r, i);
	if (phrases_at(LIST(ORG_SIGNS), r->u, i))
		return true;
	if (i + 1 < r->u->n && r->u->words[i + 1].gap == GAP_SPACE &&
	    phrases_at(LIST(ORG_SIGNS), r->u, i + 1) && !words_is_stop(r->u->words[i].text))
		return true; /* "baltic product days" */
	return can_be_org(r, i) &&
	       (!rules_is_doing(r->u->words[i].low) || tokens_is(r->u, i - 1, "of")) &&
	       rules_role_to(r, i, false) == i &&
	       (!rules_place_at(r, i) || tokens_is(r->u, i - 1, "of"));
}

/* "New Bethel", "Four Oaks", "Evening Courier": a capital in the midst of a sentence, and one
 * behind it, make a name of what else is none. */
static bool begins_in_capitals(const struct rules *r, size_t i)
{
	const struct token *w = &r->u->words[i];

	return r->has_capitals && rules_is_capital(r, i) && i > 0 && w->gap != GAP_STOP && w->low[1] &&
	       !w->is_contact && !rules_has_contraction(w->low) && i + 1 < r->u->n &&
	       r->u->words[i + 1].gap == GAP_SPACE && rules_is_capital(r, i + 1) &&
	       !phrases_at(LIST(TIMES_WEAK), r->u, i) && !rules_is_known_name(r, i + 1);
}

/* "The town hall of Saint-Malo": what it is may be written small. */
static bool is_sort_of_org(const struct rules *r, size_t i)
{
	size_t n = i < r->u->n ? sort_at(r->u, i) : 0;

	return n && i + n + 1 < r->u->n && tokens_is(r->u, i + n, "of") &&
	       r->u->words[i + n + 1].gap == GAP_SPACE && rules_is_capital(r, i + n + 1);
}

/* "The bank of england" */
static bool is_small_sort(const struct rules *r, size_t i)
{
	size_t n = sort_at(r->u, i);

	return n && !rules_is_capital(r, i) && tokens_is(r->u, i + n, "of");
}

/* "The evening courier" */
static bool is_daily(const struct rules *r, size_t i)
{
	return tokens_is(r->u, i - 1, "the") && phrases_has(LIST(DAYTIMES), r->u->words[i].low) &&
	       i + 1 < r->u->n && phrases_at(LIST(ORG_SIGNS), r->u, i + 1);
}

/* What an organisation's name can begin with. */
static bool begins_org(const struct rules *r, size_t i)
{
	const char *low = r->u->words[i].low;

	if (tokens_at(r->u, i, "capital of") ||
	    (!can_be_org(r, i) && !begins_in_capitals(r, i) && !is_daily(r, i) &&
	     !is_small_sort(r, i)) ||
	    rules_role_to(r, i, false) > i || (i > 0 && r->u->words[i].gap == GAP_STOP))
		return false;
	if (r->has_capitals)
		return rules_is_capital(r, i) || isdigit((unsigned char)low[0]) || is_sort_of_org(r, i) ||
		       (i + 1 < r->u->n && is_legal_form(r, i + 1));
	return is_daily(r, i) || (!rules_is_doing(low) && !phrases_has(LIST(NOT_NAMES), low));
}

/* In written text capitals bound the name; without them a few words do that
 * are neither stop words nor doings. */
static size_t org_to(const struct rules *r, size_t i)
{
	bool   by_capitals = r->has_capitals;
	size_t to, most = by_capitals ? ORG_WORDS_MAX : LOWER_ORG_WORDS, sort;

	if (i >= r->u->n || !begins_org(r, i))
		return i;
	sort = is_sort_of_org(r, i) ? sort_at(r->u, i) : 1;
	for (to = i + sort; to < r->u->n && (to - i < most || phrases_at(LIST(ORG_SIGNS), r->u, to));
	     to++) {
		if (is_legal_form(r, to))
			continue;
		if (r->u->words[to].gap != GAP_SPACE || (!by_capitals && rules_counts_at(r->u, to)) ||
		    (!is_org_glue(r, to, by_capitals) && !goes_on(r, to, by_capitals)))
			break;
		most += !by_capitals && ends_sort_of_org(r, to) ? SORT_WORDS : 0;
	}
	if (!by_capitals && to == i + 1 && phrases_at(LIST(ORGS), r->u, i))
		return i; /* "over at the shop" */
	/* A place we know is no organisation. */
	return rules_place_at(r, i) && i + rules_place_at(r, i) >= to ? i : to;
}

static bool has_org_sign(const struct rules *r, size_t from, size_t to)
{
	return phrases_in(LIST(ORG_SIGNS), r->u, from, to) ||
	       phrases_in(LIST(LEGAL_FORMS), r->u, from, to);
}

/* "Oakfield vets", of which the last word tells what it is, and the first is no kind of it. */
static bool ends_in_sign(const struct rules *r, size_t from, size_t to)
{
	return to > from + 1 && phrases_at(LIST(ORG_SIGNS), r->u, to - 1) &&
	       !phrases_at(LIST(MANY_THINGS), r->u, to - 1) &&
	       rules_department_to(r->u, from) == from &&
	       !phrases_has(LIST(TITLE_WORDS), r->u->words[from].low) &&
	       !rules_is_adjectival(r->u->words[from].low);
}

/* "I own Apple shares" */
static bool is_before_a_thing(const struct rules *r, size_t i, size_t to)
{
	return to == i + 1 && to < r->u->n && r->u->words[to].gap == GAP_SPACE &&
	       !words_is_stop(r->u->words[to].text) && !rules_is_capital(r, to);
}

/* "We own brindle", "we run", and nothing behind it, but no department and no "guided tours". */
static bool ends_short(const struct rules *r, size_t i, size_t to)
{
	return i < to && to == r->u->n && to - i <= SHORT_ORG && rules_department_to(r->u, i) == i &&
	       !phrases_at(LIST(MANY_THINGS), r->u, to - 1);
}

/* "We're Dutch" */
static bool is_how_one_is(const struct rules *r, size_t i)
{
	const char *low = r->u->words[i].low;

	return rules_is_known_name(r, i) || rules_is_adjectival(low) ||
	       phrases_has(LIST(NOT_NAMES), low);
}

size_t rules_org_slot_to(const struct rules *r, char kind, size_t i)
{
	size_t to = org_to(r, i);
	bool   is_written = r->has_capitals && rules_is_capital(r, i);

	switch (kind) {
	case 'J':
		return r->x->entities.org_name ? to : i;
	case 'B':
		return is_written && (to - i > 1 || !is_how_one_is(r, i)) ? to : i;
	case 'I':
		return to > i + 1 && has_org_sign(r, i, to) ? to : i;
	case 'X':
		if (phrases_at(LIST(MODELS), r->u, i))
			return i;
		return (is_written && !is_before_a_thing(r, i, to)) || ends_in_sign(r, i, to) ||
		               (!is_written && ends_short(r, i, to))
		           ? to
		           : i;
	case 'U':
		return (is_written && has_org_sign(r, i, to) && to > i + 1) ||
		               (!r->has_capitals && ends_in_sign(r, i, to))
		           ? to
		           : i;
	case 'Q':
		return is_written && to > i + 1 && has_org_sign(r, i, to) ? to : i;
	case 'Y':
		return r->is_org_due ? to : i;
	case 'Z':
		return is_written || (i < to && !rules_is_adjectival(r->u->words[i].low)) ? to : i;
	default:
		return to;
	}
}

/* "We're Tidewell Logistics, well, Tidewell Freight": what comes behind it is its name. */
static void take_repaired(struct rules *r, size_t i)
{
	static const char *const repairs[] = {"well",    "no",        "sorry",   "i mean",
	                                      "i meant", "or rather", "no wait", "actually"};
	size_t n = i < r->u->n && r->u->words[i].gap != GAP_SPACE ? TOKENS_ANY_AT(r->u, i, repairs) : 0;
	size_t to = n ? rules_slot_to(r, 'B', i + n) : i;

	if (n && to > i + n && r->u->words[i + n].gap != GAP_STOP)
		rules_keep(r, ENTITY_org_name, i + n, to, true);
}

/* What is said of whatever is asked about ("what is the foundation of Buddhism"), and what of who
 * speaks, up to the end of the sentence. */
enum speech { SPEECH_PLAIN, SPEECH_OWN, SPEECH_ASKS };

static enum speech speech_before(const struct rules *r, size_t i)
{
	struct pattern_match m = {.n = 0};
	enum speech          now = SPEECH_PLAIN;

	for (size_t at = tokens_sentence_from(r->u, i); at < i; at++)
		if (pattern_at(&r->grammar, LIST(SAY_QUESTION), r->u, at, &m)) {
			now = SPEECH_ASKS;
			at = m.to - 1;
		} else if (phrases_at(LIST(SELVES), r->u, at))
			now = SPEECH_OWN;
	return now;
}

static void take_org(struct rules *r, const struct pattern_match *m,
                     const struct pattern_slot *slot)
{
	const char *name = r->x->entities.person_name;
	size_t      from = slot->from;

	(void)m;
	/* "Studio Babelsberg": what it is stands in front, as a part of its name. */
	if (r->has_capitals && from > 0 && r->u->words[from].gap == GAP_SPACE &&
	    phrases_at(LIST(ORG_SIGNS), r->u, from - 1) && rules_is_capital(r, from - 1) &&
	    r->u->words[from - 1].gap == GAP_SPACE)
		from--;
	if (speech_before(r, slot->from) == SPEECH_ASKS ||
	    (name && words_contain(tokens_text(r->u, slot->from, slot->to), name)))
		return;
	rules_keep(r, ENTITY_org_name, from, slot->to, true);
	take_repaired(r, slot->to);
}

/* "It's called Barkly" names an app spoken of before, and no library. */
static void note_things(struct rules *r)
{
	for (size_t i = 0; i < r->u->n; i++) {
		if (phrases_at(LIST(ORGS), r->u, i))
			r->is_org_due = true;
		else if (phrases_at(LIST(NOT_MADE), r->u, i))
			r->is_org_due = false;
	}
}

/* "I need a site for the town hall of Bern", but not "Paris is known for the museum of ...". */
static void take_org_faintly(struct rules *r, const struct pattern_match *m,
                             const struct pattern_slot *slot)
{
	if (!is_small_sort(r, slot->from) || speech_before(r, slot->from) == SPEECH_OWN)
		take_org(r, m, slot);
}

void rules_find_org(struct rules *r)
{
	struct pattern_match m = {.n = 0};

	note_things(r);
	for (size_t i = 0; i < r->u->n && !r->has_own_firm; i++)
		r->has_own_firm = pattern_at(&r->grammar, LIST(SAY_OWN_FIRM), r->u, i, &m);
	rules_match(r, LIST(SAY_ORG), "OBIJXYZQU", take_org);
	if (!r->x->entities.org_name)
		rules_match(r, LIST(SAY_ORG_FAINTLY), "I", take_org_faintly);
}

/* ---- places ---- */

/* A place that need not be known: what stands after "based in". */
static size_t named_place_to(const struct rules *r, size_t i)
{
	size_t known = rules_place_at(r, i), to = i;

	if (known)
		return i + known;
	while (to < r->u->n && to - i < PLACE_WORDS_MAX &&
	       (to == i || r->u->words[to].gap == GAP_SPACE) && can_be_org(r, to) && r->has_capitals &&
	       rules_is_capital(r, to))
		to++;
	return to;
}

static void keep_place(struct rules *r, size_t i, bool must_be_known)
{
	size_t to = must_be_known ? i + rules_place_at(r, i) : named_place_to(r, i);
	size_t more;

	if (to == i)
		return;
	more = rules_place_at(r, to); /* "Austin, Texas" */
	if (more && r->u->words[to].gap != GAP_STOP)
		to += more;
	rules_keep(r, ENTITY_geo, i, to, true);
}

void rules_find_place(struct rules *r)
{
	for (size_t i = 0; i < r->u->n; i++) {
		size_t n = phrases_at(LIST(PLACE_LEADS), r->u, i);

		if (n) {
			keep_place(r, i + n, false);
			continue;
		}
		n = phrases_at(LIST(PLACE_NEAR), r->u, i);
		if (n && i > 0 && phrases_in(LIST(PLACE_SELVES), r->u, i > 6 ? i - 6 : 0, i))
			keep_place(r, i + n + tokens_is(r->u, i + n, "the"), true);
	}
}
