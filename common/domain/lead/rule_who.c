/* rule_who.c -- the visitor's name.
 *
 * Where names stand is told by the patterns of lead.words; here is what can be one. */
#include "rules.h"

#include "../text/words.h"

#include <ctype.h>

enum {
	NAME_WORDS_MAX = 4,
	LOWER_NAME_WORDS = 2,
	SPELLED_MIN = 3,
	SPELLED_MAX = 20,
	SHORT_WORDS = 7
};

/* How many single letters stand in a row: what is spelled. */
static size_t letters_at(const struct utterance *u, size_t i)
{
	size_t n = 0;

	while (i + n < u->n && n < SPELLED_MAX && isalpha((unsigned char)u->words[i + n].low[0]) &&
	       !u->words[i + n].low[1] && !u->words[i + n].is_contact &&
	       (n == 0 || u->words[i + n].gap != GAP_STOP))
		n++;
	return n;
}

/* ---- names ---- */

static bool can_be_name(const struct rules *r, size_t i)
{
	const struct token *w = &r->u->words[i];

	if (w->is_contact || !rules_is_lettered(w->low) || strlen(w->low) > 30 ||
	    rules_has_contraction(w->low))
		return false;
	if (words_is_stop(w->text))
		return false;
	if (rules_is_known_name(r, i))
		return true;
	return !phrases_has(LIST(NOT_NAMES), w->low) &&
	       (rules_is_capital(r, i) || (!rules_is_verbish(w->low) && w->low[1]));
}

/* "de la" before another part of the name. */
static bool is_particle(const struct rules *r, size_t i)
{
	while (phrases_at(LIST(NAME_PARTICLES), r->u, i) && i + 1 < r->u->n &&
	       r->u->words[i + 1].gap == GAP_SPACE) {
		i++;
		if (!r->has_capitals || rules_is_capital(r, i))
			return true;
	}
	return false;
}

/* What comes behind a name when somebody introduces themselves. */
static bool closes_name(const struct rules *r, size_t i)
{
	return i >= r->u->n || r->u->words[i].gap != GAP_SPACE ||
	       phrases_at(LIST(NAME_CLOSERS), r->u, i) || rules_role_to(r, i, false) > i;
}

/* Without capitals a family name is one word, and two only behind two given names. */
static bool joins_name(const struct rules *r, size_t from, size_t i, bool by_capitals)
{
	size_t n = i - from;

	if (i >= r->u->n || r->u->words[i].gap != GAP_SPACE || n >= NAME_WORDS_MAX)
		return false;
	if (is_particle(r, i))
		return true;
	if (!by_capitals && phrases_at(LIST(SELVES), r->u, i))
		return false; /* "im harold im eighty" */
	if (letters_at(r->u, i) >= SPELLED_MIN || !can_be_name(r, i) ||
	    rules_role_to(r, i, false) > i || (!by_capitals && rules_place_at(r, i) && n > 1))
		return false;
	if (by_capitals)
		return rules_is_capital(r, i);
	return n < LOWER_NAME_WORDS || phrases_at(LIST(NAME_PARTICLES), r->u, i - 1) ||
	       (n == LOWER_NAME_WORDS && closes_name(r, i + 1) &&
	        (rules_is_known_name(r, i - 1) || rules_is_known_name(r, i)));
}

static size_t whole_name_to(const struct rules *r, size_t i)
{
	bool   by_capitals = r->has_capitals && rules_is_capital(r, i);
	size_t to = i + 1;

	while (joins_name(r, i, to, by_capitals))
		to++;
	return to;
}

/* "Will", "Mark", "Hope": words that are names where a name is due and another part follows. */
static bool is_wordy_name(const struct rules *r, size_t i)
{
	return rules_is_known_name(r, i) && words_is_stop(r->u->words[i].text) && i + 1 < r->u->n &&
	       r->u->words[i + 1].gap == GAP_SPACE && can_be_name(r, i + 1) &&
	       (!r->has_capitals || (rules_is_capital(r, i) && rules_is_capital(r, i + 1)));
}

/* "Blessing": behind "my name is" even what looks like a doing, if another part follows. */
static bool is_doing_name(const struct rules *r, size_t i)
{
	const struct token *w = &r->u->words[i];

	return rules_is_verbish(w->low) && !words_is_stop(w->text) && !w->is_contact &&
	       !phrases_has(LIST(NOT_NAMES), w->low) && i + 1 < r->u->n && can_be_name(r, i + 1) &&
	       r->u->words[i + 1].gap == GAP_SPACE;
}

/* A name after "my name is": any word that can be one. */
static size_t sure_name_to(const struct rules *r, size_t i)
{
	if (letters_at(r->u, i) >= SPELLED_MIN)
		return i;
	if (!can_be_name(r, i) && !is_wordy_name(r, i) && !is_doing_name(r, i) &&
	    !(r->has_capitals && rules_is_capital(r, i) && rules_is_lettered(r->u->words[i].low) &&
	      r->u->words[i].low[1] && !rules_has_contraction(r->u->words[i].low)))
		return i;
	return whole_name_to(r, i);
}

/* Without capitals and with a name nobody knows only the whole form convinces: two words and what
 * comes behind a name, or one that ends a short utterance. */
static bool has_name_form(const struct rules *r, size_t i, size_t to)
{
	static const char *const goes_on[] = {"and", "the", "for", "in", "on", "so", "but", "a", "of"};
	static const char *const tells[] = {"here",       "speaking",  "calling",
	                                    "by the way", "that's me", "thats me"};

	if (to < r->u->n && (TOKENS_ANY_AT(r->u, to, tells) || r->u->words[to].gap == GAP_COMMA))
		return to - i > 1 || !rules_is_adjectival(r->u->words[i].low);
	if (to - i >= 2)
		return to < r->u->n ? closes_name(r, to) && !TOKENS_IS_ANY(r->u, to, goes_on)
		                    : !rules_is_adjectival(r->u->words[i].low);
	return to == r->u->n && r->u->n <= SHORT_WORDS && !rules_is_adjectival(r->u->words[i].low) &&
	       !phrases_has(LIST(NOT_ORGS), r->u->words[i].low);
}

/* A name after "I'm": what else could stand there is none. */
static size_t maybe_name_to(const struct rules *r, size_t i)
{
	bool   is_known = rules_is_known_name(r, i);
	size_t to;

	if (letters_at(r->u, i) >= SPELLED_MIN || (!can_be_name(r, i) && !is_wordy_name(r, i)))
		return i;
	if (!is_known && (rules_role_to(r, i, false) > i || rules_place_at(r, i) ||
	                  (r->has_capitals && !rules_is_capital(r, i))))
		return i;
	to = whole_name_to(r, i);
	if (!is_known && (phrases_in(LIST(ORG_SIGNS), r->u, i + 1, to) ||
	                  phrases_in(LIST(LEGAL_FORMS), r->u, i + 1, to)))
		return i; /* "This is Pennine Motors" */
	return is_known || (r->has_capitals && rules_is_capital(r, i)) || has_name_form(r, i, to) ? to
	                                                                                          : i;
}

static size_t known_name_to(const struct rules *r, size_t i)
{
	if (!rules_is_known_name(r, i) || (!can_be_name(r, i) && !is_wordy_name(r, i)) ||
	    (r->has_capitals && !rules_is_capital(r, i)) || rules_courtesy_at(r, i))
		return i;
	return whole_name_to(r, i);
}

/* A question mark stands behind the word before this one. */
static bool is_asked_before(const struct rules *r, size_t to)
{
	const struct span text = r->u->text, last = r->u->words[to - 1].text;
	const char       *p = last.ptr + last.len, *end = text.ptr + text.len;

	while (p < end && strchr(" \"'", *p))
		p++;
	return p < end && *p == '?';
}

/* "Stellan Lindqvist. I'm the director": a sentence of capitals alone, and then who it is. A
 * question is none: "Sprechen Sie Deutsch?" */
static size_t written_name_to(const struct rules *r, size_t i)
{
	static const char *const selves[] = {"i", "i'm", "i've"};
	size_t                   to = maybe_name_to(r, i);

	if (!r->has_capitals || to - i < 2 || r->subjects & ASKED_ORG || rules_courtesy_at(r, i) ||
	    is_asked_before(r, to) || phrases_in(LIST(ORG_SIGNS), r->u, i, to) ||
	    phrases_in(LIST(LEGAL_FORMS), r->u, i, to))
		return i;
	for (size_t k = i; k < to; k++)
		if (!rules_is_capital(r, k) || !rules_is_latin(r, k))
			return i;
	return to == r->u->n || TOKENS_IS_ANY(r->u, to, selves) ? to : i;
}

/* "Mine is longer" */
static bool is_compared(const struct rules *r, size_t i)
{
	size_t len = strlen(r->u->words[i].low);

	return !rules_is_known_name(r, i) && len > 3 && strcmp(r->u->words[i].low + len - 2, "er") == 0;
}

size_t rules_name_slot_to(const struct rules *r, char kind, size_t i)
{
	size_t to;

	switch (kind) {
	case 'N':
		return sure_name_to(r, i);
	case 'S': /* "call me at" asks for a call */
		return r->x->entities.person_name || (!rules_is_capital(r, i) && !rules_is_known_name(r, i))
		           ? i
		           : sure_name_to(r, i);
	case 'P':
		return r->is_name_due && !is_compared(r, i) ? maybe_name_to(r, i) : i;
	case 'K':
		return r->x->entities.person_name ? maybe_name_to(r, i) : i;
	case 'C': /* misheard, it sounds alike */
		return r->x->entities.person_name && r->has_capitals &&
		               r->x->entities.person_name[0] == *r->u->words[i].text.ptr
		           ? maybe_name_to(r, i)
		           : i;
	case 'L':
		return r->x->entities.person_name ? known_name_to(r, i) : i;
	case 'W':
		to = known_name_to(r, i);
		to = to > i ? to : written_name_to(r, i);
		return to - i >= 2 && !rules_place_at(r, i) ? to : i;
	case 'H':
		return rules_told_to(r, r->x->entities.person_name, i);
	case 'A': /* one we know, or written as one */
		return rules_is_known_name(r, i) || (r->has_capitals && rules_is_capital(r, i))
		           ? maybe_name_to(r, i)
		           : i;
	case 'F':
		return known_name_to(r, i);
	default:
		return maybe_name_to(r, i);
	}
}

/* "Dana" after "Dana Reyes" adds nothing; "Dana Reyes" after "Dana" does. */
static bool adds_nothing(const struct rules *r, size_t from, size_t to)
{
	const char *known = r->x->entities.person_name;
	struct span rest = known ? span_of(known) : SPAN(""), first;

	return to - from == 1 && words_next(&rest, &first) && words_count(rest) &&
	       words_equal(first, r->u->words[from].low);
}

/* "Last name Gonzalez" goes behind the first one. False: that is not what is said. */
static bool keep_family_name(struct rules *r, size_t i, size_t from, size_t to)
{
	const char *known = r->x->entities.person_name;

	if (!phrases_in(LIST(FAMILY_NAMES), r->u, i, from) || !known || strchr(known, ' '))
		return false;
	r->x->entities.person_name = arena_printf(r->cx->arena, "%s %s", known,
	                                          rules_titled(r->cx, tokens_text(r->u, from, to)));
	return true;
}

static void take_name(struct rules *r, const struct pattern_match *m,
                      const struct pattern_slot *slot)
{
	struct pattern_match letter = {.n = 0};
	size_t               from = slot->from;

	/* "It's John with an H": of the name that was told. */
	if (r->x->entities.person_name &&
	    pattern_at(&r->grammar, LIST(SAY_LETTER), r->u, slot->to, &letter))
		return;
	/* "I'm Terry, Terry Boyle": it is begun anew. */
	if (slot->to - from > 2 && tokens_is(r->u, from + 1, r->u->words[from].low))
		from++;
	/* "We run a school. The name is ...": the school's. */
	if (tokens_is(r->u, m->from, "the") && r->is_org_due && r->x->entities.person_name)
		return;
	if (!keep_family_name(r, m->from, from, slot->to) && !adds_nothing(r, from, slot->to))
		rules_keep(r, ENTITY_person_name, from, slot->to, true);
}

/* "It's Priya here, Priya Nair from": the name comes again, with more of it. */
static void complete_name(struct rules *r)
{
	const char *known = r->x->entities.person_name;

	for (size_t i = 0; known && !strchr(known, ' ') && i + 1 < r->u->n; i++) {
		size_t to;

		if (!words_equal(r->u->words[i].text, known) || (i > 0 && tokens_is(r->u, i - 1, "not")))
			continue;
		to = whole_name_to(r, i);
		if (to - i < 2 || (!(r->has_capitals && rules_is_capital(r, i)) && !closes_name(r, to)))
			continue;
		rules_keep(r, ENTITY_person_name, i, to, true);
		return;
	}
}

/* "Ms Hargrove. Yolanda Hargrove": the name comes again, as the end of the whole one. */
static void complete_family_name(struct rules *r)
{
	const char *known = r->x->entities.person_name;

	for (size_t i = 1; known && !strchr(known, ' ') && i < r->u->n; i++)
		if (words_equal(r->u->words[i].text, known) && r->u->words[i].gap == GAP_SPACE &&
		    known_name_to(r, i - 1) == i + 1) {
			rules_keep(r, ENTITY_person_name, i - 1, i + 1, true);
			return;
		}
}

/* "Spelled R-E-Y-E-S": the letters take the place of the part of the name with the same first
 * letter; they are the name where none is known. */
static void use_spelling(struct rules *r, size_t from, size_t to)
{
	struct buf  spelled = buf_new(r->cx->arena, 64), name = buf_new(r->cx->arena, 256);
	struct span rest, word;
	bool        is_used = false;

	for (size_t i = from; i < to; i++)
		buf_char(&spelled, (char)(i == from ? toupper((unsigned char)r->u->words[i].low[0])
		                                    : r->u->words[i].low[0]));
	if (!r->x->entities.person_name) {
		r->x->entities.person_name = buf_text(&spelled);
		return;
	}
	rest = span_of(r->x->entities.person_name);
	while (words_next(&rest, &word)) {
		bool is_it = !is_used && (word.ptr[0] | ' ') == (spelled.ptr[0] | ' ') &&
		             word.len + 3 > spelled.len && spelled.len + 3 > word.len;

		is_used = is_used || is_it;
		buf_str(&name, name.len ? " " : "");
		if (is_it)
			buf_add(&name, spelled.ptr, spelled.len);
		else
			buf_add(&name, word.ptr, word.len);
	}
	if (is_used)
		r->x->entities.person_name = buf_text(&name);
}

static void find_spelled(struct rules *r)
{
	for (size_t i = 0, n; i < r->u->n; i += n ? n : 1) {
		size_t back = i > 4 ? i - 4 : 0;

		n = letters_at(r->u, i);
		if (n < SPELLED_MIN)
			continue;
		if (r->x->entities.person_name ? phrases_in(LIST(SPELLED), r->u, back, i)
		                               : phrases_in(LIST(NAME_SPELLED), r->u, back, i))
			use_spelling(r, i, i + n);
	}
}

void rules_find_person(struct rules *r)
{
	rules_match(r, LIST(SAY_PERSON), "NMFAKLSWCP", take_name);
	complete_name(r);
	complete_family_name(r);
	find_spelled(r);
}
