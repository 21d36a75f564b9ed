/* rule_role.c -- what the visitor does: a head ("director", "engineer"), what stands before it
 * ("managing"), and a field behind it ("of customer success"). Whose it is, the patterns of
 * lead.words tell. */
#include "rules.h"

#include "../text/words.h"

enum { FIELD_WORDS_MAX = 5, MODIFIERS_MAX = 4, DEPARTMENT_WORDS_MAX = 5 };

static size_t head_at(const struct utterance *u, size_t i, bool *takes_field)
{
	size_t n = phrases_at(LIST(FIELD_HEADS), u, i), top = phrases_at(LIST(TOP_HEADS), u, i);

	*takes_field = n > top;
	if (n || top)
		return n > top ? n : top;
	return phrases_at(LIST(PLAIN_HEADS), u, i);
}

static bool is_inner(const struct utterance *u, size_t i)
{
	return i < u->n && u->words[i].gap == GAP_SPACE;
}

static bool is_title_word(const struct utterance *u, size_t i)
{
	return i < u->n && phrases_has(LIST(TITLE_WORDS), u->words[i].low);
}

/* What a title is for may be any words, up to one that leads on. */
static bool is_field_word(const struct utterance *u, size_t i)
{
	return is_inner(u, i) && !u->words[i].is_contact && !phrases_at(LIST(FIELD_ENDS), u, i) &&
	       (!words_is_stop(u->words[i].text) || tokens_is(u, i, "people"));
}

/* "of engineering and product": one past it; i when none stands there. */
static size_t field_to(const struct utterance *u, size_t i)
{
	size_t to = i;

	if (!is_inner(u, i) || !(tokens_is(u, i, "of") || tokens_is(u, i, "for")))
		return i;
	to = i + 1 + tokens_is(u, i + 1, "the");
	if (!is_field_word(u, to))
		return i;
	while (to - i <= FIELD_WORDS_MAX) {
		bool is_joint = is_inner(u, to) && tokens_is(u, to, "and");

		if (is_field_word(u, to))
			to++;
		else if (is_joint && is_field_word(u, to + 1) &&
		         !(is_title_word(u, to + 1) && phrases_at(LIST(PLAIN_HEADS), u, to + 2)))
			to += 2;
		else
			break;
	}
	return to;
}

/* "VP Marketing": a field without "of" has to be a known one. */
static size_t bare_field_to(const struct utterance *u, size_t i)
{
	size_t to = i;

	while (to - i < 2 && is_inner(u, to) && is_title_word(u, to))
		to++;
	return to;
}

/* "Chief operating officer": whatever stands between; i: it is none. */
static size_t officer_to(const struct utterance *u, size_t i)
{
	for (size_t to = i; to < i + 3 && i > 0 && tokens_is(u, i - 1, "chief") && is_inner(u, to);
	     to++)
		if (tokens_is(u, to, "officer"))
			return to + 1;
	return i;
}

/* One head with what belongs to it. */
static size_t one_head_to(const struct utterance *u, size_t i, bool is_any)
{
	size_t at = i, n;
	bool   takes_field;

	while (at - i < MODIFIERS_MAX && !head_at(u, at, &takes_field) &&
	       (is_title_word(u, at) || (is_any && at < u->n && !words_is_stop(u->words[at].text)))) {
		if (!is_inner(u, at + 1))
			return i;
		at++;
	}
	n = head_at(u, at, &takes_field);
	if (n == 0)
		return i;
	at += n;
	if (officer_to(u, at) > at)
		return officer_to(u, at);
	if (takes_field && field_to(u, at) > at)
		return field_to(u, at);
	if (takes_field) {
		at = bare_field_to(u, at);
		return at + (is_inner(u, at) && tokens_is(u, at, "officer"));
	}
	return at;
}

/* "Assistant manager": a head may stand before another. */
static size_t one_role_to(const struct utterance *u, size_t i, bool is_any)
{
	size_t to = one_head_to(u, i, is_any), more = is_inner(u, to) ? one_head_to(u, to, false) : to;

	return to > i && more > to && phrases_at(LIST(PLAIN_HEADS), u, more - 1) ? more : to;
}

size_t rules_role_to(const struct rules *r, size_t i, bool is_any)
{
	const struct utterance *u = r->u;
	size_t                  to = i < u->n ? one_role_to(u, i, is_any) : i, next;

	if (to == i)
		return i;
	if (is_inner(u, to) && tokens_is(u, to, "and")) {
		next = one_role_to(u, to + 1, false);
		return next > to + 1 ? next : to;
	}
	return is_inner(u, to) && phrases_has(LIST(TOPS), u->words[to].low) ? to + 1 : to;
}

/* "The speech lab", "our programme committee": whatever it is about. */
static size_t unit_to(const struct utterance *u, size_t i, size_t from)
{
	size_t to = from;

	while (to > i && is_inner(u, to) && to - from < 3 && !words_is_stop(u->words[to].text))
		if (phrases_at(LIST(WORK_UNITS), u, to++) && to > from + 1)
			return to;
	return i;
}

/* "I look after it at Ridgeway", "IT". */
static bool is_it_department(const struct utterance *u, size_t i)
{
	static const char *const where[] = {"at", "for", "department", "team"};

	return tokens_is(u, i, "it") &&
	       (u->words[i].text.ptr[1] == 'T' || TOKENS_IS_ANY(u, i + 1, where));
}

size_t rules_department_to(const struct utterance *u, size_t i)
{
	static const char *const before[] = {"the", "our", "all", "of", "their"};
	size_t                   to = i, from, n;

	while (to - i < 3 && TOKENS_IS_ANY(u, to, before))
		to++;
	from = to;
	if (unit_to(u, i, from) > i)
		return unit_to(u, i, from);
	while (to - from < DEPARTMENT_WORDS_MAX && to < u->n &&
	       (to == from || u->words[to].gap == GAP_SPACE)) {
		n = phrases_at(LIST(DEPARTMENTS), u, to);
		n = n ? n : is_it_department(u, to);
		n = n ? n : to > from ? phrases_at(LIST(DEPARTMENT_NOUNS), u, to) : 0;
		if (n == 0 && to > from && tokens_is(u, to, "and") &&
		    phrases_at(LIST(DEPARTMENTS), u, to + 1))
			n = 1;
		if (n == 0)
			break;
		to += n;
	}
	return to > from ? to : i;
}

/* "I run operations" is told as it was said. */
static void take_role(struct rules *r, const struct pattern_match *m,
                      const struct pattern_slot *slot)
{
	size_t from = m->slots[0].kind == 'V' ? m->slots[0].from : slot->from;

	rules_keep(r, ENTITY_role, from, slot->to, false);
}

/* "I run a haulage firm", "I teach": behind "I", without what leads on. */
static void find_doing(struct rules *r)
{
	struct pattern_match m = {.n = 0};

	for (size_t i = 0; i < r->u->n && !r->x->entities.role; i++) {
		if (!pattern_at(&r->grammar, LIST(SAY_DOING), r->u, i, &m))
			continue;
		if (m.is_refusal) {
			i = m.to - 1;
			continue;
		}
		while (m.to > i + 2 && (phrases_has(LIST(NAME_CLOSERS), r->u->words[m.to - 1].low) ||
		                        phrases_has(LIST(DANGLERS), r->u->words[m.to - 1].low)))
			m.to--;
		for (i++; phrases_has(LIST(ROLE_FILLERS), r->u->words[i].low);)
			i++;
		rules_keep(r, ENTITY_role, i, m.to, false);
	}
}

void rules_find_role(struct rules *r)
{
	rules_match(r, LIST(SAY_ROLE), "RTEDG", take_role);
	find_doing(r);
}
