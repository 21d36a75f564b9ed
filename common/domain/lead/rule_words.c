/* rule_words.c -- what the rules share: keeping what was found, and what words look like. */
#include "rules.h"

#include "../text/quantity.h"
#include "../text/words.h"

#include <ctype.h>

enum { LATIN_END = 0xcd /* the first byte of U+0340, behind the letters of Latin */ };

static bool is_upper_in(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (isupper((unsigned char)text.ptr[i]))
			return true;
	return false;
}

/* Words without capitals get them, others stay as they were written. */
const char *rules_titled(struct ctx *cx, struct span text)
{
	char *copy = arena_strndup(cx->arena, text.ptr, text.len);

	if (is_upper_in(text))
		return copy;
	for (char *p = copy; *p; p++)
		if (p == copy || p[-1] == ' ' || p[-1] == '-')
			*p = (char)toupper((unsigned char)*p);
	return copy;
}

void rules_keep(struct rules *r, enum entity entity, size_t from, size_t to, bool as_title)
{
	struct span text = tokens_text(r->u, from, to);

	if (as_title)
		text = span_of(rules_titled(r->cx, words_without_possessive(text)));
	r->x->entities.text[entity] = extract_clean(r->cx, text, entity == ENTITY_use_case ? 500 : 200);
}

void rules_match(struct rules *r, const struct phrases *patterns, const char *kinds,
                 void (*take)(struct rules *r, const struct pattern_match *m,
                              const struct pattern_slot *slot))
{
	for (size_t i = 0; i < r->u->n;) {
		struct pattern_match m = {.n = 0};

		if (!pattern_at(&r->grammar, patterns, r->u, i, &m)) {
			i++;
			continue;
		}
		for (size_t k = 0; k < m.n && !m.is_refusal; k++)
			if (strchr(kinds, m.slots[k].kind))
				take(r, &m, &m.slots[k]);
		i = m.to > i ? m.to : i + 1;
	}
}

size_t rules_told_to(const struct rules *r, const char *known, size_t i)
{
	struct span rest = span_of(known ? known : ""), word;
	size_t      to = i;

	for (; words_next(&rest, &word); to++)
		if (to >= r->u->n || !words_equal(word, r->u->words[to].low))
			return i;
	return to;
}

bool rules_is_capital(const struct rules *r, size_t i)
{
	return i < r->u->n &&
	       ((unsigned char)r->u->words[i].text.ptr[0] >= 0xc3 || is_upper_in(r->u->words[i].text));
}

bool rules_is_latin(const struct rules *r, size_t i)
{
	return i < r->u->n && (unsigned char)r->u->words[i].text.ptr[0] < LATIN_END;
}

bool rules_is_lettered(const char *low)
{
	size_t n = 0;

	for (; *low; low++, n++)
		if (!isalpha((unsigned char)*low) && *low != '\'' && (unsigned char)*low < 0x80)
			return false;
	return n > 0;
}

static bool ends_in(const char *low, const char *const *ends, size_t n)
{
	size_t len = strlen(low);

	for (size_t i = 0; i < n; i++) {
		size_t end = strlen(ends[i]);

		if (len > end + 1 && strcmp(low + len - end, ends[i]) == 0)
			return true;
	}
	return false;
}

bool rules_is_doing(const char *low)
{
	static const char *const ends[] = {"ing"};

	return strlen(low) > 4 && ends_in(low, ends, COUNT(ends));
}

bool rules_is_verbish(const char *low)
{
	static const char *const ends[] = {"ing", "ly"};

	return strlen(low) > 4 && ends_in(low, ends, COUNT(ends));
}

/* What one is rather than what one is called. */
bool rules_is_adjectival(const char *low)
{
	static const char *const ends[] = {"ed",  "ful", "able", "ible", "ous", "less", "ive",
	                                   "tic", "ish", "ent",  "ist",  "ant", "ical", "ian"};

	return rules_is_verbish(low) || ends_in(low, ends, COUNT(ends));
}

bool rules_has_contraction(const char *low)
{
	static const char *const ends[] = {"'m", "'re", "'ll", "'ve", "'d", "'t"};

	return ends_in(low, ends, COUNT(ends)) || str_equal(low, "i'm") || str_equal(low, "i'd");
}

bool rules_is_known_name(const struct rules *r, size_t i)
{
	return i < r->u->n && phrases_has(LIST(GIVEN_NAMES), r->u->words[i].low);
}

size_t rules_courtesy_at(const struct rules *r, size_t i)
{
	size_t n = phrases_at(LIST(COURTESIES_ABROAD), r->u, i);

	return n == 1 && r->u->n > 1 && rules_is_known_name(r, i) ? 0 : n;
}

size_t rules_place_at(const struct rules *r, size_t i)
{
	return phrases_at(LIST(PLACES), r->u, i);
}

bool rules_counts_at(const struct utterance *u, size_t i)
{
	size_t n = i < u->n ? quantity_words(u, i) : 0, at = i + n, len;

	if (!n || at >= u->n || u->words[at].gap != GAP_SPACE)
		return false;
	len = strlen(u->words[at].low);
	return tokens_is(u, at, "of") || phrases_has(LIST(COUNTED_THINGS), u->words[at].low) ||
	       (len > 3 && u->words[at].low[len - 1] == 's' && !phrases_at(LIST(ORG_SIGNS), u, at));
}

/* ---- the slots of lead.words ---- */

size_t rules_slot_to(const void *rules, char kind, size_t i)
{
	const struct rules *r = rules;

	if (i >= r->u->n || r->u->words[i].is_contact)
		return i;
	switch (kind) {
	case 'R':
		return rules_role_to(r, i, false);
	case 'T':
		return rules_role_to(r, i, true);
	case 'E':
		return r->x->entities.role ? rules_role_to(r, i, false) : i;
	case 'V':
		return i + phrases_at(LIST(RUNS), r->u, i);
	case 'D':
		return rules_department_to(r->u, i);
	case 'G':
		return i + phrases_at(LIST(COFOUNDERS), r->u, i);
	default:
		return strchr("OBIJXYZQU", kind) ? rules_org_slot_to(r, kind, i)
		                                 : rules_name_slot_to(r, kind, i);
	}
}
